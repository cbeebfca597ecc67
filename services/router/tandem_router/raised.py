"""An incident that a person raises, in the words of the decision: as an alert, and how urgent that person calls it."""

from __future__ import annotations

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.events import Command, CommandDetail
from tandem.model.priority import most_urgent
from tandem_router import priority
from tandem_router.priority import Floor


def as_alert(command: Command) -> Alert:
    """What is raised as an alert; who raises it is its own source."""
    detail = command.detail
    return Alert(
        alert_id=command.command_id,
        tenant=command.tenant,
        integration="console",
        vendor="tandem",
        kind=Kind.MONITORING,
        delivery_id=str(command.command_id),
        dedup_key=f"raised:{command.incident_id}",
        title=detail.title or "Raised by hand",
        status=AlertStatus.FIRING,
        severity=Severity(detail.impact) if detail.impact and detail.impact in priority.IMPACTS else Severity.UNKNOWN,
        host=detail.asset,
        occurred_at=detail.onset,
        received_at=command.at,
    )


def floor_of(detail: CommandDetail, agreement: Agreement) -> Floor:
    """The priority by the impact that was named; a chosen one counts, but never below the impact's."""
    floor = priority.floor_of_impact(detail.impact, agreement)
    if detail.priority is None:
        return floor
    chosen = most_urgent(detail.priority, floor.priority) if detail.impact else detail.priority
    return Floor(chosen, "the word of who raised it")
