"""The router as a stage of the pipeline: what it reads, the order in which it works, what it writes and publishes.

The decision is ``decide``, the state machine ``incident`` and ``commands``, the fold over a batch ``batch``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.bus.plan import Inbox, Plan
from tandem.bus.topics import ALERTS, COMMANDS, INCIDENTS, Topic, incident_key
from tandem.db.timers import cancel_timer, set_timer
from tandem.ids import uuid7
from tandem.metrics import Metrics
from tandem.model.alert import Alert, AlertStatus
from tandem.model.events import Command, CommandKind
from tandem_router import metrics as figures
from tandem_router import store
from tandem_router.batch import HOLD_DOWN, Agreements, Batch, Loaded, active, place
from tandem_router.grouping import condition_of, dedup_group
from tandem_router.routed import cloud_events

SCHEMA = "router"


class Router:
    """``Stage[Loaded]``: alerts and commands in, incidents and routed records out."""

    group: str = "router"
    inputs: tuple[Topic, ...] = (ALERTS, COMMANDS)
    timer_schema: str | None = SCHEMA

    def __init__(self, *, agreements: Agreements, metrics: Metrics | None = None) -> None:
        """``agreements`` are held in memory; without ``metrics`` nothing is counted."""
        self._agreements = agreements
        self._metrics = metrics

    async def load(self, connection: Any, inbox: Inbox, now: datetime) -> Loaded:  # noqa: ANN401, ARG002 - the port's signature
        """One statement: incidents of the alerts' groups, of commands and timers, locked, and what was done before.

        Raises:
            PoisonRecord: an alert or a raise of a tenant without an active agreement.
            Unavailable: the database or an agreement's version cannot be had now.
        """
        alerts = [payload for payload in inbox.payloads if isinstance(payload, Alert)]
        commands = [payload for payload in inbox.payloads if isinstance(payload, Command)]
        raised = {command.tenant for command in commands if command.kind is CommandKind.RAISE}
        await self._agreements.ensure([(tenant, None) for tenant in raised | {alert.tenant for alert in alerts}])
        for tenant in raised:
            active(self._agreements, tenant)
        placed = {alert.alert_id: place(alert, active(self._agreements, alert.tenant)) for alert in alerts}
        firing = {alert.tenant for alert in alerts if alert.status is AlertStatus.FIRING}
        loaded = await store.load(
            connection,
            places={place for alert in alerts for place in _places(alert, placed[alert.alert_id][1])},
            incidents={command.incident_id for command in commands} | {UUID(timer.key) for timer in inbox.timers},
            numbering=raised | firing,
            alerts={alert.alert_id for alert in alerts},
            commands={command.command_id for command in commands},
        )
        await self._agreements.ensure({(known.tenant, known.agreement_version) for known in loaded.incidents})
        loaded.classified = placed
        return loaded

    def plan(self, inbox: Inbox, state: Loaded, now: datetime) -> Plan:
        """Fold the batch in order, timers last: what arrived before a hold-down was over counts before it."""
        batch = Batch(state, self._agreements, now, new_incident_id)
        for payload in inbox.payloads:
            if isinstance(payload, Alert):
                batch.take_alert(payload)
            else:
                batch.take_command(payload)
        for timer in inbox.timers:
            batch.take_timer(timer)
        return _planned(batch, now)

    def committed(self, plan: Plan) -> None:
        """Count what is durable now."""
        if self._metrics is not None:
            for counted in plan.after:
                figures.record(self._metrics, counted)

    async def observe(self, connection: Any) -> None:  # noqa: ANN401 - an asyncpg connection
        """Set the gauge of open incidents from the database, once at the start of the process."""
        if self._metrics is not None:
            figures.set_open(self._metrics, await store.count_open(connection))


def new_incident_id(alert: Alert) -> UUID:
    """The id of the incident that this alert opens: the same again when the batch is run again."""
    return uuid7(alert.received_at, alert.alert_id.bytes)


def _places(alert: Alert, key: str) -> set[tuple[str, str, str]]:
    """Where the alert's incident may be: its group, and its dedup key alone from when its words were others."""
    return {(alert.tenant, each, condition_of(alert)) for each in (key, dedup_group(alert))}


def _planned(batch: Batch, now: datetime) -> Plan:
    plan = Plan()
    for decided in batch.decided:
        store.put_decided(plan.writes, decided, now)
    for answered in batch.answered:
        store.put_answered(plan.writes, answered)
    for incident_id, incident in batch.incidents.items():
        if incident is not batch.before.get(incident_id):
            store.put_incident(plan.writes, incident, new=incident_id not in batch.before)
    store.put_memberships(plan.writes, batch.joined)
    store.put_numbers(plan.writes, batch.numbered)
    _set_timers(plan, batch)
    for event in batch.events:
        store.put_fact(plan.writes, event.fact)
        incident = event.incident
        plan.publish(INCIDENTS, incident_key(incident.tenant, incident.incident_id), event)
        plan.outgoing.extend(cloud_events(event))
    if batch.decided or batch.events:
        plan.after.append(figures.count(batch.decided, batch.events, now))
    return plan


def _set_timers(plan: Plan, batch: Batch) -> None:
    """A timer stands exactly while a hold-down runs; one that was claimed for this batch is gone."""
    for incident_id, incident in batch.incidents.items():
        before = batch.before.get(incident_id)
        stood = before.hold_until if before is not None and incident_id not in batch.claimed else None
        name = {"tenant": incident.tenant, "key": str(incident_id), "kind": HOLD_DOWN}
        if incident.hold_until is not None and incident.hold_until != stood:
            set_timer(plan.writes, SCHEMA, **name, due_at=incident.hold_until)
            plan.expect_timer(incident.hold_until)
        elif incident.hold_until is None and stood is not None:
            cancel_timer(plan.writes, SCHEMA, **name)
