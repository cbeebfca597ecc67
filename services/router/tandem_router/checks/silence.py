"""What time makes of a check: late, missing, running for too long, too quiet; and when to look again. Pure.

Nothing is judged that could not have been heard (``uptime.py``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tandem.agreement.expected import Check
from tandem.agreement.schema.expected import Sort
from tandem_router.checks.fold import cleared, resumed, troubled
from tandem_router.checks.state import Outcome, Phase, Result, Said, State, Step, Trouble
from tandem_router.checks.uptime import MARGIN, Uptime, judged_at

MOST_MISSED = 100
"""Deadlines that one look counts one by one; beyond, a check that was not looked at for ages begins anew."""
AGAIN = timedelta(seconds=30)
"""How soon to look again for what cannot be judged now."""
REPEATED = timedelta(hours=12)
"""How often what stands is said again: an alert that nobody repeats counts as stale after a day."""
_WAITING = frozenset({Phase.NEW, Phase.UP, Phase.LATE, Phase.DOWN})


def look(state: State, check: Check | None, up: Uptime, now: datetime, counted: int | None = None) -> Step:
    """What time has made of it by ``now``.

    Args:
        up: since when signals could be heard.
        counted: of a volume, alerts within the counted hour that ends at its deadline.
    """
    step = _looked(state, check, up, now, counted)
    state, said_at = step.state, step.state.said_at
    if step.said or state.phase is not Phase.DOWN or state.trouble is None or said_at is None:
        return step
    if now < said_at + REPEATED:
        return step
    again = Said(trouble=state.trouble, firing=True, at=now, due_at=state.missed_at)
    return Step(replace(state, said_at=now), step.results, (again,))


def _looked(state: State, check: Check | None, up: Uptime, now: datetime, counted: int | None) -> Step:
    if state.phase is Phase.PAUSED:
        over = state.paused_until is not None and now >= state.paused_until
        return resumed(state, check, now) if over else Step(state)
    if check is None or state.phase not in _WAITING:
        return Step(state)
    if check.spec.what is Sort.VOLUME:
        return _counted(state, check, up, now, counted)
    step = _overran(state, check, up, now)
    step = _missed(step, check, up, now)
    state = step.state
    if state.due_at is not None and now >= state.due_at and state.phase in {Phase.NEW, Phase.UP}:
        state = replace(state, phase=Phase.LATE, since=now)
    return Step(state, step.results, step.said[-1:])


def _overran(state: State, check: Check, up: Uptime, now: datetime) -> Step:
    """Runs that have not ended in time."""
    longest = check.spec.max_duration
    if longest is None:
        return Step(state)
    over = {}
    for run_id, begun in state.runs.items():
        at = judged_at(begun + longest, timedelta(), up)
        if at is not None and now >= at:
            over[run_id] = begun
    if not over:
        return Step(state)
    runs = {run_id: begun for run_id, begun in state.runs.items() if run_id not in over}
    results = tuple(Result(outcome=Outcome.OVERDUE, at=now, run_id=run_id) for run_id in over)
    begun = min(over.values())
    said = Said(trouble=Trouble.OVERDUE, firing=True, at=now, due_at=begun + longest)
    return Step(troubled(replace(state, runs=runs), Trouble.OVERDUE, now), results, (_blind(said, begun, up),))


def _missed(step: Step, check: Check, up: Uptime, now: datetime) -> Step:
    """Deadlines that passed without a word."""
    state, results, said = step.state, list(step.results), list(step.said)
    for _ in range(MOST_MISSED):
        due_at = state.due_at
        at = judged_at(due_at, check.grace, up) if due_at is not None else None
        if due_at is None or at is None or now < at:
            return Step(state, tuple(results), tuple(said))
        results.append(Result(outcome=Outcome.MISSING, at=now, due_at=due_at))
        word = Said(trouble=Trouble.MISSING, firing=True, at=now, due_at=due_at)
        said.append(_blind(word, due_at, up))
        following = check.rhythm.following(due_at)
        state = replace(troubled(state, Trouble.MISSING, now), due_at=following, missed_at=due_at)
    return Step(replace(state, due_at=check.rhythm.first(now)), tuple(results), tuple(said))


def _counted(state: State, check: Check, up: Uptime, now: datetime, counted: int | None) -> Step:
    """A counted hour is over: enough, too little, or not heard from its beginning on and so no word about the tool."""
    due_at = state.due_at
    if due_at is None or up.since is None or now < due_at + check.grace + MARGIN:
        return Step(state)
    following = check.rhythm.following(due_at)
    while following is not None and following + check.grace < now - timedelta(hours=1):
        following = check.rhythm.following(following)  # nobody looked for hours: they were not heard either
    if up.since > due_at - timedelta(hours=1) or counted is None:
        return Step(replace(state, due_at=following))
    state = replace(state, due_at=following)
    if counted >= (check.spec.at_least or 1):
        after = replace(state, phase=Phase.UP, last_success_at=due_at, trouble=None, trouble_since=None)
        result = Result(outcome=Outcome.OK, at=due_at, due_at=due_at, note=f"{counted} alerts")
        return Step(after, (result,) if state.phase is not Phase.UP else (), cleared(state, now, None))
    note = f"{counted} alerts"
    result = Result(outcome=Outcome.MISSING, at=now, due_at=due_at, note=note)
    said = Said(trouble=Trouble.MISSING, firing=True, at=now, due_at=due_at, note=note)
    return Step(replace(troubled(state, Trouble.MISSING, now), missed_at=due_at), (result,), (said,))


def heard_again(state: State, at: datetime, counted: int) -> Step:
    """A volume that was too little is enough again, within the hour at hand."""
    after = replace(state, phase=Phase.UP, since=at, missed_at=None, last_success_at=at, trouble=None)
    result = Result(outcome=Outcome.OK, at=at, note=f"{counted} alerts")
    return Step(replace(after, trouble_since=None), (result,), cleared(state, at, None))


def next_look(state: State, check: Check | None, up: Uptime, now: datetime) -> datetime | None:
    """When time will have changed something; None: only a signal does. Always after ``now``."""
    if state.phase is Phase.PAUSED:
        return max(state.paused_until, now + AGAIN) if state.paused_until is not None else None
    if check is None or state.phase not in _WAITING:
        return None
    wanted: list[tuple[datetime, datetime | None]] = []
    if state.phase is Phase.DOWN and state.said_at is not None:
        wanted.append((state.said_at + REPEATED, state.said_at + REPEATED))
    if check.spec.max_duration is not None:
        ends = [begun + check.spec.max_duration for begun in state.runs.values()]
        wanted += [(end, judged_at(end, timedelta(), up)) for end in ends]
    if state.due_at is not None:
        soon = state.phase in {Phase.NEW, Phase.UP} and now < state.due_at and check.spec.what is not Sort.VOLUME
        wanted.append((state.due_at, state.due_at if soon else judged_at(state.due_at, check.grace, up)))
    found = [at if at is not None and at > now else max(due_at, now + AGAIN) for due_at, at in wanted]
    return min(found, default=None)


def _blind(said: Said, since: datetime, up: Uptime) -> Said:
    """With the time without ears, when it may have swallowed the signal."""
    if up.since is None or up.blind_from is None or up.since <= since - timedelta(hours=1):
        return said
    return replace(said, blind_from=up.blind_from, blind_until=up.since)
