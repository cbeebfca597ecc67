"""One batch of the notifier, folded over its cases: what the pages, events, timers and rows of each come to.

Pure. SQL is the store's; this file says what is true after the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.agreement.duty import duty
from tandem.db.timers import DueTimer
from tandem.model.events import ClockName, FactKind, IncidentEvent, PageEvent, SlaEvent, SlaEventKind
from tandem.model.ownership import Party, Track
from tandem_notifier import deadlines, escalation, holder, opening, telling
from tandem_notifier.brief import Brief, brief_of
from tandem_notifier.case import Case
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
    closed: dict[tuple[Party, Track], str | None] = field(default_factory=dict)
    next_due: datetime | None = None
    night: bool | None = None
    """The MSP has just taken it over by the hours (true), or the opening list has told of it (false)."""
    opens_at: datetime | None = None
    """When the opening list is due; set with ``night``."""


@dataclass(slots=True)
class Batch:
    """Cases by incident, and how each was changed; ``known`` holds what the store had."""

    known: dict[UUID, Case]
    agreement_at: AgreementAt
    public_url: str
    now: datetime
    cases: dict[UUID, Case] = field(default_factory=dict)
    outcomes: dict[UUID, Outcome] = field(default_factory=dict)
    lists: list[Page] = field(default_factory=list)
    """Opening lists: pages that belong to no case."""
    to_look_again: dict[str, datetime] = field(default_factory=dict)
    """Tenant -> when its opening list is due instead of now."""

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
        if before is not None:
            _fall_silent(brief, before, wants)
        if before is not None and brief.cycle > before.cycle:
            escalation.new_cycle(case)
        escalation.note_fact(case, event.fact, wants.agreement, wants)
        escalation.reconcile(case, wants.agreement, self.now, wants)
        telling.inform(case, event.fact, wants.agreement, self.now, wants)
        holder.call_holder(case, event.fact, wants.agreement, self.now, wants)
        self._end(case, wants)
        opens_at = opening.opens_at(wants.agreement, self.now) if opening.is_night(brief) and not case.night else None
        if opens_at is not None:
            case.night = True
            outcome = self.outcomes[brief.incident_id]
            outcome.night, outcome.opens_at = True, opens_at

    def on_sla(self, event: SlaEvent) -> None:
        """Take a warning or a breach; anything else moves nobody."""
        case = self._case(event.clock.incident_id)
        if case is None or not matters(event):
            return
        wants = self._begin(case, case.brief)
        deadlines.on_sla(case, event, wants.agreement, self.now, wants)
        self._end(case, wants)

    def on_timer(self, timer: DueTimer) -> None:
        """Do what is due; a timer is a hint and the case decides."""
        if timer.kind == opening.OPENING:
            self._open_for(timer.tenant)
            return
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

    def _open_for(self, tenant: str) -> None:
        """The internal party is on duty again: one list of what the MSP took over."""
        cases = [case for case in (self.known | self.cases).values() if case.night and case.brief.tenant == tenant]
        if not cases:
            return
        agreement = self.agreement_at(tenant, max(case.brief.agreement_version for case in cases))
        if not duty(agreement, self.now).on_duty:
            later = opening.opens_at(agreement, self.now)
            if later is not None:
                self.to_look_again[tenant] = later
            return
        page = opening.opening_list(cases, agreement, self.now, self.public_url)
        if page is not None:
            self.lists.append(page)
        for case in cases:
            case.night = False
            outcome = self.outcomes.setdefault(case.brief.incident_id, Outcome(case))
            outcome.night, outcome.next_due = False, escalation.next_due(case)

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
        for party, track in wants.closed:
            # Planned earlier in this very batch: its row is not there yet to be closed, so it is never made.
            ours = [page for page in outcome.pages if page.party is party and page.track is track]
            dropped = {page.page_id for page in ours if not page.told}
            outcome.pages = [page for page in outcome.pages if page.page_id not in dropped]
            outcome.events = [event for event in outcome.events if event.page_id not in dropped]
        outcome.closed |= wants.closed
        pages = list(pages_of(wants, self.now, self.public_url))
        outcome.pages.extend(pages)
        outcome.events.extend(events_of(wants, pages, self.now))
        outcome.next_due = escalation.next_due(case)


def _fall_silent(brief: Brief, before: Brief, wants: Wants) -> None:
    """From now on nobody is paged on a track: not by what was planned before either (D18)."""
    for side in brief.sides:
        if side.quiet and not before.on(side.track).quiet:
            for party in Party:
                wants.close(party, side.track, None)


def matters(event: SlaEvent) -> bool:
    """Whether the notifier has anything to do with an SLA event, so that others cost no read."""
    if event.kind is SlaEventKind.BREACHED:
        return event.clock.clock is not ClockName.DETECT
    return (
        event.kind is SlaEventKind.WARNED
        and event.clock.clock is ClockName.RESPONSE
        and event.threshold in {deadlines.FORCES_STEP, deadlines.CALLS_ACCOUNTABLE}
    )


def opens(event: IncidentEvent) -> bool:
    """Version 1: there is nothing to read."""
    return event.incident.version == 1 and event.fact.kind is FactKind.OPENED
