"""Alerts of customers nobody knows yet, in PostgreSQL on either bus: durable before their 202, released in order.

While alerts of a customer wait here, later ones of it wait too, so that nothing overtakes: each process looks at the
table with every refresh of the integrations and knows its own puts at once. What two replicas put and release within
the same two seconds may still change places. An append may happen twice after a crash, with the same alert ids.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from tandem.clock import Clock
from tandem.db.link import Link
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem.wire import codec
from tandem_ingest import tenancy
from tandem_ingest.tenancy import Held

PUT_S = 1.0
BATCH = 200
BATCHES = 50
"""Released per look and customer: the rest waits two seconds more."""
_ROLE = "tandem_ingest"
PUT = (
    "insert into ingest.unknown_tenant (tenant, integration, alert_id, customer, said, received_at, value, quarantined)"
    " select * from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[],"
    " $8::text[]) on conflict (integration, alert_id) do nothing"
)
_WAITING = "select integration, customer, count(*) as alerts from ingest.unknown_tenant group by 1, 2"
_TURN = "select pg_try_advisory_xact_lock(hashtextextended('tandem unknown tenants', 0))"
_NEXT = (
    "select alert_id, value from ingest.unknown_tenant where integration = $1 and customer = $2"
    " order by position limit $3"
)
_DONE = "delete from ingest.unknown_tenant where integration = $1 and alert_id = any($2::uuid[])"
_ANY = "select exists (select from ingest.unknown_tenant where integration = $1)"

Append = Callable[[Sequence[Alert]], Awaitable[None]]
"""Makes alerts durable on the bus, in order per key; raises Unavailable."""

log = structlog.get_logger("tandem.ingest")


class UnknownTenants:
    """The table, and what this process knows of it."""

    def __init__(self, *, dsn: str, clock: Clock, metrics: Metrics) -> None:
        """Connects at first use, apart from the hot path's connection."""
        self._clock = clock
        self._gauge = metrics.unknown_tenant_alerts
        self._puts = Link(dsn, _ROLE, name="tandem unknown tenants", command_timeout_s=PUT_S)
        # Apart: a release holds its connection while the bus takes the alerts, and a put has no time to wait for that.
        self._link = Link(dsn, _ROLE, name="tandem unknown tenants")
        self._waiting: set[tuple[str, str]] = set()
        self._putting: Counter[tuple[str, str]] = Counter()

    def holds(self, integration: str, customer: str) -> bool:
        """Whether something of this customer waits, so that later alerts must wait behind it."""
        place = (integration, tenancy.key_of(customer))
        return place in self._waiting or self._putting[place] > 0

    async def put(self, held: Sequence[Held]) -> None:
        """Make alerts durable here.

        Raises:
            Unavailable: the database is away; they may or may not be durable.
        """
        places = [(each.alert.integration, tenancy.key_of(each.customer)) for each in held]
        self._putting.update(places)
        try:
            async with asyncio.timeout(PUT_S), self._puts.use() as connection:
                await connection.execute(PUT, *zip(*map(row_of, held), strict=True))
            self._waiting.update(places)
        except TimeoutError as fault:
            raise Unavailable("unknown tenants", "no answer in time") from fault
        finally:
            self._putting.subtract(places)

    async def release(self, known: Callable[[str], Integration | None], append: Append) -> None:
        """Look at the table, and hand on what has an owner by now.

        Args:
            known: the integration of a name, with the mapping of this moment.
            append: to the bus; what it takes is deleted here afterwards.

        Raises:
            Unavailable: the database or the bus is away; what waits goes on waiting.
        """
        for name, customer in await self._look():
            integration = known(name)
            tenant = (
                tenancy.named(integration, customer) if integration is not None and integration.tenant_from else None
            )
            if integration is not None and tenant is not None:
                await self._hand_on(integration, customer, tenant, append)
        await self._look()

    async def close(self) -> None:
        """Close the connections."""
        await self._puts.close()
        await self._link.close()

    async def _look(self) -> list[tuple[str, str]]:
        async with self._link.use() as connection:
            rows = await connection.fetch(_WAITING)
        self._waiting = {(row["integration"], row["customer"]) for row in rows}
        self._gauge.set(sum(row["alerts"] for row in rows))
        return sorted(self._waiting)

    async def _hand_on(self, integration: Integration, customer: str, tenant: str, append: Append) -> None:
        released = 0
        for _ in range(BATCHES):
            last = await self._batch(integration, customer, tenant, append)
            released += last
            if last < BATCH:
                break
        if released:
            log.info("alerts have their owner", integration=integration.name, tenant=tenant, alerts=released)

    async def _batch(self, integration: Integration, customer: str, tenant: str, append: Append) -> int:
        """Hand on the oldest alerts, one process at a time; how many."""
        async with self._link.use() as connection, connection.transaction():
            if not await connection.fetchval(_TURN):
                return 0
            rows = await connection.fetch(_NEXT, integration.name, customer, BATCH)
            if not rows:
                return 0
            alerts = [replace(codec.decode(Alert, row["value"]), tenant=tenant) for row in rows]
            await append(alerts)
            await connection.execute(_DONE, integration.name, [row["alert_id"] for row in rows])
            left = await connection.fetchval(_ANY, integration.name)
            if not left:
                await append([tenancy.all_clear(integration, rows[-1]["alert_id"], self._clock.now())])
        return len(rows)


def row_of(held: Held) -> tuple[object, ...]:
    """A row of ``PUT``."""
    alert = held.alert
    return (
        alert.tenant,
        alert.integration,
        alert.alert_id,
        tenancy.key_of(held.customer),
        held.customer,
        alert.received_at,
        codec.encode(alert),
        alert.quarantined,
    )
