"""The path run: a leg per party and track that has to answer, from first page to acknowledgement (R-E1 to R-E8, R-A3).

Pure. Every function changes the ``Case`` it is given and notes in ``Wants`` whom to page and what to record; ids,
rows and texts of pages are ``paging.py``'s, the rungs ``climb.py``'s, what is told without paging ``telling.py``'s.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.model.events import Fact, FactKind
from tandem.model.incident import IncidentState
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_notifier.brief import Brief
from tandem_notifier.case import Case, Leg, LegState
from tandem_notifier.climb import (
    climb,
    climb_after_failure,
    halt,
    ladder_for,
    never_gives_up,
    page_person,
    restart,
    run_pending,
)
from tandem_notifier.ladder import ladder_of
from tandem_notifier.reach import path_of, reachable
from tandem_notifier.wants import Call, Wants

REPAGE_FOR = timedelta(days=7)
"""An acknowledgement that runs out pages again for this long after the cycle began (section 3.6)."""
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
    for side in brief.sides:
        for party in _must_answer(side):
            _require(case, side, party, agreement, now)
    for leg in case.legs.values():
        _settle(case, leg, agreement, wants)
    run_due(case, agreement, now, wants)


def new_cycle(case: Case) -> None:
    """The incident was re-opened: earlier legs and acknowledgements no longer count."""
    case.legs.clear()
    case.later.clear()


def note_fact(case: Case, fact: Fact, agreement: Agreement, wants: Wants) -> None:
    """Let a person's act push the acknowledgement's timeout, and a snooze set it."""
    if fact.kind not in ACTIVITY | {FactKind.SNOOZED}:
        return
    for leg in _legs_of(case, fact):
        if leg.repaged and leg.state is LegState.PAGING:
            _answered(leg, fact.by.person, wants)
        if leg.state is LegState.ACKNOWLEDGED:
            snoozed = fact.kind is FactKind.SNOOZED
            leg.next_at = fact.detail.until if snoozed else _runs_out(case, leg, agreement, fact.received_at)


def _legs_of(case: Case, fact: Fact) -> list[Leg]:
    """The legs that a person's act is about: of the track that it names, else of those that paged the person."""
    ours = [leg for leg in case.legs.values() if leg.party is fact.by.party]
    if fact.detail.track is not None:
        return [leg for leg in ours if leg.track is fact.detail.track]
    if fact.kind in {FactKind.ACKNOWLEDGED, FactKind.STARTED}:
        return ours  # an answer that names no track is for both
    mine = [leg for leg in ours if any(sent.person == fact.by.person for sent in leg.pages)]
    return mine or ours


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
            leg.next_at = _runs_out(case, leg, agreement, now)


def _must_answer(side: Brief) -> tuple[Party, ...]:
    return side.must_acknowledge if side.urgency.pages else ()


def _require(case: Case, brief: Brief, party: Party, agreement: Agreement, now: datetime) -> None:
    """A party has to answer on the track of ``brief``: begin its leg, or begin it anew."""
    leg = case.leg(party, brief.track)
    if party in brief.acknowledged:
        return
    path = path_of(agreement, party, brief.track, brief.paths.get(party))
    if leg is None:
        first = path.steps[0].after if path.steps else timedelta()
        begun = Leg(party=party, track=brief.track, path=path.id, state=LegState.PAGING, next_at=now + first)
        case.begin(begun)
        return
    leg.called = False
    other_path = leg.path != path.id and path.id in agreement.paths
    given_up = leg.state is LegState.EXHAUSTED and never_gives_up(case, leg)
    if leg.state in {LegState.ACKNOWLEDGED, LegState.STOPPED} or other_path or given_up:
        leg.path = path.id
        restart(leg, ladder_of(agreement, path), now)


def _settle(case: Case, leg: Leg, agreement: Agreement, wants: Wants) -> None:
    """Stop a leg that has its answer or is no longer needed."""
    brief = case.brief.on(leg.track)
    if leg.state not in {LegState.PAGING, LegState.EXHAUSTED} or leg.repaged:
        return
    taken = brief.acknowledged.get(leg.party)
    if taken is not None:
        _answered(leg, taken.person, wants)
        leg.next_at = _runs_out(case, leg, agreement, taken.at)
    elif leg.party not in _must_answer(brief) and (not leg.called or brief.state is not IncidentState.OPEN):
        halt(leg, LegState.STOPPED)
        wants.close(leg.party, leg.track, None)


def _answered(leg: Leg, person: str | None, wants: Wants) -> None:
    """The leg has its answer; the page that brought it is the person's latest."""
    page = next((sent for sent in reversed(leg.pages) if sent.person == person), None)
    halt(leg, LegState.ACKNOWLEDGED)
    leg.repaged = False
    wants.close(leg.party, leg.track, person)
    if page is not None:
        wants.acknowledged(leg, page)


def _end(case: Case, wants: Wants) -> None:
    """Resolved: every leg stops, and no attempt of theirs is made any more."""
    if all(leg.state is LegState.STOPPED for leg in case.legs.values()):
        return
    for leg in case.legs.values():
        halt(leg, LegState.STOPPED)
    stop_paging(case.brief, wants)


def stop_paging(brief: Brief, wants: Wants) -> None:
    """No attempt is made any more at what is still open of the tracks of ``brief``."""
    for side in brief.sides:
        for party in Party:
            wants.close(party, side.track, None)


def _runs_out(case: Case, leg: Leg, agreement: Agreement, at: datetime) -> datetime | None:
    """When an acknowledgement of ``at`` pages again; None: never. Somebody who has started work is left alone.

    On a track that does not lead the incident may still be open: its own answer runs out all the same.
    """
    state, waits = case.brief.state, {IncidentState.ACKNOWLEDGED}
    waits |= {IncidentState.OPEN} if leg.track is not case.brief.leads else set()
    if state not in waits or at > case.brief.cycle_at + REPAGE_FOR:
        return None
    timing = agreement.timing
    lengths = {Priority.P1: timing.acknowledge_timeout_p1, Priority.P2: timing.acknowledge_timeout_p2}
    length = lengths.get(case.brief.on(leg.track).urgency)
    return at + length if length else None


def _page_again(case: Case, leg: Leg, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """An acknowledgement ran out: the acker hears of it and the path starts at its first step."""
    taken = case.brief.on(leg.track).acknowledged.get(leg.party)
    ladder = ladder_for(leg, agreement)
    restart(leg, ladder, now)
    leg.repaged = True
    reason = "acknowledged, but nothing was noted since"
    acker = taken.person if taken else None
    climb(case, leg, agreement, now, wants, reason)
    called = {sent.person for sent in leg.live}
    if acker and acker not in called and reachable(agreement, acker):
        # On a path of its own: the ladder may page them on a rung of this pass too, and that is another page.
        again = Call(leg.party, leg.track, acker, f"{leg.path}:again", leg.pass_, 0, reason)
        page_person(leg, again, agreement, now, wants)
