"""The notifier's memory of one incident: its brief, and where each party's path run on each track stands.

Values that the store keeps as JSON. ``escalation.py`` moves them, ``paging.py`` makes pages of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tandem.model.ownership import Party, Track
from tandem_notifier.brief import Brief


class LegState(StrEnum):
    """Where one party's path run stands."""

    PAGING = "paging"
    ACKNOWLEDGED = "acknowledged"
    STOPPED = "stopped"
    EXHAUSTED = "exhausted"


@dataclass(slots=True, kw_only=True)
class Pending:
    """A further channel of a person whose personal rule says to wait."""

    at: datetime
    person: str
    key: str
    path: str
    pass_: int
    step: int


@dataclass(slots=True, kw_only=True)
class Sent:
    """A page of a leg: enough to know it when its outcome or its answer comes."""

    page_id: UUID
    person: str
    channel: str
    path: str
    pass_: int
    step: int


@dataclass(slots=True, kw_only=True)
class Leg:
    """One party's run through its path on one track in one cycle.

    ``pass_`` counts up over restarts, so that a page of a later run never has the id of an earlier one.
    """

    party: Party
    track: Track = Track.OPS
    path: str
    state: LegState
    called: bool = False
    """Started by another party's step (``path:ID``), not because the incident needs this party's answer."""
    pass_: int = 0
    first_pass: int = 0
    step: int = 0
    """The rung that is paged next: the path's steps, then its fallback."""
    next_at: datetime | None = None
    """When that is; of an acknowledged leg, when the acknowledgement runs out."""
    reached: bool = False
    """Somebody was paged in the pass at hand."""
    ended: bool = False
    """The fallback was paged too; what comes at ``next_at`` is the end of the path."""
    repaged: bool = False
    """The run goes on although the party has acknowledged: its acknowledgement ran out."""
    standing: int = 0
    """Pages of the pass at hand that have not failed."""
    pending: list[Pending] = field(default_factory=list)
    live: list[Sent] = field(default_factory=list)
    """Pages of the last rung that have not failed."""
    pages: list[Sent] = field(default_factory=list)
    """The latest pages, newest last, bounded."""


@dataclass(slots=True, kw_only=True)
class Later:
    """Something that is told when the party opens."""

    at: datetime
    party: Party
    why: str
    track: Track | None = None
    """None: the incident's."""


@dataclass(slots=True, kw_only=True)
class Case:
    """Everything the notifier remembers of one incident."""

    brief: Brief
    legs: dict[str, Leg] = field(default_factory=dict)
    """By ``leg_key``."""
    told: list[str] = field(default_factory=list)
    """What was told already, as ``why:cycle:party``, of the second track with ``:track`` after it."""
    later: list[Later] = field(default_factory=list)
    night: bool = False
    """The MSP has taken it over by the hours; the internal party hears of it at its opening (R-A5)."""

    def leg(self, party: Party, track: Track) -> Leg | None:
        """The run of a party's path on a track."""
        return self.legs.get(leg_key(party, track))

    def begin(self, leg: Leg) -> Leg:
        """Remember a run that begins."""
        self.legs[leg_key(leg.party, leg.track)] = leg
        return leg


def leg_key(party: Party, track: Track) -> str:
    """How a case names a leg: parties and tracks never share one."""
    return f"{party.value}-{track.value}"


def with_tracks(case: Case) -> Case:
    """A case whose legs know their track; stored ones of before were named by their party alone."""
    old = {Party(key): leg for key, leg in case.legs.items() if key in set(Party)}
    if old:
        case.legs = {
            leg_key(party, case.brief.track): replace(leg, track=case.brief.track) for party, leg in old.items()
        }
    return case
