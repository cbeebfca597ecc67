"""The second face of an incident: what the other track has of it, with people and answers of its own (R-A3).

An alert of the other track, or an incident that is merged in, opens it or makes it more urgent. Whom the first track
pages stays; the incident has one responsible party, one priority and one set of clocks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import FactDetail, FactKind
from tandem.model.incident import Face, Incident, IncidentState
from tandem.model.priority import Priority, most_urgent
from tandem_router import scope
from tandem_router.audience import redecide_face, row_of
from tandem_router.incident.change import Change, happen
from tandem_router.routing import Routing
from tandem_router.scope import AFTER_HOURS, OVERFLOW
from tandem_router.tracks import Audience

_CLAUSES = 40


def by_alert(incident: Incident, alert: Alert, routing: Routing) -> Face | None:
    """The second face after an alert; None when it is of the incident's own track or changes nothing."""
    face = incident.second_face
    if routing.track is incident.track or not (routing.must_acknowledge or routing.informed):
        return None
    new = _opened(routing, alert.received_at)
    if face is None:
        return new
    more_urgent = routing.priority.rank < face.priority.rank or (routing.p1_workflow and not face.p1_workflow)
    return _together(face, new) if more_urgent else None


def taken_in(parent: Incident, child: Incident, at: datetime) -> Face | None:
    """The parent's second face after a merge: what the child has of the other track joins it; None: nothing."""
    other = child.second_face if child.track is parent.track else _of_main(child, at)
    if other is None or not (other.must_acknowledge or other.informed):
        return parent.second_face
    if parent.second_face is None:
        # On the face that leads somebody has to answer for the whole: the child's answer was for the child.
        known = other.acknowledged if parent.main_priority.pages else {}
        return replace(other, opened_at=at, acknowledged=known)
    return _together(parent.second_face, other)


def shown(incident: Incident, face: Face | None) -> dict[str, Any]:
    """The fields of an incident that has ``face`` from now on; its grounds tell of it."""
    if face is None or face == incident.second_face:
        return {}
    return {"second_face": face, "because": (*incident.because[:_CLAUSES], words(face))}


def words(face: Face) -> str:
    """One clause: how urgent this face is and who hears of it."""
    if face.must_acknowledge:
        heard = f"pages {' and '.join(face.must_acknowledge)}"
    else:
        heard = f"tells {' and '.join(face.informed)}"
    return f"{face.priority.value} on the {face.track.value} track too: {heard} there"


def lift(change: Change, at: datetime, *, alert: Alert | None = None) -> Change:
    """A second face that is more urgent makes the whole incident so; whom the first track pages stays."""
    incident, face = change.incident, change.incident.second_face
    if face is None or face.priority.rank >= incident.priority.rank:
        return change
    detail = FactDetail(
        from_priority=incident.priority, to_priority=face.priority, reason=words(face), auto=True, track=face.track
    )
    own: dict[str, Any] = {"priority": face.priority, "own_priority": incident.main_priority}
    return led(change.then(happen(incident, FactKind.REPRIORITISED, at, alert=alert, detail=detail, **own)), at)


def led(change: Change, at: datetime) -> Change:
    """Where only the second face pages and the incident is open, its party is responsible: it is the one asked.

    The clocks of what pages oblige the responsible party, which must not be one that waits in a queue.
    """
    incident, face = change.incident, change.incident.second_face
    if face is None or incident.leads is not face.track or incident.state is not IncidentState.OPEN:
        return change
    if face.party is incident.responsible_party:
        return change
    detail = FactDetail(
        reason=f"only the {face.track.value} track is paged",
        from_party=incident.responsible_party,
        to_party=face.party,
        auto=True,
        track=face.track,
    )
    flags = tuple(flag for flag in incident.flags if flag not in {AFTER_HOURS, OVERFLOW})
    # What it said of the first face in the queue is no answer of the responsible party.
    known = {party: ack for party, ack in incident.acknowledged.items() if party is not face.party}
    moved: dict[str, Any] = {"responsible_party": face.party, "flags": flags, "acknowledged": known}
    return change.then(happen(incident, FactKind.REOWNED, at, detail=detail, **moved))


def urgency(incident: Incident, level: Priority) -> dict[str, Any]:
    """The priorities of an incident whose own track is as urgent as ``level`` from now on."""
    face = incident.second_face
    whole = most_urgent(level, face.priority) if face is not None else level
    return {"priority": whole, "own_priority": level if level is not whole else None, **_anew(incident, level)}


def _anew(incident: Incident, level: Priority) -> dict[str, Any]:
    """A track that begins to page an open incident asks anew: what it heard while the other one led was no answer."""
    begins = level.pages and incident.leads is not incident.track and incident.state is IncidentState.OPEN
    return {"acknowledged": {}} if begins else {}


def at_priority(incident: Incident, level: Priority, agreement: Agreement, now: datetime) -> dict[str, Any]:
    """The priorities of an incident to which a person gives ``level``: it is the whole incident's, so of both faces."""
    face = incident.second_face
    if face is None:
        return {"priority": level}
    anew = level.pages and not face.priority.pages
    face = replace(face, priority=level, acknowledged={} if anew else face.acknowledged)
    both = _heard(face, redecide_face(face, agreement, level, now))
    return {"priority": level, "own_priority": None, "second_face": both, **_anew(incident, level)}


def at_hours(face: Face | None, agreement: Agreement, now: datetime) -> Face | None:
    """The second face with the people of the hours of ``now``; one that somebody has taken stays (R-A5)."""
    if face is None or face.acknowledged or not face.priority.pages:
        return face
    row = row_of(face, agreement)
    party = scope.responsible(row, face.priority, scope.duty_of(row, agreement, now)).party
    face = replace(face, party=party)
    return _heard(face, redecide_face(face, agreement, face.priority, now))


def next_cycle(face: Face | None) -> Face | None:
    """Of an incident that opens again: nobody has answered yet."""
    return replace(face, acknowledged={}) if face is not None else None


def _opened(routing: Routing, at: datetime) -> Face:
    return Face(
        track=routing.track,
        priority=routing.priority,
        party=routing.responsible_party,
        owner=routing.owner,
        lead=routing.lead,
        function=routing.function,
        row=routing.row,
        mode=routing.mode,
        p1_workflow=routing.p1_workflow,
        must_acknowledge=routing.must_acknowledge,
        informed=routing.informed,
        paths=routing.paths,
        opened_at=at,
        raci=routing.raci,
        runbook=routing.runbook,
        because=routing.because,
    )


def _of_main(child: Incident, at: datetime) -> Face:
    """What an incident is on its own track, as the second face of the one that takes it in."""
    return Face(
        track=child.track,
        priority=child.main_priority,
        party=child.responsible_party,
        owner=child.owner,
        lead=child.lead,
        function=child.function,
        row=child.row,
        mode=child.mode,
        p1_workflow=child.p1_workflow,
        must_acknowledge=child.must_acknowledge,
        informed=child.informed,
        paths=child.paths,
        acknowledged=child.acknowledged,
        opened_at=at,
        raci=child.raci,
        runbook=child.runbook,
        because=child.because,
    )


def _together(face: Face, new: Face) -> Face:
    """Both as one: as urgent as the more urgent, with everybody who is paged for either; answers stand."""
    first = new if new.priority.rank < face.priority.rank else face
    paged = tuple(dict.fromkeys((*first.must_acknowledge, *face.must_acknowledge, *new.must_acknowledge)))
    informed = dict.fromkeys((*face.informed, *new.informed))
    return replace(
        first,
        party=face.party if face.acknowledged else first.party,
        mode=face.mode,
        p1_workflow=face.p1_workflow or new.p1_workflow,
        must_acknowledge=paged,
        informed=tuple(party for party in informed if party not in paged),
        paths={**new.paths, **face.paths, **first.paths},
        # Who took note of what waited in a queue has not answered what pages now.
        acknowledged=face.acknowledged if face.priority.pages or not first.priority.pages else {},
        opened_at=face.opened_at,
    )


def _heard(face: Face, audience: Audience) -> Face:
    return replace(
        face,
        must_acknowledge=audience.paged,
        informed=audience.informed,
        paths={**face.paths, **audience.paths},
    )
