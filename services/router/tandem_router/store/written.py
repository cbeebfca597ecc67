"""What a decided batch becomes: rows, facts, timers and records, as one plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tandem.bus.plan import Plan
from tandem.bus.topics import INCIDENTS, URGENT, incident_key
from tandem.db.timers import cancel_timer, set_timer
from tandem.model.incident import Incident
from tandem.model.priority import Priority
from tandem_router import expiry, reach, stale, storm
from tandem_router import metrics as figures
from tandem_router.batch import ANSWER, CALM, HOLD_DOWN, Batch
from tandem_router.held import LET_GO
from tandem_router.routed import cloud_events
from tandem_router.store.alerts import put_decided
from tandem_router.store.commands import put_answered
from tandem_router.store.held_rows import put_holds, put_links
from tandem_router.store.incidents import put_fact, put_incident
from tandem_router.store.memberships import put_memberships, put_numbers

SCHEMA = "router"


def planned(batch: Batch, now: datetime) -> Plan:
    """Everything that commits with the batch; what it asks to be woken for."""
    plan = Plan()
    linked = batch.holds.linked
    for decided in batch.decided:
        # One that was held and came to an incident in this very batch is written with it.
        incident_id = linked.get(decided.alert.alert_id, decided.incident_id)
        put_decided(plan.writes, replace(decided, incident_id=incident_id), now)
        expires_at = expiry.put(plan.writes, SCHEMA, decided.alert)
        if expires_at is not None:
            plan.expect_timer(expires_at)
    for answered in batch.answered:
        put_answered(plan.writes, answered)
    for incident_id, incident in batch.incidents.items():
        if incident is not batch.before.get(incident_id):
            classes = batch.agreement_of(incident).rules.wide_outage_classes
            outage_at = reach.outage_at(incident, classes)
            put_incident(plan.writes, incident, new=incident_id not in batch.before, outage_at=outage_at)
    put_memberships(plan.writes, batch.joined, batch.unkept)
    storm.put(plan.writes, batch.openings, lambda tenant: batch.in_force(tenant).storm)
    put_numbers(plan.writes, batch.numbered)
    put_links(plan.writes, linked, (decided.alert.alert_id for decided in batch.decided))
    _set_timers(plan, batch)
    _look_again_at(plan, batch)
    _let_go(plan, batch, now)
    for event in batch.events:
        put_fact(plan.writes, event.fact)
        incident = event.incident
        plan.publish(INCIDENTS, incident_key(incident.tenant, incident.incident_id), event)
        if event.fact.version == 1 and incident.priority is Priority.P1:
            plan.publish(URGENT, incident_key(incident.tenant, incident.incident_id), event)
        plan.outgoing.extend(cloud_events(event))
    if batch.decided or batch.events:
        plan.after.append(figures.count(batch.decided, batch.events, now))
    return plan


def _let_go(plan: Plan, batch: Batch, now: datetime) -> None:
    """Rows and timers of what is held; the end of an incident lets go what is attached to it."""
    look_at = put_holds(plan.writes, batch.holds, SCHEMA, now)
    if look_at is not None:
        plan.expect_timer(look_at)
    over = [(incident.tenant, f"incident:{incident.incident_id}") for incident in batch.ended_holders()]
    for tenant, key in [*over, *batch.to_go_on]:
        set_timer(plan.writes, SCHEMA, tenant=tenant, key=key, kind=LET_GO, due_at=now)
        plan.expect_timer(now)


def _set_timers(plan: Plan, batch: Batch) -> None:
    """A timer stands exactly while a hold-down or a quiet time runs; one that was claimed for this batch is gone."""
    for incident_id, incident in batch.incidents.items():
        before = batch.before.get(incident_id)
        known = _ends(before) if before is not None else {}
        for kind, due_at in _ends(incident).items():
            stood = known.get(kind) if (incident_id, kind) not in batch.claimed else None
            name = {"tenant": incident.tenant, "key": str(incident_id), "kind": kind}
            if due_at is not None and due_at != stood:
                set_timer(plan.writes, SCHEMA, **name, due_at=due_at)
                plan.expect_timer(due_at)
            elif due_at is None and stood is not None:
                cancel_timer(plan.writes, SCHEMA, **name)


def _ends(incident: Incident) -> dict[str, datetime | None]:
    """Kind of a timer -> when it is due."""
    return {HOLD_DOWN: incident.hold_until, CALM: incident.calm_at, ANSWER: incident.answer_by}


def _look_again_at(plan: Plan, batch: Batch) -> None:
    """A tenant is looked at when the first of its firing incidents may have become stale (R-P13)."""
    looks: set[tuple[str, datetime]] = set()
    for incident_id, incident in batch.incidents.items():
        before = batch.before.get(incident_id)
        if incident is before:
            continue
        spec = batch.in_force(incident.tenant).stale
        at = stale.next_look(incident, spec)
        known = stale.next_look(before, spec) is not None and before.flags == incident.flags if before else False
        if at is not None and not known:
            looks.add((incident.tenant, at))
    for tenant, last in batch.next_looks:
        spec = batch.in_force(tenant).stale
        looks.add((tenant, stale.rounded(last + spec.after)))
    for tenant, at in looks:
        set_timer(plan.writes, SCHEMA, tenant=tenant, key=at.isoformat(), kind=stale.LOOK, due_at=at)
        plan.expect_timer(at)
