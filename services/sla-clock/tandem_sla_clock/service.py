"""The SLA clock as a stage of the pipeline: facts and due timers in, clocks and SLA events out.

A due timer is only a hint to look again: the clocks are folded from facts, never read off the row. What a clock is
stands in ``fold``, what is told about a change in ``diff``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.bus.plan import Inbox, Plan
from tandem.bus.topics import INCIDENTS, SLA, Topic, incident_key
from tandem.db.timers import cancel_timer, set_timer
from tandem.metrics import Metrics
from tandem.model.events import IncidentEvent
from tandem_sla_clock import metrics as figures
from tandem_sla_clock import store
from tandem_sla_clock.case import Case, begins, by_incident, joined, known_of
from tandem_sla_clock.clauses import AgreementClauses
from tandem_sla_clock.diff import Change

SCHEMA = "sla"
TIMER = "clock"
"""Kind of this service's timers; one per incident, at the next warning or due instant."""

Cases = list[Case]


class Agreements(Protocol):
    """The part of the agreement book this service asks."""

    async def ensure(self, pairs: Iterable[tuple[str, int | None]]) -> None:
        """Load what is missing."""
        ...

    def at(self, tenant: str, version: int) -> Agreement:
        """A version that was ensured."""
        ...


class SlaClock:
    """``Stage[Cases]``. An incident keeps the agreement version it was opened under."""

    group: str = "sla-clock"
    inputs: tuple[Topic, ...] = (INCIDENTS,)
    timer_schema: str | None = SCHEMA

    def __init__(self, *, agreements: Agreements, metrics: Metrics | None = None, redelivers: bool = False) -> None:
        """Agreements are held in memory; without ``metrics`` nothing is counted.

        Args:
            redelivers: the bus may bring a record again under a new offset (Kafka's outbox), so that an incident's
                first fact does not prove that it is unknown, and every incident is looked up.
        """
        self._agreements = agreements
        self._metrics = metrics
        self._redelivers = redelivers

    async def load(self, connection: Any, inbox: Inbox, now: datetime) -> Cases:  # noqa: ANN401, ARG002 - the port's signature
        """Nothing is read for incidents that begin in this batch; three statements serve all the others.

        Raises:
            Unavailable: the database or an agreement's version cannot be had now, or a fact has not come yet.
        """
        arrived = by_incident(payload for payload in inbox.payloads if isinstance(payload, IncidentEvent))
        due = {UUID(timer.key) for timer in inbox.timers}
        new = {incident for incident, events in arrived.items() if begins(events) and not self._redelivers} - due
        cases = [_new_case(arrived[incident]) for incident in arrived if incident in new]
        old = [incident for incident in dict.fromkeys((*arrived, *sorted(due))) if incident not in new]
        if old:
            cases += await _old_cases(connection, old, arrived, due)
        cases = [case for case in cases if case.moved]
        await self._agreements.ensure({(case.known.tenant, case.known.agreement_version) for case in cases})
        return cases

    def plan(self, inbox: Inbox, state: Cases, now: datetime) -> Plan:
        """Fold every incident of the batch and write what changed."""
        plan, counted = Plan(), figures.Counted()
        for case in state:
            known = case.known
            agreement = self._agreements.at(known.tenant, known.agreement_version)
            change = case.look(AgreementClauses(agreement, known.sla_profile), now)
            _write(plan, case, change)
            figures.count(counted, before=case.clocks, after=change.clocks, events=change.events)
        figures.count_timers(counted, inbox.timers, now)
        plan.after.append(counted)
        return plan

    def committed(self, plan: Plan) -> None:
        """Count what is durable now."""
        if self._metrics is not None:
            for counted in plan.after:
                figures.record(self._metrics, counted)

    async def observe(self, connection: Any) -> None:  # noqa: ANN401 - an asyncpg connection
        """Set the gauge of running clocks from the database, once at the start of the process."""
        if self._metrics is not None:
            figures.prepare(self._metrics)
            figures.set_running(self._metrics, await store.count_running(connection))


def _new_case(events: list[IncidentEvent]) -> Case:
    facts = [event.fact for event in events]
    return Case(known=known_of(events[0].incident), facts=facts, new=True)


async def _old_cases(
    connection: Any,  # noqa: ANN401 - an asyncpg connection
    incidents: list[UUID],
    arrived: dict[UUID, list[IncidentEvent]],
    due: set[UUID],
) -> Cases:
    """Cases of incidents that are stored or whose first facts have to be read; any other timer is passed over."""
    stored = await store.lock(connection, incidents)
    cases = [
        Case(known=stored[incident], claimed=incident in due)
        if incident in stored
        else Case(known=known_of(arrived[incident][0].incident), claimed=incident in due, new=True)
        for incident in incidents
        if incident in stored or incident in arrived
    ]
    came = {incident: [event.fact for event in events] for incident, events in arrived.items()}
    upto = {
        case.known.incident_id: max(
            [case.known.folded_version, *(fact.version for fact in came.get(case.known.incident_id, ()))]
        )
        for case in cases
    }
    clocks = await store.clocks(connection, list(stored))
    facts = await store.facts(connection, upto)
    for case in cases:
        incident = case.known.incident_id
        case.clocks = tuple(clocks.get(incident, ()))
        case.facts = joined(facts.get(incident, ()), came.get(incident, ()))
    return cases


def _write(plan: Plan, case: Case, change: Change) -> None:
    known = case.known
    store.put_known(plan.writes, case.told())
    for clock in change.changed:
        store.put_clock(plan.writes, known.tenant, clock)
    for event in change.events:
        plan.publish(SLA, incident_key(known.tenant, known.incident_id), event)
    name = {"tenant": known.tenant, "key": str(known.incident_id), "kind": TIMER}
    if change.next_at is not None:
        set_timer(plan.writes, SCHEMA, **name, due_at=change.next_at)
        plan.expect_timer(change.next_at)
    elif not case.new and not case.claimed:
        cancel_timer(plan.writes, SCHEMA, **name)
