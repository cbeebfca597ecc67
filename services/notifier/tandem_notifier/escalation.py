"""The path run: one leg per party that has to answer, from its first page to its acknowledgement (R-E1 to R-E8).

Pure. Every function changes the ``Case`` it is given and notes in ``Wants`` whom to page and what to record; ids,
rows and texts of pages are ``paging.py``'s, the rungs ``climb.py``'s, what is told without paging ``telling.py``'s.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.model.events import ClockName, Fact, FactKind, SlaEvent, SlaEventKind
from tandem.model.incident import IncidentState
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_notifier.case import Case, Leg, LegState
from tandem_notifier.climb import (
    climb,
    climb_after_failure,
    halt,
    ladder_for,
    page_person,
    restart,
    run_pending,
)
from tandem_notifier.ladder import ladder_of
from tandem_notifier.reach import accountable_of, path_of, reachable, routes
from tandem_notifier.wants import Call, Wants

REPAGE_FOR = timedelta(days=7)
"""An acknowledgement that runs out pages again for this long after the cycle began (section 3.6)."""
FORCES_STEP = 75
CALLS_ACCOUNTABLE = 90
ACTIVITY = frozenset(
    {
        *(FactKind.ACKNOWLEDGED, FactKind.STARTED, FactKind.JOINED, FactKind.NOTED, FactKind.REQUESTED),
        *(FactKind.ANSWERED, FactKind.HANDOFF_OFFERED, FactKind.HANDOFF_ACCEPTED, FactKind.HANDOFF_REFUSED),
        *(FactKind.HANDOFF_WITHDRAWN, FactKind.REOWNED, FactKind.REPRIORITISED),
    }
)
"""What shows that somebody is at it; it pushes the acknowledgement's timeout."""


def reconcile(case: Case, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """Bring the legs in line with the incident as it now is, and do what is due."""
    brief = case.brief
    if brief.resolved:
        _end(case, wants)
        return
    for party in _must_answer(case):
        _require(case, party, agreement, now)
    for leg in case.legs.values():
        _settle(case, leg, agreement, wants)
    run_due(case, agreement, now, wants)


def new_cycle(case: Case) -> None:
    """The incident was re-opened: earlier legs and acknowledgements no longer count."""
    case.legs.clear()
    case.later.clear()


def note_fact(case: Case, fact: Fact, agreement: Agreement, wants: Wants) -> None:
    """Let a person's act push the acknowledgement's timeout, and a snooze set it."""
    leg = case.legs.get(fact.by.party) if fact.by.party else None
    if leg is None or fact.kind not in ACTIVITY | {FactKind.SNOOZED}:
        return
    if leg.repaged and leg.state is LegState.PAGING:
        _answered(leg, fact.by.person, wants)
    if leg.state is LegState.ACKNOWLEDGED:
        leg.next_at = (
            fact.detail.until if fact.kind is FactKind.SNOOZED else _runs_out(case, agreement, fact.received_at)
        )


def run_due(case: Case, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """Everything whose time has come; what is late is done once, not once per missed interval."""
    if case.brief.resolved or case.brief.held:
        return
    for leg in list(case.legs.values()):
        if leg.next_at is not None and leg.next_at <= now:
            if leg.state is LegState.ACKNOWLEDGED:
                _page_again(case, leg, agreement, now, wants)
            elif leg.state is LegState.PAGING:
                climb(case, leg, agreement, now, wants, "")
        run_pending(leg, now, wants)


def next_due(case: Case) -> datetime | None:
    """When the case has to be looked at again; None: only a fact moves it."""
    if case.brief.resolved:
        return None
    moments = [later.at for later in case.later]
    if not case.brief.held:
        moments += [leg.next_at for leg in case.legs.values() if leg.next_at is not None]
        moments += [pending.at for leg in case.legs.values() for pending in leg.pending]
    return min(moments, default=None)


def on_sla(case: Case, event: SlaEvent, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """R-E8: 75 % of the response without an answer forces the next step, 90 % and a breach call the Accountable."""
    brief, clock = case.brief, event.clock
    if brief.resolved or brief.held or clock.cycle < brief.cycle:
        return
    leg = case.legs.get(clock.party)
    unanswered = leg is not None and leg.state is LegState.PAGING
    if event.kind is SlaEventKind.BREACHED and clock.clock is not ClockName.DETECT:
        _call_accountable(case, event, agreement, wants)
        wants.tell(clock.party.other, f"breached:{clock.clock.value}")
    elif event.kind is not SlaEventKind.WARNED or clock.clock is not ClockName.RESPONSE or leg is None:
        return
    elif event.threshold == FORCES_STEP and unanswered:
        climb(case, leg, agreement, now, wants, "75 % of the response time is over without an acknowledgement")
    elif event.threshold == CALLS_ACCOUNTABLE and unanswered:
        _call_accountable(case, event, agreement, wants)


def on_failed(case: Case, page_id: UUID, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """A page reached nobody: the person's next channel comes now; once all of a rung failed, the next rung does."""
    for leg in list(case.legs.values()):
        failed = next((sent for sent in leg.live if sent.page_id == page_id), None)
        if failed is None or leg.state is not LegState.PAGING or case.brief.resolved or case.brief.held:
            continue
        leg.live.remove(failed)
        leg.standing -= 1
        others = [pending for pending in leg.pending if pending.person == failed.person]
        if others:
            min(others, key=lambda pending: pending.at).at = now
            run_pending(leg, now, wants)
        elif not leg.live and not leg.pending:
            climb_after_failure(case, leg, agreement, now, wants)


def on_answered(case: Case, page_id: UUID, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """Somebody pressed the button of a page that came after their party's acknowledgement had run out.

    The router knows that acknowledgement already and may have no new fact for it.
    """
    for leg in case.legs.values():
        sent = next((sent for sent in leg.pages if sent.page_id == page_id), None)
        if sent is not None and leg.repaged and leg.state is LegState.PAGING:
            _answered(leg, sent.person, wants)
            leg.next_at = _runs_out(case, agreement, now)


def _must_answer(case: Case) -> tuple[Party, ...]:
    brief = case.brief
    return brief.must_acknowledge if brief.priority.pages else ()


def _require(case: Case, party: Party, agreement: Agreement, now: datetime) -> None:
    """A party has to answer: begin its leg, or begin it anew."""
    brief, leg = case.brief, case.legs.get(party)
    if party in brief.acknowledged:
        return
    path = path_of(agreement, party, brief.track, brief.paths.get(party))
    if leg is None:
        first = path.steps[0].after if path.steps else timedelta()
        case.legs[party] = Leg(party=party, path=path.id, state=LegState.PAGING, next_at=now + first)
        return
    leg.called = False
    other_path = leg.path != path.id and path.id in agreement.paths
    given_up = leg.state is LegState.EXHAUSTED and brief.priority is Priority.P1 and not brief.quiet
    if leg.state in {LegState.ACKNOWLEDGED, LegState.STOPPED} or other_path or given_up:
        leg.path = path.id
        restart(leg, ladder_of(agreement, path), now)


def _settle(case: Case, leg: Leg, agreement: Agreement, wants: Wants) -> None:
    """Stop a leg that has its answer or is no longer needed."""
    brief = case.brief
    if leg.state not in {LegState.PAGING, LegState.EXHAUSTED} or leg.repaged:
        return
    taken = brief.acknowledged.get(leg.party)
    if taken is not None:
        _answered(leg, taken.person, wants)
        leg.next_at = _runs_out(case, agreement, taken.at)
    elif leg.party not in _must_answer(case) and (not leg.called or brief.state is not IncidentState.OPEN):
        halt(leg, LegState.STOPPED)
        wants.close(leg.party, None)


def _answered(leg: Leg, person: str | None, wants: Wants) -> None:
    """The leg has its answer; the page that brought it is the person's latest."""
    page = next((sent for sent in reversed(leg.pages) if sent.person == person), None)
    halt(leg, LegState.ACKNOWLEDGED)
    leg.repaged = False
    wants.close(leg.party, person)
    if page is not None:
        wants.acknowledged(leg.party, page)


def _end(case: Case, wants: Wants) -> None:
    """Resolved: every leg stops, and no attempt of theirs is made any more."""
    if all(leg.state is LegState.STOPPED for leg in case.legs.values()):
        return
    for leg in case.legs.values():
        halt(leg, LegState.STOPPED)
    for party in Party:
        wants.close(party, None)


def _runs_out(case: Case, agreement: Agreement, at: datetime) -> datetime | None:
    """When an acknowledgement of ``at`` pages again; None: never. Somebody who has started work is left alone."""
    if case.brief.state is not IncidentState.ACKNOWLEDGED or at > case.brief.cycle_at + REPAGE_FOR:
        return None
    timing = agreement.timing
    lengths = {Priority.P1: timing.acknowledge_timeout_p1, Priority.P2: timing.acknowledge_timeout_p2}
    length = lengths.get(case.brief.priority)
    return at + length if length else None


def _page_again(case: Case, leg: Leg, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """An acknowledgement ran out: the acker hears of it and the path starts at its first step."""
    taken = case.brief.acknowledged.get(leg.party)
    ladder = ladder_for(case, leg, agreement)
    restart(leg, ladder, now)
    leg.repaged = True
    reason = "acknowledged, but nothing was noted since"
    acker = taken.person if taken else None
    climb(case, leg, agreement, now, wants, reason)
    called = {sent.person for sent in leg.live}
    if acker and acker not in called and reachable(agreement, acker):
        # On a path of its own: the ladder may page them on a rung of this pass too, and that is another page.
        page_person(leg, Call(leg.party, acker, f"{leg.path}:again", leg.pass_, 0, reason), agreement, now, wants)


def _call_accountable(case: Case, event: SlaEvent, agreement: Agreement, wants: Wants) -> None:
    """Page the Accountable of the obliged party; where nobody is to be reached, the other party's."""
    clock = event.clock
    what = f"{clock.clock.value} of {clock.party.value} " + (
        "is breached"
        if event.kind is SlaEventKind.BREACHED
        else f"is at {event.threshold} % without an acknowledgement"
    )
    threshold = 100 if event.kind is SlaEventKind.BREACHED else CALLS_ACCOUNTABLE
    path = f"sla:{clock.clock.value}"
    for party in (clock.party, clock.party.other):
        person = accountable_of(agreement, party)
        if person is None:
            wants.gap(party, path, threshold, f"no Accountable of {party.value} to call")
            continue
        if not case.brief.priority.pages:
            wants.tell(party, f"breached:{clock.clock.value}")
            return
        call = Call(party, person, path, clock.cycle, threshold, what)
        for way in routes(agreement.people[person]):
            wants.page(None, call, way)
        return
