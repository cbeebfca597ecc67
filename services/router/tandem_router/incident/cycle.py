"""The next cycle of a resolved incident: whether there is one, and how an alert or a person begins it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import Command, FactDetail, FactKind
from tandem.model.incident import Incident, IncidentState
from tandem_router.grouping import condition_of
from tandem_router.incident import faces
from tandem_router.incident.change import Change, happen
from tandem_router.incident.firing import firing_alert
from tandem_router.incident.opening import standing_in
from tandem_router.routing import Routing


def may_reopen(incident: Incident, at: datetime, agreement: Agreement) -> bool:
    """Whether the condition that fires at ``at`` is this resolved incident again (R-C12)."""
    resolved_at = incident.resolved_at
    return resolved_at is not None and at - resolved_at <= agreement.timing.reopen_window


def reopen_by_alert(incident: Incident, alert: Alert, routing: Routing, seen: dict[str, Any]) -> Change:
    """The next cycle begins as an opening does: responsible party, audience and mode are those of now.

    An alert of the other track makes that the incident's: nothing of the first one fires.
    """
    seen |= {"firing": {condition_of(alert): firing_alert(alert, routing)}, "unkept": 0}
    seen["flags"] = standing_in(seen.get("flags", incident.flags), routing)
    event = happen(
        incident,
        FactKind.REOPENED,
        alert.received_at,
        alert=alert,
        detail=FactDetail(cycle=incident.cycle + 1, auto=True),
        **_next_cycle(incident, alert.received_at),
        **seen,
        **(_on_track(routing) if routing.track is not incident.track else {}),
        second_face=None,
        own_priority=None,
        owner=routing.owner,
        lead=routing.lead,
        priority=routing.priority,
        p1_workflow=routing.p1_workflow,
        responsible_party=routing.responsible_party,
        must_acknowledge=routing.must_acknowledge,
        informed=routing.informed,
        paths=routing.paths,
        mode=routing.mode,
        because=routing.because,
    )
    return Change(event.incident, (event,))


def reopen(incident: Incident, command: Command) -> Change:
    """A person opens it again: the next cycle, with nobody's acknowledgement and the same responsible party."""
    event = happen(
        incident,
        FactKind.REOPENED,
        command.at,
        by=command.by,
        detail=FactDetail(cycle=incident.cycle + 1, text=command.detail.text, command_id=command.command_id),
        **_next_cycle(incident, command.at),
        second_face=faces.next_cycle(incident.second_face),
    )
    return Change(event.incident, (event,))


def _on_track(routing: Routing) -> dict[str, Any]:
    """What of an incident goes with its track."""
    return {
        "track": routing.track,
        "function": routing.function,
        "category": routing.category,
        "incident_class": routing.incident_class,
        "row": routing.row,
        "sla_profile": routing.sla_profile,
        "raci": routing.raci,
        "runbook": routing.runbook,
        "public_communications": routing.public_communications,
        "approval": routing.approval,
    }


def _next_cycle(incident: Incident, at: datetime) -> dict[str, Any]:
    return {
        "state": IncidentState.OPEN,
        "cycle": incident.cycle + 1,
        "reopened_at": at,
        "resolved_at": None,
        "resolved_by": None,
        "acknowledged": {},
        "joined": {},
        "started_at": None,
        "clear_pending_at": None,
        "hold_until": None,
    }
