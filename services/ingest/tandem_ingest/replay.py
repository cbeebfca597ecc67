"""Reads a post that was put aside again, as its integration is read now, and sends what it says on the usual way.

The ids of the alerts it makes follow from the id of the post that was put aside: replayed twice, they are dropped by
the router as every delivery that comes again. They go by the table of what waits its turn, because only ingest writes
to the topic; so a replay of a thousand posts delays nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from tandem.bus import topics
from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.clock import Clock
from tandem.db.link import Link
from tandem.db.write import Statement, Writes
from tandem.errors import PoisonRecord, Reason, Refused
from tandem.model.alert import Alert, AlertStatus, Severity, VendorAlert
from tandem.model.aside import Aside, Reread
from tandem.model.integration import Integration
from tandem.wire import codec
from tandem_ingest import normalise
from tandem_ingest.dialects import Dialects
from tandem_ingest.fairness.fair_queue import urgency_of
from tandem_ingest.normalise import Post, Reading
from tandem_ingest.vendors.vendor import Vendor
from tandem_ingest.waiting.table import URGENCY, WAITING

_REPLAYED = Statement(
    name="ingest_replayed",
    width=6,
    sql="INSERT INTO ingest.replay (alert_id, tenant, integration, at, who, alerts)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::int[])"
    " ON CONFLICT (alert_id) DO UPDATE SET at = excluded.at, who = excluded.who, alerts = excluded.alerts",
)
Find = Callable[[str], Awaitable[Integration | None]]
"""The integration of that name as it is now; raises Unavailable."""


def reading_for(integration: Integration) -> Vendor:
    """How the posts of ``integration`` are read now."""
    dialects = Dialects()
    faults = dialects.replace((integration,))
    if faults:
        raise Refused(Reason.CONFLICT, f"its mapping is faulty: {faults[integration.name]}")
    return dialects.of(integration)


def reread(aside: Aside, integration: Integration, now: datetime) -> Reread:
    """The alerts a post makes now, without those that it made when it came. Pure.

    Raises:
        Refused: CONFLICT, with the reason why it cannot be read now either; TOO_COMPLEX for a bomb.
    """
    if aside.raw is None:
        raise Refused(Reason.CONFLICT, "the body of this post is not kept any longer")
    vendor = reading_for(integration)
    headers = {"content-type": aside.content_type} if aside.content_type else {}
    reading = normalise.read(vendor, aside.raw, headers)
    if reading.quarantined is not None:
        raise Refused(Reason.CONFLICT, f"it still cannot be read as {vendor.name}: {reading.quarantined}")
    post = Post(
        integration=integration, vendor=vendor, body=aside.raw, content_type=aside.content_type, received_at=now
    )
    clear = (_clear(integration),) if aside.last else ()
    keys = [*normalise.keys(reading, post), *(f"unreadable:{integration.name}" for _ in clear)]
    whole = Reading(alerts=(*reading.alerts, *clear))
    found = normalise.accepted(whole, post, keys, f"replay:{aside.alert_id}")
    return Reread(alerts=tuple(each for each in found if each.dedup_key not in aside.known_keys), cleared=bool(clear))


class Replays:
    """For consoles: from a post that was put aside to alerts on their way."""

    def __init__(self, *, dsn: str, clock: Clock, find: Find) -> None:
        """Connects at first use, as ingest."""
        self._clock = clock
        self._find = find
        self._link = Link(dsn, "tandem_ingest", name="tandem replay", command_timeout_s=5.0)

    async def replay(self, aside: Aside, who: str) -> Reread:
        """Read ``aside`` again and make its alerts durable.

        Raises:
            Refused: see ``reread``; CONFLICT too when there is no such integration any more.
            Unavailable: the database is away.
        """
        integration = await self._find(aside.integration)
        if integration is None or integration.tenant != aside.tenant:
            raise Refused(Reason.CONFLICT, f"there is no integration {aside.integration} of this client any more")
        now = self._clock.now()
        found = reread(aside, integration, now)
        writes = Writes()
        WAITING.put(writes, _records(found.alerts), now)
        done = (aside.alert_id, aside.tenant, aside.integration, now, who[:200], len(found.alerts))
        writes.put(_REPLAYED, aside.alert_id, done)
        async with self._link.use() as connection:
            await run(connection, writes)
        return found

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()


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


def _clear(integration: Integration) -> VendorAlert:
    plain = normalise.plain(integration)
    return replace(
        plain,
        status=AlertStatus.RESOLVED,
        severity=Severity.UNKNOWN,
        description="What could not be read has been read again.",
    )
