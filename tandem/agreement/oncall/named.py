"""Whom a party has where no path and no schedule says it: its named people, then whoever is accountable."""

from __future__ import annotations

from datetime import timedelta

from tandem.agreement.schema.people import PartySpec, PathSpec, Step
from tandem.model.ownership import Party, Track

DEFAULT_STEP = timedelta(minutes=10)


def senior_of(spec: PartySpec | None, track: Track) -> str | None:
    """The named senior of a track (R-A2): never the other track's."""
    if spec is None:
        return None
    return spec.senior_soc if track is Track.SOC else spec.senior_ops


def named_path(spec: PartySpec | None, party: Party, track: Track) -> PathSpec:
    """The path of a party that has none: the first of its named people, then whoever is accountable."""
    contact = spec.security_contact if spec and track is Track.SOC and party is Party.INTERNAL else None
    first = [f"person:{name}" for name in (contact, senior_of(spec, track)) if name]
    steps = [Step(page=(first[0],))] if first else []
    steps.append(Step(after=DEFAULT_STEP if first else timedelta(), page=(f"accountable:{party.value}",)))
    return PathSpec(id=f"{party.value}-{track.value}", party=party, track=track, steps=tuple(steps))
