"""What the other services would do with an incident's fact: whom the first pages reach, which clocks start. No command.

The production planning of the notifier and the production fold of the SLA clock, asked beside one another.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tandem.agreement.compiled import Agreement
from tandem.model.events import IncidentEvent, SlaClock
from tandem_notifier.preview import preview
from tandem_router.routing_tests import Outlook
from tandem_sla_clock.clauses import AgreementClauses
from tandem_sla_clock.fold import fold
from tandem_sla_clock.timeline import Profile

WALKED = timedelta(hours=4)
"""How far an unanswered path is followed."""


def first_people(agreement: Agreement, event: IncidentEvent, at: datetime) -> tuple[str, ...]:
    """Persons whom ``event`` pages ``at`` once, each once; in observe, whom it would page."""
    pages = preview(agreement, event, until=at)
    return tuple(dict.fromkeys(page.person for page in pages if not page.told))


def starting_clocks(agreement: Agreement, opening: IncidentEvent, at: datetime) -> tuple[SlaClock, ...]:
    """The clocks of an incident that opens with ``opening``, as of ``at``, with their due times."""
    incident = opening.incident
    profile = Profile(
        incident_id=incident.incident_id,
        monitoring_owner=incident.monitoring_owner,
        detected_at=incident.detected_at,
        occurred_at=incident.occurred_at,
        detect_flags=incident.detect_flags,
    )
    return fold([opening.fact], AgreementClauses(agreement, incident.sla_profile), profile, at)


def escalation(agreement: Agreement, opening: IncidentEvent, at: datetime) -> list[dict[str, Any]]:
    """Pages of an incident that opens ``at`` an instant while nobody answers, up to ``WALKED`` on."""
    return [
        {
            "at": _text(page.planned_at),
            "after_s": int((page.planned_at - at).total_seconds()),
            "party": page.party.value,
            "person": page.person,
            "channel": page.channel,
            "kind": "told" if page.told else "page",
            "path": page.path,
            "pass": page.pass_,
            "step": page.step,
        }
        for page in preview(agreement, opening, until=at + WALKED)
    ]


def clocks(agreement: Agreement, opening: IncidentEvent, at: datetime) -> list[dict[str, Any]]:
    """``starting_clocks`` as plain data."""
    return [
        {
            "clock": clock.clock.value,
            "party": clock.party.value,
            "target_s": int(clock.target.total_seconds()),
            "due": _text(clock.due) if clock.due else None,
            "state": clock.state.value,
        }
        for clock in starting_clocks(agreement, opening, at)
    ]


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


OUTLOOK = Outlook(people=first_people, clocks=starting_clocks)
