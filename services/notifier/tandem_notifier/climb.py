"""Climbing: one leg paged rung by rung, persons by their rules, until somebody is reached (R-E1, R-E4, F22).

Pure. When to climb and when to stop is ``escalation.py``'s to say.
"""

from __future__ import annotations

from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.priority import Priority
from tandem_notifier.case import Case, Leg, LegState, Pending
from tandem_notifier.ladder import Ladder, ladder_of
from tandem_notifier.reach import Reached, path_of, resolve, routes
from tandem_notifier.wants import Call, Wants


def climb(case: Case, leg: Leg, agreement: Agreement, now: datetime, wants: Wants, reason: str) -> None:
    """Page the next rung that reaches somebody; rungs that reach nobody are skipped at once (R-E4)."""
    ladder = ladder_for(leg, agreement)
    if leg.ended and not _go_on(case, leg, wants):
        return
    leg.live.clear()
    for _ in ladder.rungs:
        pass_, step = leg.pass_, leg.step
        reached = _reached(case, leg, ladder, agreement, now)
        started = [_start_other(case, leg, name, agreement, now, wants) for name in reached.paths]
        if step == 0:
            leg.standing = 0
        for person in reached.people:
            page_person(leg, Call(leg.party, leg.track, person, leg.path, pass_, step, reason), agreement, now, wants)
        if reached.people or any(started):
            leg.reached = True
            leg.next_at = now + ladder.move_on(leg)
            _only_one_pass_when_quiet(case, leg, ladder)
            return
        nobody = "nobody to page: " + ", ".join(ladder.rungs[step] or ("no fallback",))
        wants.gap(leg.party, leg.track, leg.path, step, nobody)
        ladder.move_on(leg)
        if leg.ended:
            break
    _nobody(case, leg, ladder, now, wants)


def _reached(case: Case, leg: Leg, ladder: Ladder, agreement: Agreement, now: datetime) -> Reached:
    """Whom the leg's rung reaches; its first one whom the incident's row names, unless none of them is there."""
    brief = case.brief.on(leg.track)
    mine = [name for name in brief.responsible_people if name in agreement.people]
    targets = [f"person:{name}" for name in mine if agreement.people[name].party is leg.party] if leg.step == 0 else []
    named = resolve(agreement, ladder.path, targets, now)
    return named if named.people else resolve(agreement, ladder.path, ladder.rungs[leg.step], now, brief.accountable)


def climb_after_failure(case: Case, leg: Leg, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """Go on at once, but never faster than the path's rest around a whole ladder: a dead channel must not spin it."""
    if leg.ended:
        return
    if leg.step == 0 and leg.pass_ > leg.first_pass:
        if leg.standing > 0:
            return
        leg.pass_ -= 1
        leg.step = ladder_for(leg, agreement).steps
    climb(case, leg, agreement, now, wants, "the page before could not be delivered")


def page_person(leg: Leg, call: Call, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """Page one person by their rules: at once what has no delay, the rest as pending."""
    leg.pending = [pending for pending in leg.pending if pending.person != call.person]
    ways = routes(agreement.people[call.person])
    first = ways[0].after
    for way in ways:
        # The soonest channel is now: a person whose first rule says "after 2 m" must not be a silent step.
        if way.after == first:
            wants.page(leg, call, way)
        else:
            at = now + way.after - first
            position = {"path": call.path, "pass_": call.pass_, "step": call.step}
            leg.pending.append(Pending(at=at, person=call.person, key=way.key, **position))  # type: ignore[arg-type]


def run_pending(leg: Leg, now: datetime, wants: Wants) -> None:
    """Further channels whose delay is over."""
    if leg.state is not LegState.PAGING:
        return
    due = [pending for pending in leg.pending if pending.at <= now]
    leg.pending = [pending for pending in leg.pending if pending.at > now]
    for pending in due:
        call = Call(leg.party, leg.track, pending.person, pending.path, pending.pass_, pending.step, "")
        way = next((way for way in routes(wants.agreement.people[pending.person]) if way.key == pending.key), None)
        if way is not None:
            wants.page(leg, call, way)


def restart(leg: Leg, ladder: Ladder, now: datetime) -> None:
    """Page from the first rung again, now, in a new pass."""
    leg.pending.clear()
    leg.live.clear()
    ladder.restart(leg)
    leg.state = LegState.PAGING
    leg.next_at = now


def halt(leg: Leg, state: LegState) -> None:
    """Nothing of this leg is due any more."""
    leg.state = state
    leg.next_at = None
    leg.ended = False
    leg.pending.clear()
    leg.live.clear()


def ladder_for(leg: Leg, agreement: Agreement) -> Ladder:
    """The ladder a leg stands on."""
    return ladder_of(agreement, path_of(agreement, leg.party, leg.track, leg.path))


def _start_other(case: Case, by: Leg, path_id: str, agreement: Agreement, now: datetime, wants: Wants) -> bool:
    """Start the other party's path of the same track; true when that party is being paged or has answered."""
    party, track = agreement.paths[path_id].party, by.track
    leg = case.leg(party, track)
    if leg is None:
        leg = Leg(party=party, track=track, path=path_id, state=LegState.PAGING, called=True, next_at=now)
        case.begin(leg)
        climb(case, leg, agreement, now, wants, "called by the other party's path")
    elif leg.state in {LegState.STOPPED, LegState.EXHAUSTED}:
        leg.path, leg.called = path_id, True
        restart(leg, ladder_for(leg, agreement), now)
        climb(case, leg, agreement, now, wants, "called by the other party's path")
    return leg.state in {LegState.PAGING, LegState.ACKNOWLEDGED}


def never_gives_up(case: Case, leg: Leg) -> bool:
    """A P1 pages for ever (F22); what is only recorded ends with its path."""
    brief = case.brief.on(leg.track)
    return brief.urgency is Priority.P1 and not brief.quiet


def _go_on(case: Case, leg: Leg, wants: Wants) -> bool:
    """The whole path and its fallback passed unanswered: say so; a P1 starts again for ever (F22)."""
    leg.ended = False
    wants.exhausted(leg)
    if never_gives_up(case, leg):
        return True
    leg.state = LegState.EXHAUSTED
    leg.next_at = None
    return False


def _nobody(case: Case, leg: Leg, ladder: Ladder, now: datetime, wants: Wants) -> None:
    """Not one rung reaches anybody."""
    if leg.ended:
        leg.ended = False
    else:
        ladder.restart(leg)
    wants.exhausted(leg)
    if never_gives_up(case, leg):
        leg.next_at = now + ladder.length
    else:
        leg.state = LegState.EXHAUSTED
        leg.next_at = None


def _only_one_pass_when_quiet(case: Case, leg: Leg, ladder: Ladder) -> None:
    """Nobody can acknowledge what is never sent: one pass shows who would have been paged."""
    if case.brief.on(leg.track).quiet and (leg.pass_ > leg.first_pass or leg.step >= ladder.steps):
        halt(leg, LegState.EXHAUSTED)
