"""The state machine of a check, step by step and over any run of signals, looks and pauses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tandem.agreement.expected import Check, compile_expected
from tandem.agreement.schema.expected import ExpectedSpec
from tandem.model.signal import Signal, SignalKind
from tandem_router.checks import fold, silence
from tandem_router.checks.state import Phase, Said, State, Step, Trouble
from tandem_router.checks.uptime import Uptime, judged_at, uptime
from tandem_router.checks.writes import state_of

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
ALWAYS = Uptime(START - timedelta(days=900))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HOURLY = {"id": "job", "every": "1h", "grace": "10m", "max_duration": "30m"}
SUNDAYS = {"id": "job", "what": "backup", "asset": "a", "days": ["sun"], "by": "06:00", "grace": "30m"}
NIGHTLY = {"id": "job", "cron": "30 2 * * *", "grace": "1h"}


def check_of(keys: Mapping[str, object]) -> Check:
    return compile_expected([ExpectedSpec.model_validate(keys)], "America/New_York").checks["job"]


def signal(kind: SignalKind, at: datetime, run_id: str = "", **fields: object) -> Signal:
    return Signal(signal_id=uuid4(), tenant="acme", check="job", kind=kind, received_at=at, run_id=run_id, **fields)  # type: ignore[arg-type]


def after(check: Check, *kinds: SignalKind, minutes: float = 0) -> Step:
    step = Step(fold.declare(None, check, START))
    for kind in kinds:
        step = fold.take(step.state, check, signal(kind, START + minutes * MINUTE))
    return step


def test_a_new_check_is_late_then_down_when_nothing_comes():
    check = check_of(HOURLY)
    state = fold.declare(None, check, START)

    late = silence.look(state, check, ALWAYS, START + HOUR)
    down = silence.look(late.state, check, ALWAYS, START + 71 * MINUTE)

    assert (state.phase, late.state.phase, late.said) == (Phase.NEW, Phase.LATE, ())
    assert (down.state.phase, down.state.trouble) == (Phase.DOWN, Trouble.MISSING)
    assert [(said.firing, said.due_at) for said in down.said] == [(True, START + HOUR)]


def test_a_silence_is_one_line_of_history_and_said_again_every_half_day_so_that_it_does_not_grow_stale():
    check = check_of(HOURLY)
    down = silence.look(fold.declare(None, check, START), check, ALWAYS, START + 80 * MINUTE)
    half_a_day = START + 80 * MINUTE + 12 * HOUR

    early = silence.look(down.state, check, ALWAYS, half_a_day - MINUTE)
    again = silence.look(early.state, check, ALWAYS, half_a_day)

    assert (early.said, early.results, again.results) == ((), (), ())
    assert silence.next_look(early.state, check, ALWAYS, half_a_day - MINUTE) == half_a_day
    assert [(said.trouble, said.firing, said.due_at) for said in again.said] == [
        (Trouble.MISSING, True, START + HOUR)
    ]  # fmt: skip


def test_a_run_is_measured_and_its_end_alone_clears():
    check = check_of(HOURLY)
    state = after(check, SignalKind.START).state
    other = fold.take(state, check, signal(SignalKind.START, START + MINUTE, "b")).state

    ended = fold.take(other, check, signal(SignalKind.SUCCESS, START + 5 * MINUTE, "b"))

    assert other.shown is Phase.STARTED
    assert ended.results[0].duration_s == 240
    assert list(ended.state.runs) == [""]
    overdue = silence.look(ended.state, check, ALWAYS, START + 31 * MINUTE)
    assert (overdue.state.trouble, overdue.state.runs) == (Trouble.OVERDUE, {})


def test_a_failure_is_told_every_time_and_answers_its_period():
    check = check_of(SUNDAYS)

    failed = after(check, SignalKind.FAIL, SignalKind.FAIL)
    verified = fold.take(failed.state, check, signal(SignalKind.SUCCESS, START + MINUTE))

    sunday = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
    assert [said.trouble for said in failed.said] == [Trouble.FAILED]
    assert failed.state.due_at == sunday + timedelta(days=7)
    assert (verified.results[0].due_at, verified.state.due_at) == (sunday, sunday + timedelta(days=7))
    assert [said.firing for said in verified.said] == [False]


def test_while_nothing_hears_no_deadline_is_judged_and_it_is_looked_at_again():
    check = check_of(HOURLY)
    state, now = fold.declare(None, check, START), START + 3 * HOUR

    step = silence.look(state, check, Uptime(None, START), now)

    assert (step.said, step.state.phase) == ((), Phase.LATE)
    assert silence.next_look(step.state, check, Uptime(None, START), now) == now + silence.AGAIN


def test_after_a_time_without_ears_a_grace_passes_and_the_alert_says_so():
    check = check_of(HOURLY)
    up = Uptime(START + 3 * HOUR, START + 30 * MINUTE)
    state = fold.declare(None, check, START)

    early = silence.look(state, check, up, START + 3 * HOUR + 10 * MINUTE)
    judged = silence.look(early.state, check, up, START + 3 * HOUR + 11 * MINUTE)

    assert early.said == ()
    assert [(said.blind_from, said.blind_until) for said in judged.said] == [(up.blind_from, up.since)]


def test_a_long_grace_does_not_put_a_judgement_off_for_ever_when_we_restart_every_hour():
    up = Uptime(START + 5 * HOUR)

    assert judged_at(START, timedelta(days=1), up) == START + timedelta(days=1, seconds=5)
    assert judged_at(START - timedelta(days=2), timedelta(days=1), up) == START + 6 * HOUR + timedelta(seconds=5)


def test_another_rhythm_begins_anew_and_the_same_one_stays():
    state = after(check_of(HOURLY), SignalKind.SUCCESS).state

    same = fold.declare(state, check_of(HOURLY), START + 30 * MINUTE)
    other = fold.declare(state, check_of({**HOURLY, "every": "2h"}), START + 30 * MINUTE)

    assert same.due_at == state.due_at
    assert (other.phase, other.due_at) == (Phase.NEW, START + 150 * MINUTE)


def test_a_resumed_check_does_not_ask_again_for_the_period_that_was_paid():
    check, sunday = check_of(SUNDAYS), datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
    paid = after(check, SignalKind.SUCCESS, SignalKind.PAUSE, SignalKind.RESUME, minutes=1).state
    unpaid = after(check, SignalKind.PAUSE, SignalKind.RESUME, minutes=1).state

    assert (paid.due_at, unpaid.due_at) == (sunday + timedelta(days=7), sunday)


def test_a_state_survives_its_row():
    check = check_of(HOURLY)
    state = after(check, SignalKind.FAIL, SignalKind.START).state

    import msgspec

    assert state_of(msgspec.json.encode(state, enc_hook=dict).decode()) == state


@pytest.mark.parametrize(
    ("stretches", "since", "blind"),
    [
        ([], None, None),
        ([(0, 59)], 0, None),
        ([(0, 10)], None, 10),
        ([(0, 30), (30, 60)], 0, None),
        ([(0, 20), (40, 60)], 40, 20),
        ([(0, 45), (40, 60), (-20, -5)], 0, -5),
    ],
)
def test_who_heard_when_is_one_stretch_over_all_processes(stretches, since, blind):
    at = [(START + begin * MINUTE, START + end * MINUTE) for begin, end in stretches]

    found = uptime(at, START + 60 * MINUTE)

    assert found.since == (None if since is None else START + since * MINUTE)
    assert found.blind_from == (None if blind is None else START + blind * MINUTE)


class Life(RuleBasedStateMachine):
    """Any run of signals, looks and pauses, with time going on; judged against a plain retelling."""

    @initialize(keys=st.sampled_from([HOURLY, SUNDAYS, NIGHTLY]))
    def begin(self, keys: Mapping[str, object]) -> None:
        self.check = check_of(keys)
        self.now = START
        self.state: State = fold.declare(None, self.check, self.now)
        self.standing = False
        self.last_ok = START

    def keep(self, step: Step) -> None:
        for said in step.said:
            self.standing = said.firing
        self.state = step.state

    def word(self, kind: SignalKind, run_id: str = "") -> None:
        before = self.state
        step = fold.take(before, self.check, signal(kind, self.now, run_id))
        if before.phase is Phase.PAUSED:
            assert not any(said.firing for said in step.said)
        self.keep(step)

    @rule(minutes=st.integers(1, 60 * 24 * 9))
    def time_passes(self, minutes: int) -> None:
        until = self.now + minutes * MINUTE
        for _ in range(2000):
            at = silence.next_look(self.state, self.check, ALWAYS, self.now)
            assert at is None or at > self.now
            if at is None or at > until:
                break
            self.now = at
            self.keep(silence.look(self.state, self.check, ALWAYS, self.now))
        self.now = until

    @rule(run_id=st.sampled_from(["", "a", "b"]))
    def success(self, run_id: str) -> None:
        self.word(SignalKind.SUCCESS, run_id)
        self.last_ok = self.now
        assert self.state.trouble is None
        assert self.state.phase in {Phase.UP, Phase.PAUSED}

    @rule()
    def fail(self) -> None:
        self.word(SignalKind.FAIL)
        assert self.state.phase in {Phase.DOWN, Phase.PAUSED}

    @rule(run_id=st.sampled_from(["", "a", "b"]))
    def start(self, run_id: str) -> None:
        self.word(SignalKind.START, run_id)

    @rule()
    def pause(self) -> None:
        self.word(SignalKind.PAUSE)
        assert silence.next_look(self.state, self.check, ALWAYS, self.now) is None

    @rule()
    def resume(self) -> None:
        paused = self.state.phase is Phase.PAUSED
        self.word(SignalKind.RESUME)
        if paused:
            first = self.check.rhythm.first(self.now)
            assert first is not None
            assert self.state.due_at in {first, self.check.rhythm.following(first)}

    @invariant()
    def an_alert_stands_exactly_while_there_is_trouble(self) -> None:
        if hasattr(self, "state"):
            assert self.standing == (self.state.trouble is not None)

    @invariant()
    def what_is_down_has_trouble_and_nothing_waits_in_vain(self) -> None:
        if not hasattr(self, "state"):
            return
        state = self.state
        if state.phase is Phase.DOWN:
            assert state.trouble is not None
        if state.phase in {Phase.NEW, Phase.UP, Phase.LATE}:
            assert state.trouble is None
            assert state.due_at is not None  # a silence cannot go unnoticed
            assert state.due_at + self.check.grace + MINUTE >= self.now

    @invariant()
    def looking_twice_changes_nothing(self) -> None:
        if hasattr(self, "state"):
            once = silence.look(self.state, self.check, ALWAYS, self.now)
            twice = silence.look(once.state, self.check, ALWAYS, self.now)
            assert (twice.said, twice.results, twice.state) == ((), (), once.state)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@given(st.lists(st.sampled_from([SignalKind.SUCCESS, SignalKind.FAIL, SignalKind.LOG, SignalKind.START]), max_size=20))
def test_what_nobody_declared_raises_only_failures(kinds: list[SignalKind]):
    state: State | None = None
    said: list[Said] = []
    for number, kind in enumerate(kinds):
        step = fold.take(state, None, signal(kind, START + number * MINUTE))
        state, said = step.state, [*said, *step.said]

    assert [each.firing for each in said if each.firing] == [True] * kinds.count(SignalKind.FAIL)
    assert state is None or (state.phase is Phase.UNDECLARED and state.due_at is None)
    assert {each.trouble for each in said} <= {Trouble.FAILED}
