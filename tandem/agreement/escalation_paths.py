"""Escalation paths that a document has: those it writes, and the default ladder where a schedule has none. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tandem.agreement.defaults import ladder_path
from tandem.agreement.schema.documents import SharedParts
from tandem.agreement.schema.people import PathSpec, ScheduleSpec
from tandem.model.ownership import Party, Track


def all_paths(document: SharedParts) -> dict[str, PathSpec]:
    """The document's paths by id, and the default ladder for a party and track that have a schedule but no path."""
    paths = {path.id: path for path in document.paths}
    for party in Party:
        for track in Track:
            schedule = _schedule_of(document.schedules, party, track)
            if schedule is not None and not any((p.party, p.track) == (party, track) for p in document.paths):
                made = ladder_path(schedule, party, track)
                paths.setdefault(made.id, made)
    return paths


def _schedule_of(schedules: Iterable[ScheduleSpec], party: Party, track: Track) -> ScheduleSpec | None:
    own = [schedule for schedule in schedules if (schedule.party, schedule.track) == (party, track)]
    return own[0] if len(own) == 1 else None
