"""The day roll: at every change of the internal party's hours each running incident is looked at again (R-A5, R64).

Unacknowledged and pageable: the party of the new hours has it at once. Taken: the holder keeps it (``holding``). At the
agreement's end nobody is paged any more (D18). Pure; when it is asked for is ``service``'s.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.agreement.duty import has_ended, next_boundary
from tandem.db.timers import DueTimer, set_timer
from tandem.db.write import Writes
from tandem.model.events import FactDetail, FactKind
from tandem.model.incident import Face, Incident, IncidentState
from tandem.model.ownership import Mode, Party
from tandem_router import scope, tracks
from tandem_router.audience import row_of
from tandem_router.holding import in_their_hours, suggest
from tandem_router.incident import faces
from tandem_router.incident.change import Change, happen
from tandem_router.incident.urgency import by_hours
from tandem_router.mode import ended_words
from tandem_router.scope import AFTER_HOURS, Responsible, Scope
from tandem_router.tracks import Audience, Case

ROLL = "roll"
"""Kind of the router's timer of a tenant; its key is the tenant, with ``/ID`` after the last incident looked at."""
HOURS = "hours"


def roll(incident: Incident, agreement: Agreement, active: Agreement, now: datetime) -> Change:
    """The incident after the hours changed.

    Args:
        incident: any; one that is resolved, or waits in a queue, stays as it is.
        agreement: the version it was opened with; its hours count.
        active: the version in force, which may have ended.
        now: aware UTC; a roll that comes late looks at the hours of now.
    """
    if incident.state is IncidentState.RESOLVED:
        return Change(incident)
    change = _ended(incident, active, now)
    if scope.is_managed(agreement):
        return change
    change = _second_face(change, agreement, now)
    incident = change.incident
    if not incident.main_priority.pages:
        return change
    matrix = row_of(incident, agreement)
    on_duty = scope.duty_of(matrix, agreement, now)
    party = scope.responsible(matrix, incident.main_priority, on_duty)
    moves = _moves(incident, matrix, party)
    if incident.acknowledged:
        wait = agreement.timing.handoff_answer
        held = suggest(change.incident, party, now, wait) if moves else in_their_hours(change.incident)
        return Change(held.incident, (*change.events, *held.events))
    heard = _audience(incident, agreement, matrix, party if moves else None, internal_on_duty=on_duty.on_duty)
    if moves:
        because = (*incident.because[:40], party.because, *heard.because)
        moved = by_hours(change.incident, party.party, now, because=because, **_heard(change.incident, heard))
        return change.then(moved)
    if set(heard.paged) == set(incident.must_acknowledge) and set(heard.informed) == set(incident.informed):
        return change
    noted = FactDetail(reason=HOURS, auto=True)
    return change.then(happen(change.incident, FactKind.NOTED, now, detail=noted, **_heard(change.incident, heard)))


def go_on(
    writes: Writes, schema: str, timer: DueTimer, agreement: Agreement | None, last: UUID | None, now: datetime
) -> datetime | None:
    """Arm the next roll of a tenant: at the next boundary of the hours, and at once for the rest of many incidents.

    Args:
        writes: where the timers go.
        schema: whose timers.
        timer: the one that fired.
        agreement: the version in force; None: there is none, and no boundary.
        last: the last incident looked at, when there are more.
        now: aware UTC.

    Returns:
        When the earliest of them is due.
    """
    next_at = next_boundary(agreement, now) if agreement is not None and timer.key == timer.tenant else None
    due = [(key, at) for key, at in ((timer.tenant, next_at), (f"{timer.tenant}/{last}", now if last else None)) if at]
    for key, at in due:
        set_timer(writes, schema, tenant=timer.tenant, key=key, kind=ROLL, due_at=at)
    return min((at for _, at in due), default=None)


def _moves(incident: Incident, matrix: Scope, party: Responsible) -> bool:
    """Whether the hours give it to another party: what a person or a full queue gave to somebody stays there."""
    if party.party is incident.responsible_party:
        return False
    closing = party.took_over and incident.responsible_party is matrix.daytime_party
    opening = incident.responsible_party is Party.MSP and AFTER_HOURS in incident.flags
    return closing or opening


def _second_face(change: Change, agreement: Agreement, now: datetime) -> Change:
    """The other track's people of the new hours (R-A3)."""
    incident, face = change.incident, change.incident.second_face
    new = faces.at_hours(face, agreement, now)
    if face is None or new is None or _same(face, new):
        return change
    detail = FactDetail(reason=HOURS, auto=True, track=face.track)
    return faces.led(change.then(happen(incident, FactKind.NOTED, now, detail=detail, second_face=new)), now)


def _same(face: Face, other: Face) -> bool:
    """Whether the same parties hear of it."""
    paged = set(face.must_acknowledge) == set(other.must_acknowledge)
    return paged and set(face.informed) == set(other.informed) and face.party is other.party


def _audience(
    incident: Incident, agreement: Agreement, matrix: Scope, party: Responsible | None, *, internal_on_duty: bool
) -> Audience:
    responsible = party.party if party is not None else incident.responsible_party
    case = Case(
        scope=matrix,
        track=incident.track,
        priority=incident.main_priority,
        responsible=responsible,
        took_over=responsible is not matrix.daytime_party,
        internal_on_duty=internal_on_duty,
        p1_workflow=incident.p1_workflow,
    )
    return tracks.audience(case, agreement)


def _heard(incident: Incident, heard: Audience) -> dict[str, Any]:
    return {
        "must_acknowledge": heard.paged,
        "informed": heard.informed,
        "paths": {**incident.paths, **heard.paths},
    }


def _ended(incident: Incident, active: Agreement, now: datetime) -> Change:
    face = incident.second_face
    quiet = incident.mode is Mode.OBSERVE and (face is None or face.mode is Mode.OBSERVE)
    if quiet or not has_ended(active, now):
        return Change(incident)
    detail = FactDetail(reason=ended_words(active), auto=True)
    face = replace(face, mode=Mode.OBSERVE) if face is not None else None
    event = happen(incident, FactKind.NOTED, now, detail=detail, mode=Mode.OBSERVE, second_face=face)
    return Change(event.incident, (event,))
