"""Whose page leg a person's answer stops, where an incident has both faces (R-A3). Pure.

An answer belongs to the track of the page it came from; what comes without a page (console, API) to the track whose
work the person does. Only somebody of both tracks, or of neither, answers for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from tandem.agreement.compiled import Agreement
from tandem.agreement.oncall.absence import absences
from tandem.agreement.oncall.named import senior_of
from tandem.agreement.oncall.timeline import on_call
from tandem.agreement.schema.people import PathSpec
from tandem.model.events import Command
from tandem.model.incident import Acknowledgement, Incident, IncidentState
from tandem.model.ownership import Party, Track

_PERSON = "person:"


def legs(incident: Incident, command: Command, agreement: Agreement) -> frozenset[Track]:
    """The tracks of ``incident`` that ``command`` answers for; never empty."""
    face = incident.second_face
    if face is None:
        return frozenset({incident.track})
    both = frozenset({incident.track, face.track})
    if command.detail.track in both:
        return frozenset({command.detail.track})
    party, person = command.by.party, command.by.person
    if party is None or person is None:
        return both
    on_duty = _on_duty(agreement, party, person, command.at)
    mine = on_duty if len(on_duty) == 1 else _named(agreement, party, person)
    return frozenset(mine) if len(mine) == 1 else both


def first(incident: Incident, tracks: frozenset[Track], party: Party) -> dict[Track, Acknowledgement]:
    """What ``party`` has acknowledged of these legs already."""
    found = {track: _acknowledged(incident, track).get(party) for track in tracks}
    return {track: known for track, known in found.items() if known is not None}


def given(incident: Incident, tracks: frozenset[Track], party: Party, answer: Acknowledgement) -> dict[str, Any]:
    """The fields of an incident of which ``party`` has acknowledged these legs."""
    changes: dict[str, Any] = {}
    if incident.track in tracks:
        changes["acknowledged"] = {**incident.acknowledged, party: answer}
    face = incident.second_face
    if face is not None and face.track in tracks:
        changes["second_face"] = replace(face, acknowledged={**face.acknowledged, party: answer})
    return changes


def said(incident: Incident, tracks: frozenset[Track]) -> dict[str, Any]:
    """What the fact says of an answer that is for one of two legs only."""
    if incident.second_face is None or len(tracks) > 1:
        return {}
    (track,) = tracks
    return {"track": track, "assists": True if track is not incident.leads else None}


def state_after(incident: Incident, tracks: frozenset[Track], party: Party, state: IncidentState) -> IncidentState:
    """``state`` once the responsible party has answered on the leg that leads; else as it is."""
    counts = party is incident.responsible_party and incident.leads in tracks
    return state if counts else incident.state


def _acknowledged(incident: Incident, track: Track) -> dict[Party, Acknowledgement]:
    face = incident.second_face
    return dict(face.acknowledged if face is not None and track is face.track else incident.acknowledged)


def _on_duty(agreement: Agreement, party: Party, person: str, at: datetime) -> set[Track]:
    """The tracks on whose schedules the person is on call at ``at``."""
    away = absences(agreement.people, agreement.tenant.zone)
    ours = (spec for spec in agreement.schedules.values() if spec.party is party and spec.track is not None)
    return {spec.track for spec in ours if spec.track is not None and person in on_call(spec, at, away)}


def _named(agreement: Agreement, party: Party, person: str) -> set[Track]:
    """The tracks on whose paths, rotations or posts the person stands at all."""
    spec = agreement.parties.get(party)
    found = {path.track for path in agreement.paths.values() if path.party is party and person in _of(path)}
    for schedule in agreement.schedules.values():
        members = {name for layer in schedule.layers for name in layer.people}
        if schedule.party is party and schedule.track is not None and person in members:
            found.add(schedule.track)
    found |= {track for track in Track if senior_of(spec, track) == person}
    if spec is not None and spec.security_contact == person:
        found.add(Track.SOC)
    return found


def _of(path: PathSpec) -> Iterator[str]:
    """People whom a path names itself."""
    yield from path.fallback
    for step in path.steps:
        yield from (target.removeprefix(_PERSON) for target in step.page if target.startswith(_PERSON))
