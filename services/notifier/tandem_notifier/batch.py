"""One batch of the notifier, folded over its cases: what the pages, events, timers and rows of each come to.

Pure. SQL is the store's; this file says what is true after the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.db.timers import DueTimer
from tandem.model.events import ClockName, FactKind, IncidentEvent, PageEvent, SlaEvent, SlaEventKind
from tandem.model.ownership import Party
from tandem_notifier import escalation, telling
from tandem_notifier.case import Brief, Case, brief_of
from tandem_notifier.paging import Page, events_of, pages_of
from tandem_notifier.wants import Wants

FAILED, ANSWERED = "failed:", "answered:"
"""Timers that carry a page's id: it reached nobody, or it was answered after its acknowledgement had run out."""
DUE = "due"
AgreementAt = Callable[[str, int], Agreement]


@dataclass(slots=True)
class Outcome:
    """What the batch means for one incident."""

    case: Case
    pages: list[Page] = field(default_factory=list)
    events: list[PageEvent] = field(default_factory=list)
    closed: dict[Party, str | None] = field(default_factory=dict)
    next_due: datetime | None = None


@dataclass(slots=True)
class Batch:
    """Cases by incident, and how each was changed; ``known`` holds what the store had."""

    known: Mapping[UUID, Case]
    agreement_at: AgreementAt
    public_url: str
    now: datetime
    cases: dict[UUID, Case] = field(default_factory=dict)
    outcomes: dict[UUID, Outcome] = field(default_factory=dict)

    def on_incident(self, event: IncidentEvent) -> None:
        """Take a fact; a version we have is dropped."""
        case = self._case(event.incident.incident_id)
        before = case.brief if case else None
        if before is not None and event.incident.version <= before.version:
            return
        brief = brief_of(event, before)
        if case is None:
            case = self.cases[brief.incident_id] = Case(brief=brief)
        wants = self._begin(case, brief)
        if before is not None and brief.cycle > before.cycle:
            escalation.new_cycle(case)
        escalation.note_fact(case, event.fact, wants.agreement, wants)
        escalation.reconcile(case, wants.agreement, self.now, wants)
        telling.inform(case, event.fact, wants.agreement, self.now, wants)
        self._end(case, wants)

    def on_sla(self, event: SlaEvent) -> None:
        """Take a warning or a breach; anything else moves nobody."""
        case = self._case(event.clock.incident_id)
        if case is None or not matters(event):
            return
        wants = self._begin(case, case.brief)
        escalation.on_sla(case, event, wants.agreement, self.now, wants)
        self._end(case, wants)

    def on_timer(self, timer: DueTimer) -> None:
        """Do what is due; a timer is a hint and the case decides."""
        case = self._case(UUID(timer.key))
        if case is None:
            return
        wants = self._begin(case, case.brief)
        if timer.kind.startswith(FAILED):
            escalation.on_failed(case, UUID(timer.kind.removeprefix(FAILED)), wants.agreement, self.now, wants)
        elif timer.kind.startswith(ANSWERED):
            escalation.on_answered(case, UUID(timer.kind.removeprefix(ANSWERED)), wants.agreement, self.now, wants)
        escalation.run_due(case, wants.agreement, self.now, wants)
        telling.tell_due(case, self.now, wants)
        self._end(case, wants)

    def _case(self, incident_id: UUID) -> Case | None:
        case = self.cases.get(incident_id)
        if case is None and incident_id in self.known:
            case = self.cases[incident_id] = self.known[incident_id]
        return case

    def _begin(self, case: Case, brief: Brief) -> Wants:
        case.brief = brief
        return Wants(case, self.agreement_at(brief.tenant, brief.agreement_version))

    def _end(self, case: Case, wants: Wants) -> None:
        telling.deliver(case, wants.agreement, wants)
        outcome = self.outcomes.setdefault(case.brief.incident_id, Outcome(case))
        for party in wants.closed:
            # Planned earlier in this very batch: its row is not there yet to be closed, so it is never made.
            dropped = {page.page_id for page in outcome.pages if page.party is party and not page.told}
            outcome.pages = [page for page in outcome.pages if page.page_id not in dropped]
            outcome.events = [event for event in outcome.events if event.page_id not in dropped]
        outcome.closed |= wants.closed
        pages = list(pages_of(wants, self.now, self.public_url))
        outcome.pages.extend(pages)
        outcome.events.extend(events_of(wants, pages, self.now))
        outcome.next_due = escalation.next_due(case)


def matters(event: SlaEvent) -> bool:
    """Whether the notifier has anything to do with an SLA event, so that others cost no read."""
    if event.kind is SlaEventKind.BREACHED:
        return event.clock.clock is not ClockName.DETECT
    return (
        event.kind is SlaEventKind.WARNED
        and event.clock.clock is ClockName.RESPONSE
        and event.threshold in {escalation.FORCES_STEP, escalation.CALLS_ACCOUNTABLE}
    )


def opens(event: IncidentEvent) -> bool:
    """Version 1: there is nothing to read."""
    return event.incident.version == 1 and event.fact.kind is FactKind.OPENED
