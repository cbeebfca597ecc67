"""A running incident becomes more urgent, and changes hands by hours while nobody has taken it.

What makes it more urgent is ``priority``'s and ``reach``'s; a person's priority is ``commands``'.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import FactDetail, FactKind, IncidentEvent
from tandem.model.incident import Incident
from tandem.model.ownership import Party
from tandem.model.priority import Priority, most_urgent
from tandem_router.audience import redecide_audience, row_of
from tandem_router.incident import faces
from tandem_router.incident.change import Change, happen, without
from tandem_router.routing import Routing
from tandem_router.scope import AFTER_HOURS, duty_of, responsible


def raised_by(
    change: Change, alert: Alert, routing: Routing, agreement: Agreement, now: datetime, *, title: str | None = None
) -> Change:
    """Re-prioritise when this alert makes the running incident more urgent; it never makes it less (R-C13).

    An alert of another row says how urgent it is, not who acts: that is the word of the row that decided the incident.
    One of the other track says so of the second face only.
    """
    incident, at = change.incident, alert.received_at
    if routing.track is not incident.track:
        return faces.lift(change, at, alert=alert)
    workflow = routing.p1_workflow and not incident.p1_workflow
    if routing.priority.rank >= incident.main_priority.rank and not workflow:
        return change
    detail = FactDetail(
        from_priority=incident.priority,
        to_priority=routing.priority,
        reason="; ".join(routing.because[2:])[:1000],
        affected_users=routing.affected_users or None,
    )
    if (routing.row, routing.owner) == (incident.row, incident.owner):
        return reprioritise(change, routing, at, alert=alert, detail=detail, title=title)
    p1 = routing.p1_workflow
    return upgrade(change, routing.priority, agreement, at, now, detail=detail, p1_workflow=p1, title=title)


def reprioritise(
    change: Change, routing: Routing, at: datetime, *, alert: Alert, detail: FactDetail, title: str | None = None
) -> Change:
    """More urgent: the new priority's audience, and while nobody acknowledged, hours decide anew who is responsible."""
    incident = change.incident
    paged = united(routing.must_acknowledge, incident)
    urgency = faces.urgency(incident, routing.priority)
    event = happen(
        incident,
        FactKind.REPRIORITISED,
        at,
        alert=alert,
        detail=replace(detail, to_priority=urgency["priority"]),
        **urgency,
        p1_workflow=incident.p1_workflow or routing.p1_workflow,
        must_acknowledge=paged,
        informed=tuple(party for party in routing.informed if party not in paged),
        paths={**incident.paths, **routing.paths},
        because=(*incident.because[:40], *routing.because[2:]),
        affected_users=max(incident.affected_users, routing.affected_users),
        title=title or incident.title,
    )
    return _by_hours(change.then(event), routing.responsible_party, at)


def _by_hours(change: Change, party: Party, at: datetime) -> Change:
    """While nobody has acknowledged, hours decide who is responsible: ``party``."""
    incident = change.incident
    if incident.taken or party is incident.responsible_party:
        return change
    return change.then(by_hours(incident, party, at))


def by_hours(
    incident: Incident,
    party: Party,
    at: datetime,
    **changes: Any,  # noqa: ANN401 - fields of Incident
) -> IncidentEvent:
    """The hours move a running incident to ``party``; one that the MSP has only because of them is flagged so."""
    moved = FactDetail(from_party=incident.responsible_party, to_party=party, reason="hours", auto=True)
    flags = (*without(incident.flags, AFTER_HOURS), *((AFTER_HOURS,) if party is Party.MSP else ()))
    return happen(incident, FactKind.REOWNED, at, detail=moved, responsible_party=party, flags=flags, **changes)


def upgrade(
    change: Change,
    level: Priority,
    agreement: Agreement,
    at: datetime,
    now: datetime,
    *,
    detail: FactDetail,
    p1_workflow: bool = False,
    title: str | None = None,
) -> Change:
    """Make a running incident's own track as urgent as ``level`` because of what it took in, by its row.

    ``detail`` says why; the priorities are filled in.
    """
    incident = change.incident
    workflow = incident.p1_workflow or p1_workflow
    if level.rank >= incident.main_priority.rank and workflow is incident.p1_workflow:
        return change
    level = most_urgent(level, incident.main_priority)
    urgency = faces.urgency(incident, level)
    party = incident.responsible_party
    if not incident.taken:
        row = row_of(incident, agreement)
        party = responsible(row, level, duty_of(row, agreement, now)).party
    after = replace(incident, responsible_party=party, p1_workflow=workflow)
    heard = redecide_audience(after, agreement, level, now)
    paged = united(heard.paged, incident)
    event = happen(
        incident,
        FactKind.REPRIORITISED,
        at,
        detail=replace(detail, from_priority=incident.priority, to_priority=urgency["priority"]),
        **urgency,
        p1_workflow=workflow,
        must_acknowledge=paged,
        informed=tuple(other for other in dict.fromkeys((*incident.informed, *heard.informed)) if other not in paged),
        paths={**incident.paths, **heard.paths},
        because=(*incident.because[:40], f"{level.value}: {detail.reason}", *heard.because),
        affected_users=max(incident.affected_users, detail.affected_users or 0),
        title=title or incident.title,
    )
    return _by_hours(change.then(event), party, at)


def united(paged: tuple[Party, ...], incident: Incident) -> tuple[Party, ...]:
    """The parties paged now and before; the responsible party is always one of them when anybody is paged."""
    stays = (incident.responsible_party,) if incident.taken and paged else ()
    return tuple(dict.fromkeys((*stays, *paged, *incident.must_acknowledge)))
