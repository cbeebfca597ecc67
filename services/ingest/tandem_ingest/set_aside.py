"""What becomes of posts that were put aside: replayed, discarded, given to a client. Durable or not at all.

Alerts of customers nobody knows, and posts that cannot be read and name nobody, wait in ``ingest.unknown_tenant``
(unknown.py); the others are the router's. What is decided of either is a row of ``ingest.replay``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import asyncpg

from tandem.bus import topics
from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.clock import Clock
from tandem.db.link import Link
from tandem.db.write import Statement, Writes
from tandem.errors import PoisonRecord, Reason, Refused
from tandem.model.alert import Alert
from tandem.model.aside import Aside, Reread
from tandem.model.integration import Integration
from tandem.wire import codec
from tandem_ingest import tenancy
from tandem_ingest.fairness.fair_queue import urgency_of
from tandem_ingest.replay import cleared, reread
from tandem_ingest.unknown import PUT, row_of
from tandem_ingest.waiting.table import URGENCY, WAITING

_DONE = Statement(
    name="ingest_replayed",
    width=7,
    sql="INSERT INTO ingest.replay (alert_id, tenant, integration, at, who, alerts, reason)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::int[], $7::text[])"
    " ON CONFLICT (alert_id) DO UPDATE SET at = excluded.at, who = excluded.who, alerts = excluded.alerts,"
    " reason = excluded.reason",
)
_HELD = Statement(name="ingest_held", width=8, sql=PUT)
_GONE = Statement(
    name="ingest_gone",
    width=2,
    sql="DELETE FROM ingest.unknown_tenant u USING unnest($1::text[], $2::uuid[]) AS r(integration, alert_id)"
    " WHERE u.integration = r.integration AND u.alert_id = r.alert_id",
)
_ANY = "SELECT EXISTS (SELECT FROM ingest.unknown_tenant WHERE integration = $1)"
_GIVE = "UPDATE ingest.unknown_tenant SET customer = $3 WHERE integration = $1 AND customer = $2"
LONGEST_REASON = 500
Find = Callable[[str], Awaitable[Integration | None]]
"""The integration of that name as it is now; raises Unavailable."""


class SetAside:
    """Connects at first use, as ingest."""

    def __init__(self, *, dsn: str, clock: Clock, find: Find) -> None:
        """``find`` is asked at each call: the integration may have been mended since."""
        self._clock = clock
        self._find = find
        self._link = Link(dsn, "tandem_ingest", name="tandem set aside", command_timeout_s=5.0)

    async def replay(self, aside: Aside, who: str) -> Reread:
        """Read ``aside`` again and make its alerts durable.

        Raises:
            Refused: see ``reread``; CONFLICT too when there is no such integration any more.
            Unavailable: the database is away.
        """
        integration, now = await self._integration(aside), self._clock.now()
        found = reread(aside, integration, now)
        writes = Writes()
        _send(writes, found.alerts, now)
        for alert in found.held:
            writes.put(_HELD, alert.alert_id, row_of(tenancy.held(integration, alert)))
        if found.held and not aside.waits:
            _send(writes, [tenancy.notice(integration, found.held[0])], now)
        _decided(writes, aside, who, now, alerts=len(found.alerts) + len(found.held))
        await self._write(writes, aside, integration, now)
        return found

    async def discard(self, aside: Aside, who: str, reason: str) -> None:
        """It need not be read; its bytes are kept as long as those of every post, but where nobody knows whose it is.

        Raises:
            Refused: CONFLICT when there is no such integration any more.
            Unavailable: the database is away.
        """
        integration, now = await self._integration(aside), self._clock.now()
        writes = Writes()
        _send(writes, cleared(aside, integration, now), now)
        _decided(writes, aside, who, now, alerts=0, reason=reason[:LONGEST_REASON])
        await self._write(writes, aside, integration, now)

    async def give(self, name: str, customer: str, tenant: str) -> int:
        """Treat what waits of ``customer`` (empty: what names none) as ``tenant``'s; how many. Released within seconds.

        Raises:
            Refused: NOT_FOUND; CONFLICT when the provider's document names no customer of that client.
            Unavailable: the database is away.
        """
        integration = await self._find(name)
        if integration is None:
            raise Refused(Reason.NOT_FOUND, "there is no such integration")
        mapped = next((said for said, its in sorted(integration.customers.items()) if its == tenant), None)
        if mapped is None:
            detail = f"the provider's document names no customer of {tenant[:64]}; add a line to its customers first"
            raise Refused(Reason.CONFLICT, detail)
        async with self._link.use() as connection:
            done = await connection.execute(_GIVE, name, tenancy.key_of(customer), mapped)
        return int(done.rpartition(" ")[2])

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def _integration(self, aside: Aside) -> Integration:
        found = await self._find(aside.integration)
        if found is None or aside.tenant not in {found.tenant, *found.customers.values()}:
            raise Refused(Reason.CONFLICT, f"there is no integration {aside.integration} of this client any more")
        return found

    async def _write(self, writes: Writes, aside: Aside, integration: Integration, now: datetime) -> None:
        async with self._link.use() as connection, connection.transaction():
            if aside.waits:
                writes.put(_GONE, aside.alert_id, (aside.integration, aside.alert_id))
            await run(connection, writes)
            if aside.waits and not await connection.fetchval(_ANY, aside.integration):
                await _end_notice(connection, integration, aside, now)


async def _end_notice(
    connection: asyncpg.Connection[asyncpg.Record], integration: Integration, aside: Aside, now: datetime
) -> None:
    """Nothing of the integration waits for its customer any more."""
    writes = Writes()
    _send(writes, [tenancy.all_clear(integration, aside.alert_id, now)], now)
    await run(connection, writes)


def _decided(writes: Writes, aside: Aside, who: str, now: datetime, *, alerts: int, reason: str | None = None) -> None:
    done = (aside.alert_id, aside.tenant, aside.integration, now, who[:200], alerts, reason)
    writes.put(_DONE, aside.alert_id, done)


def _send(writes: Writes, alerts: Sequence[Alert], now: datetime) -> None:
    if alerts:
        WAITING.put(writes, _records(alerts), now)


def _records(alerts: Sequence[Alert]) -> list[Record]:
    try:
        return [
            Record(
                topics.ALERTS.name,
                topics.alert_key(alert.tenant, alert.dedup_key),
                codec.encode(alert),
                {URGENCY: str(urgency_of(alert.severity))},
            )
            for alert in alerts
        ]
    except PoisonRecord as fault:
        raise Refused(Reason.CONFLICT, f"what it says has no wire form: {fault.reason}") from fault
