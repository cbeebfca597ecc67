"""The checks of one batch: signals and alerts folded in order, then what time has made of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.agreement.expected import Check
from tandem.agreement.rhythm import slot_of
from tandem.agreement.schema.expected import Sort
from tandem.bus.plan import DueTimer, Plan
from tandem.bus.topics import MISSING, alert_key
from tandem.db.timers import cancel_timer, set_timer
from tandem.ids import uuid8
from tandem.model.alert import Alert, AlertStatus, Severity
from tandem.model.signal import Signal, SignalKind
from tandem_router.checks import fold, silence
from tandem_router.checks.raising import VENDOR, alert_of
from tandem_router.checks.state import Outcome, Phase, Result, State, Step
from tandem_router.checks.uptime import Uptime
from tandem_router.checks.writes import Line, put_count, put_lines, put_state

CHECK = "check"
"""Kind of the router's timer of one check; its key is the check's id."""
DECLARE = "checks"
"""Kind of the timer that compares a tenant's checks with its agreement."""
BEHIND = timedelta(seconds=30)
"""A batch with older records than this is catching up: what is still unread may be the signal."""
LATE_TIMER = timedelta(seconds=60)
"""A timer that comes so late tells that nothing was read meanwhile."""
Key = tuple[str, str]
"""Tenant and check."""
Slot = tuple[str, str, datetime]
"""Tenant, check and the beginning of a counted hour."""


@dataclass(slots=True, kw_only=True)
class LoadedChecks:
    """What the database knew of the checks that a batch is about; rows are locked."""

    states: dict[Key, State | None] = field(default_factory=dict)
    seen: set[UUID] = field(default_factory=set)
    """Signals that were folded before."""
    up: Uptime = field(default_factory=Uptime)
    counts: dict[Slot, int] = field(default_factory=dict)
    """Alerts of counted hours."""


class CheckBatch:
    """Feed it in order, then ``put`` what came of it."""

    def __init__(
        self, loaded: LoadedChecks, active: Callable[[str], Agreement | None], now: datetime, *, behind: bool
    ) -> None:
        """``active`` gives a tenant's agreement; ``behind``: unread records may hold what is waited for."""
        self._loaded = loaded
        self._active = active
        self._now = now
        self._behind = behind
        self._touched: set[Key] = set()
        self._steps: list[tuple[Key, Step]] = []
        self._counted: Counter[Slot] = Counter()
        self._asked: set[Key] = set()

    def take_signal(self, signal: Signal) -> None:
        """One that came twice counts once."""
        if signal.signal_id in self._loaded.seen:
            return
        self._loaded.seen.add(signal.signal_id)
        key = (signal.tenant, signal.check)
        state, check = self._state(key), self._check(key)
        if state is None and check is None and signal.kind in {SignalKind.PAUSE, SignalKind.RESUME}:
            return
        self._keep(key, fold.take(state, check, signal))

    def take_alert(self, alert: Alert) -> None:
        """An alert may be the signal of a check, or be counted; ours never is."""
        for check in watching(self._active(alert.tenant), alert):
            key = (alert.tenant, check.id)
            if check.spec.what is Sort.VOLUME:
                self._count(key, check, alert)
                continue
            signal = signal_of(check, alert)
            state = self._state(key) or fold.declare(None, check, self._now)
            if signal.signal_id in self._loaded.seen:
                continue
            self._loaded.seen.add(signal.signal_id)
            if signal.kind is SignalKind.SUCCESS:
                self._keep(key, fold.take(state, check, signal))
            else:
                self._keep(key, fold.failed_elsewhere(state, check, signal))

    def take_timer(self, timer: DueTimer) -> None:
        """A kind that is no check's does nothing here."""
        if timer.kind == DECLARE:
            self._declare(timer.tenant)
        elif timer.kind == CHECK:
            self._asked.add((timer.tenant, timer.key))
            self._look((timer.tenant, timer.key), timer)

    def _declare(self, tenant: str) -> None:
        agreement = self._active(tenant)
        checks = agreement.expected.checks if agreement is not None else {}
        for check in checks.values():
            key = (tenant, check.id)
            state = self._state(key)
            self._keep(key, Step(fold.declare(state, check, self._now)))
        for key in [key for key in self._loaded.states if key[0] == tenant and key[1] not in checks]:
            state = self._state(key)
            if state is not None:
                self._keep(key, fold.withdraw(state, self._now))

    def _look(self, key: Key, timer: DueTimer) -> None:
        state, check = self._state(key), self._check(key)
        if state is None:
            return
        self._touched.add(key)
        if self._behind or self._now - timer.due_at > LATE_TIMER:
            self._asked.discard(key)  # not judged: looked at again soon
            return
        self._keep(key, silence.look(state, check, self._loaded.up, self._now, self._hour(key, check, state)))

    def _hour(self, key: Key, check: Check | None, state: State) -> int | None:
        """Alerts of the counted hour that ends at the deadline."""
        if check is None or check.spec.what is not Sort.VOLUME or state.due_at is None:
            return None
        return self._total((*key, state.due_at - timedelta(hours=1)))

    def _count(self, key: Key, check: Check, alert: Alert) -> None:
        slot = slot_of(check.hours, alert.received_at) if check.hours is not None else None
        if slot is None:
            return
        place = (*key, slot[0])
        self._counted[place] += 1
        state = self._state(key)
        enough = self._total(place) >= (check.spec.at_least or 1)
        if state is not None and state.phase is Phase.DOWN and enough:
            self._keep(key, silence.heard_again(state, alert.received_at, self._total(place)))

    def _total(self, slot: Slot) -> int:
        return self._loaded.counts.get(slot, 0) + self._counted[slot]

    def _state(self, key: Key) -> State | None:
        return self._loaded.states.get(key)

    def _check(self, key: Key) -> Check | None:
        agreement = self._active(key[0])
        return agreement.expected.checks.get(key[1]) if agreement is not None else None

    def _keep(self, key: Key, step: Step) -> None:
        self._loaded.states[key] = step.state
        self._touched.add(key)
        self._steps.append((key, step))

    # --- what came of it -----------------------------------------------------------------------------------------

    def put(self, plan: Plan, schema: str) -> None:
        """Rows, history, timers, and the alerts that the router will read next."""
        for slot, count in self._counted.items():
            put_count(plan.writes, slot, count)
        for key in sorted(self._touched):
            self._put_one(plan, schema, key)
        for key, step in self._steps:
            put_lines(plan.writes, self._lines(key, step))
            self._say(plan, key, step)

    def _put_one(self, plan: Plan, schema: str, key: Key) -> None:
        state, check = self._loaded.states[key], self._check(key)
        if state is None:
            return
        put_state(plan.writes, key, state, check)
        due_at = silence.next_look(state, check, self._loaded.up, self._now)
        name = {"tenant": key[0], "key": key[1], "kind": CHECK}
        if due_at is None:
            cancel_timer(plan.writes, schema, **name)
            return
        set_timer(plan.writes, schema, **name, due_at=due_at)
        plan.expect_timer(due_at)

    def _lines(self, key: Key, step: Step) -> Iterator[Line]:
        check, agreement = self._check(key), self._active(key[0])
        for index, result in enumerate(step.results):
            if worth_keeping(result, check):
                what = f"{result.outcome.value}/{result.at.isoformat()}/{result.due_at}/{index}"
                result_id = result.signal_id or uuid8("check", *key, what)
                yield Line(result_id, key, result, check, agreement.version if agreement is not None else 0)

    def _say(self, plan: Plan, key: Key, step: Step) -> None:
        agreement = self._active(key[0])
        if agreement is None:
            return
        for said in step.said:
            alert = alert_of(agreement, key[1], self._check(key), step.state, said, self._now)
            plan.publish(MISSING, alert_key(alert.tenant, alert.dedup_key), alert)


def watching(agreement: Agreement | None, alert: Alert) -> list[Check]:
    """The checks that look at ``alert``; most agreements have none."""
    if agreement is None or not agreement.expected.by_alert or alert.vendor == VENDOR:
        return []
    return [check for check in agreement.expected.by_alert if check.takes(alert)]


def signal_of(check: Check, alert: Alert) -> Signal:
    """The signal that a backup tool's own alert is: a clear or a mere information is a success."""
    good = alert.status is AlertStatus.RESOLVED or alert.severity is Severity.INFO
    return Signal(
        signal_id=uuid8("signal", check.id, alert.alert_id.bytes),
        tenant=alert.tenant,
        check=check.id,
        kind=SignalKind.SUCCESS if good else SignalKind.FAIL,
        received_at=alert.received_at,
        integration=alert.integration,
        note=alert.title,
    )


def worth_keeping(result: Result, check: Check | None) -> bool:
    """A heartbeat's plain success is counted in its state alone: one a minute would fill the table with nothing."""
    plain = check is None or check.spec.what is Sort.HEARTBEAT
    dull = result.duration_s is None and not result.note and not result.run_id
    return not (plain and dull and result.outcome is Outcome.OK)
