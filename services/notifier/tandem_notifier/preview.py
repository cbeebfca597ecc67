"""What would happen while nobody answers: the production planning walked over time, for ``tandem oncall escalate``.

Pure: no page is sent, no row written. SLA warnings, which force steps, are not part of it.
"""

from __future__ import annotations

from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.db.timers import DueTimer
from tandem.model.events import IncidentEvent
from tandem_notifier.batch import DUE, Batch, Outcome
from tandem_notifier.paging import Page

MOST_PAGES = 1000


def preview(agreement: Agreement, opening: IncidentEvent, *, until: datetime) -> list[Page]:
    """Pages of an incident that opens with ``opening`` and stays unanswered, in order, up to ``until``."""
    incident = opening.incident
    batch = _batch(agreement, None, opening.fact.received_at)
    batch.on_incident(opening)
    outcome = batch.outcomes[incident.incident_id]
    pages = list(outcome.pages)
    while outcome.next_due is not None and outcome.next_due <= until and len(pages) < MOST_PAGES:
        now = outcome.next_due
        batch = _batch(agreement, outcome, now)
        batch.on_timer(DueTimer(incident.tenant, str(incident.incident_id), DUE, now))
        outcome = batch.outcomes[incident.incident_id]
        pages.extend(outcome.pages)
    return pages


def _batch(agreement: Agreement, before: Outcome | None, now: datetime) -> Batch:
    known = {} if before is None else {before.case.brief.incident_id: before.case}
    return Batch(known, lambda _tenant, _version: agreement, "", now)
