"""The state machine of a check: new, up, started, late, down, paused. Pure; time is an argument.

``take`` folds a signal, ``declare`` and ``withdraw`` what the agreement says; time is ``silence.py``. A step never
looks back: the same signals and looks in the same order give the same state.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tandem.agreement.expected import Check
from tandem.agreement.schema.expected import Sort
from tandem.model.ownership import SYSTEM
from tandem.model.signal import Signal, SignalKind
from tandem_router.checks.state import ANYHOW, NO_RUNS, Outcome, Phase, Result, Said, State, Step, Trouble

MOST_RUNS = 20
"""At once of one check; the oldest is forgotten."""


def declare(state: State | None, check: Check, now: datetime) -> State:
    """The agreement waits for ``check``, since just now or as before; another rhythm begins anew."""
    integration = check.spec.integration or ANYHOW
    if state is None:
        due = check.rhythm.first(now)
        return State(phase=Phase.NEW, since=now, integration=integration, period=check.period, due_at=due)
    if state.trouble is None:
        state = replace(state, integration=integration)
    if state.phase is Phase.PAUSED or state.period == check.period:
        return replace(state, period=check.period)
    phase = Phase.DOWN if state.trouble else Phase.NEW
    due_at = _begun(check, now, state.last_success_at)
    return replace(state, phase=phase, since=now, period=check.period, due_at=due_at, missed_at=None)


def withdraw(state: State, now: datetime) -> Step:
    """Nobody waits for it any more; what stood is over."""
    if state.phase is Phase.UNDECLARED or not state.period:
        return Step(state)
    said = cleared(state, now, "no longer expected by the agreement")
    after = replace(state, phase=Phase.UNDECLARED, since=now, period="", due_at=None, missed_at=None, runs=NO_RUNS)
    return Step(replace(after, trouble=None, trouble_since=None), (), said)


# --- signals -----------------------------------------------------------------------------------------------------


def take(state: State | None, check: Check | None, signal: Signal) -> Step:
    """A signal counts at the instant it was accepted; ``check`` None: the agreement does not wait for it."""
    at = signal.received_at
    if state is None:
        state = (
            declare(None, check, at)
            if check is not None
            else State(phase=Phase.UNDECLARED, since=at, integration=signal.integration or ANYHOW)
        )
    match signal.kind:
        case SignalKind.SUCCESS:
            return _succeeded(state, check, signal)
        case SignalKind.FAIL:
            return _failed(state, check, signal)
        case SignalKind.START:
            return _started(state, signal)
        case SignalKind.PAUSE:
            return _paused(state, signal)
        case SignalKind.RESUME:
            return resumed(state, check, signal.received_at, signal)
        case _:
            return Step(replace(state, last_signal_at=at), (_result(signal, Outcome.LOGGED),))


def _succeeded(state: State, check: Check | None, signal: Signal) -> Step:
    at = signal.received_at
    state, duration_s = _ended(state, signal)
    due_at, answers = _answered(state, check, at)
    phase = state.phase if state.phase in {Phase.PAUSED, Phase.UNDECLARED} else Phase.UP
    after = replace(
        state,
        phase=phase,
        since=state.since if phase is state.phase else at,
        due_at=due_at,
        missed_at=None,
        last_success_at=at,
        trouble=None,
        trouble_since=None,
    )
    result = replace(_result(signal, Outcome.OK), duration_s=duration_s, due_at=answers)
    return Step(after, (result,), cleared(state, at, signal.note))


def _failed(state: State, check: Check | None, signal: Signal, *, aloud: bool = True) -> Step:
    """A failure is an answer: its period is failed, and not missing as well."""
    at = signal.received_at
    state, duration_s = _ended(state, signal)
    due_at, answers = _answered(state, check, at)
    result = replace(_result(signal, Outcome.FAILED), duration_s=duration_s, due_at=answers)
    after = replace(state, due_at=due_at, missed_at=answers or state.missed_at, last_failure_at=at)
    if state.phase is Phase.PAUSED:
        return Step(after, (result,))
    if not aloud:
        return Step(after, (result,))
    said = Said(
        trouble=Trouble.FAILED, firing=True, at=at, due_at=answers, note=signal.note, exit_code=signal.exit_code
    )
    return Step(troubled(after, Trouble.FAILED, at), (result,), (said,))


def failed_elsewhere(state: State, check: Check, signal: Signal) -> Step:
    """A tool's own alert says that it failed: that alert pages, so nothing more is said here."""
    return _failed(state, check, signal, aloud=False)


def _started(state: State, signal: Signal) -> Step:
    at = signal.received_at
    runs = {**state.runs, signal.run_id: at} if state.phase is not Phase.PAUSED else {}
    kept = dict(sorted(runs.items(), key=lambda each: each[1])[-MOST_RUNS:])
    return Step(replace(state, runs=kept, last_signal_at=at), (_result(signal, Outcome.STARTED),))


def _paused(state: State, signal: Signal) -> Step:
    """An alert that stands goes on standing: nothing is over because nobody looks."""
    after = replace(
        state,
        phase=Phase.PAUSED,
        since=signal.received_at if state.phase is not Phase.PAUSED else state.since,
        due_at=None,
        missed_at=None,
        runs=NO_RUNS,
        paused_by=signal.by,
        pause_reason=signal.note,
        paused_until=signal.until,
    )
    return Step(after, (_result(signal, Outcome.PAUSED),))


def resumed(state: State, check: Check | None, at: datetime, signal: Signal | None = None) -> Step:
    """Its interval begins anew; a calendar period that was paid before the pause is not asked for again."""
    if state.phase is not Phase.PAUSED:
        return Step(state)
    phase = Phase.DOWN if state.trouble else Phase.NEW if check is not None else Phase.UNDECLARED
    after = replace(
        state,
        phase=phase,
        since=at,
        period=check.period if check is not None else "",
        due_at=_begun(check, at, state.last_success_at) if check is not None else None,
        paused_by=SYSTEM,
        pause_reason=None,
        paused_until=None,
    )
    result = _result(signal, Outcome.RESUMED) if signal is not None else Result(outcome=Outcome.RESUMED, at=at)
    return Step(after, (result,))


def _ended(state: State, signal: Signal) -> tuple[State, float | None]:
    """Without the run that this signal ends, and how long it took."""
    begun = state.runs.get(signal.run_id)
    runs = {run_id: at for run_id, at in state.runs.items() if run_id != signal.run_id}
    after = replace(state, runs=runs, last_signal_at=signal.received_at)
    if begun is None:
        return after, None
    duration_s = max(0.0, (signal.received_at - begun) / timedelta(seconds=1))
    return replace(after, duration_s=duration_s), duration_s


def _answered(state: State, check: Check | None, at: datetime) -> tuple[datetime | None, datetime | None]:
    """The deadline that stands after a word at ``at``, and the one that it answers."""
    if check is None or state.phase in {Phase.PAUSED, Phase.UNDECLARED} or check.spec.what is Sort.VOLUME:
        return state.due_at, None
    if state.due_at is None:
        return check.rhythm.first(at), state.missed_at
    before = state.missed_at or state.due_at
    due_at = check.rhythm.paid(before, at, check.grace)
    if state.missed_at is not None and due_at is not None and due_at < state.due_at:
        due_at = state.due_at
    if due_at is not None and due_at > state.due_at:
        return due_at, state.due_at
    return due_at, state.missed_at


# --- small parts -------------------------------------------------------------------------------------------------


def _begun(check: Check, at: datetime, last_success_at: datetime | None) -> datetime | None:
    """The first deadline of a check that waits from ``at`` on."""
    due_at = check.rhythm.first(at)
    if due_at is None or last_success_at is None:
        return due_at
    return check.rhythm.paid(due_at, last_success_at, check.grace)


def troubled(state: State, trouble: Trouble, at: datetime) -> State:
    """With an alert that stands, and was said just now."""
    since = state.trouble_since if state.trouble else at
    if state.phase is Phase.UNDECLARED:
        return replace(state, trouble=trouble, trouble_since=since, said_at=at)
    begun = state.since if state.phase is Phase.DOWN else at
    return replace(state, phase=Phase.DOWN, since=begun, trouble=trouble, trouble_since=since, said_at=at)


def cleared(state: State, at: datetime, note: str | None) -> tuple[Said, ...]:
    """The clear of what stands, if anything does."""
    return (Said(trouble=state.trouble, firing=False, at=at, note=note),) if state.trouble else ()


def _result(signal: Signal, outcome: Outcome) -> Result:
    return Result(
        outcome=outcome,
        at=signal.received_at,
        signal_id=signal.signal_id,
        run_id=signal.run_id,
        exit_code=signal.exit_code,
        note=signal.note,
        by=signal.by,
    )
