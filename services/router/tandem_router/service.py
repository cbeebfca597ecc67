"""The router as a stage of the pipeline: what it reads, the order in which it works, what it writes and publishes.

The decision is ``decide``, the state machine ``incident`` and ``commands``, the fold over a batch ``batch``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tandem.agreement.suppression import Suppressor
from tandem.bus.plan import DueTimer, Inbox, Plan
from tandem.bus.topics import ALERTS, COMMANDS, MISSING, SIGNALS, SUPPRESSIONS, Topic, tenant_key
from tandem.db.timers import set_timer
from tandem.ids import uuid7
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.events import Command
from tandem.model.signal import Signal
from tandem.model.suppression import SuppressionStep
from tandem_router import announce, governance, held, overflow
from tandem_router import metrics as figures
from tandem_router.batch import Agreements, Batch, Loaded
from tandem_router.checks.batch import BEHIND, CheckBatch
from tandem_router.roll import ROLL, go_on
from tandem_router.standing import Known
from tandem_router.store import checks, holds, running, windows
from tandem_router.store.needed import Needed
from tandem_router.store.rolls import arm_rolls
from tandem_router.store.written import SCHEMA, planned


class Router:
    """``Stage[Loaded]``: alerts and commands in, incidents and routed records out."""

    group: str = "router"
    inputs: tuple[Topic, ...] = (ALERTS, MISSING, SIGNALS, COMMANDS)
    timer_schema: str | None = SCHEMA

    def __init__(self, *, agreements: Agreements, metrics: Metrics | None = None) -> None:
        """``agreements`` are held in memory; without ``metrics`` nothing is counted."""
        self._agreements = agreements
        self._needed = Needed(agreements)
        self._metrics = metrics
        self._armed: dict[str, tuple[tuple[Suppressor, ...], timedelta]] = {}
        """What a tenant's windows were armed for: themselves, and how often their owners are reminded."""
        self._rearmed_at: datetime | None = None
        self._rolling: dict[str, int] = {}
        """Version of the agreement for which a tenant's day roll was armed."""

    async def load(self, connection: Any, inbox: Inbox, now: datetime) -> Loaded:  # noqa: ANN401 - the port's signature
        """What the batch needs, its incidents locked.

        Raises:
            PoisonRecord: an alert or a raise of a tenant without an active agreement.
            Unavailable: the database or an agreement's version cannot be had now.
        """
        return await self._needed.load(connection, inbox, now)

    def plan(self, inbox: Inbox, state: Loaded, now: datetime) -> Plan:
        """Fold the batch in order, timers last: what arrived before a hold-down was over counts before it."""
        watched = self._watch(inbox, state, now)
        batch = Batch(state, self._agreements, now, new_incident_id)
        for payload in inbox.payloads:
            if isinstance(payload, Alert):
                batch.take_alert(payload)
            elif isinstance(payload, Command):
                batch.take_command(payload)
        for timer in inbox.timers:
            batch.take_timer(timer)
        plan = planned(batch, now)
        watched.put(plan, SCHEMA)
        for timer in inbox.timers:
            if timer.kind == announce.BOUNDARY:
                self._announce(plan, timer, state.told[timer.tenant], now)
            elif timer.kind == ROLL:
                agreement, last = self._agreements.active(timer.tenant), state.rolled.get(timer.key)
                due_at = go_on(plan.writes, SCHEMA, timer, agreement, last, now)
                if due_at is not None:
                    plan.expect_timer(due_at)
        for tenant, queue in state.queues.items():
            overflow.put(plan.writes, tenant, queue)
        decided = ((each.alert, each.routing) for each in batch.decided)
        governance.put(plan.writes, decided, self._agreements.active)
        return plan

    def _watch(self, inbox: Inbox, state: Loaded, now: datetime) -> CheckBatch:
        """What was heard of the checks, and what was not; before the alerts are folded, which marks them as seen."""
        heard = [payload for payload in inbox.payloads if isinstance(payload, (Alert, Signal))]
        behind = any(now - each.received_at > BEHIND for each in heard)
        watched = CheckBatch(state.checks, self._agreements.active, now, behind=behind)
        for each in heard:
            if isinstance(each, Signal):
                watched.take_signal(each)
            elif each.alert_id not in state.seen:
                watched.take_alert(each)
        for timer in inbox.timers:
            watched.take_timer(timer)
        return watched

    def _announce(self, plan: Plan, timer: DueTimer, known: Known, now: datetime) -> None:
        """Tell what happened to windows and silences; what ended lets go what it held."""
        agreement = self._agreements.active(timer.tenant)
        if agreement is None:
            return
        told = announce.look(agreement, known, timer.due_at, now)
        for event in told.noted:
            announce.put(plan.writes, event)
        for event in told.events:
            announce.put(plan.writes, event)
            plan.publish(SUPPRESSIONS, tenant_key(event.tenant), event)
            if event.step is SuppressionStep.ENDED:
                key = f"{event.kind.value}:{event.suppression_id}"
                set_timer(plan.writes, SCHEMA, tenant=event.tenant, key=key, kind=held.LET_GO, due_at=now)
                plan.expect_timer(now)
        if told.next_due is not None:
            set_timer(plan.writes, SCHEMA, tenant=timer.tenant, key="", kind=announce.BOUNDARY, due_at=told.next_due)
            plan.expect_timer(told.next_due)

    async def arm(self, connection: Any, tenants: Iterable[str], now: datetime) -> list[str]:  # noqa: ANN401 - as load
        """Let windows, and the hours, be looked at whose agreement or silences changed since the last call.

        Returns:
            The tenants; the caller tells the runner that a timer is due.
        """
        if self._rearmed_at is None or now - self._rearmed_at >= held.LOOK_AGAIN:
            await holds.rearm(connection, now)
            self._rearmed_at = now
        found = {tenant: self._agreements.active(tenant) for tenant in tenants}
        current = {
            tenant: (known.suppression.holders, known.timing.suppression_reminder)
            for tenant, known in found.items()
            if known is not None
        }
        changed = sorted(
            tenant
            for tenant, (holders, every) in current.items()
            if self._armed.get(tenant, ((), every)) != (holders, every)
        )
        if changed:
            await windows.arm(connection, changed, now)
            self._armed = current
        versions = {tenant: known.version for tenant, known in found.items() if known is not None}
        rolling = sorted(tenant for tenant, version in versions.items() if self._rolling.get(tenant) != version)
        if rolling:
            await arm_rolls(connection, rolling, now)
            await checks.arm_checks(connection, rolling, now)
            self._rolling = versions
        return sorted({*changed, *rolling})

    def committed(self, plan: Plan) -> None:
        """Count what is durable now."""
        if self._metrics is not None:
            for counted in plan.after:
                figures.record(self._metrics, counted)

    async def observe(self, connection: Any) -> None:  # noqa: ANN401 - an asyncpg connection
        """Set the gauge of open incidents from the database, once at the start of the process."""
        if self._metrics is not None:
            figures.set_open(self._metrics, await running.count_open(connection))


def new_incident_id(alert: Alert) -> UUID:
    """The id of the incident that this alert opens: the same again when the batch is run again."""
    return uuid7(alert.received_at, alert.alert_id.bytes)
