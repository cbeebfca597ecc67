"""More comes in than the router takes: who waits, that it is durable, and that it leaves in order."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tandem.bus.postgres import PostgresBus
from tandem.clock import ManualClock, monotonic
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem.wire import codec
from tandem_ingest.fairness.gate import Bounds
from tandem_ingest.intake import KEEP, Intake
from tandem_ingest.service import Ingest
from tandem_ingest.waiting.service import Fairness
from tandem_ingest.waiting.table import WAITING
from tests.support.integrations import integration, secret
from tests.support.postgres import Database

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BEARER = {"authorization": "Bearer s3cret-of-this-integration"}
TARGET = 25
"""Alerts that the router should have before it."""
WAYS = (
    integration("erp"),
    integration("prom", vendor="alertmanager"),
    integration("duty", vendor="pagerduty", secrets=(secret("routing-key-of-acme"),)),
    replace(integration("held"), rate=0.01),
    integration("rmm", tenant="birch"),
)


async def known() -> Sequence[Integration]:
    return WAYS


async def nowhere(scope, receive, send) -> None:
    raise AssertionError("nothing goes past the lane here")


@dataclass
class Door:
    """One ingest on the PostgreSQL bus, before a router that does nothing until it is told."""

    database: Database
    ingest: Ingest
    bus: PostgresBus
    fairness: Fairness
    intake: Intake
    metrics: Metrics
    http: httpx.AsyncClient
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    working: asyncio.Task[None] | None = None

    async def post(self, number: int, *, way: str = "erp", severity: str = "low", key: str = "") -> httpx.Response:
        says = {"title": f"t{number}", "dedup_key": key or f"k{number}", "severity": severity}
        return await self.http.post(f"/v1/alerts/{way}", content=json.dumps(says))

    async def flood(self, count: int) -> None:
        """So many of acme, until the last ones wait."""
        for first in range(0, count, TARGET):
            answers = await asyncio.gather(*(self.post(number) for number in range(first, first + TARGET)))
            assert {answer.status_code for answer in answers} == {202}

    def work(self) -> None:
        """Look and let go, as the process does once it serves."""
        self.working = asyncio.create_task(self.fairness.run(self.stopping))

    async def routed(self) -> None:
        """The router has done everything in its log."""
        admin = await self.database.admin()
        await admin.execute(
            "insert into bus.consumer_offset (grp, topic, part, epoch, next_offset)"
            " select 'router', topic, part, 1, next_offset from bus.partition where topic = 'tandem.alerts'"
            " on conflict (grp, topic, part) do update set next_offset = excluded.next_offset"
        )

    async def waiting(self) -> int:
        admin = await self.database.admin()
        count: int = await admin.fetchval("select count(*) from ingest.waiting")
        return count

    async def logged(self) -> list[Alert]:
        admin = await self.database.admin()
        rows = await admin.fetch(
            "select value from bus.log where topic = 'tandem.alerts' order by at, part, \"offset\""
        )
        return [codec.decode(Alert, row["value"]) for row in rows]

    async def shown(self) -> Counter[tuple[str, str]]:
        await self.intake.write()
        admin = await self.database.admin()
        rows = await admin.fetch("select integration, result, sum(n)::int as n from ingest.intake group by 1, 2")
        return Counter({(row["integration"], row["result"]): row["n"] for row in rows})


@pytest.fixture
async def make(database: Database) -> AsyncIterator[Callable[..., Awaitable[Door]]]:
    made: list[Door] = []

    async def door(bounds: Bounds | None = None) -> Door:
        clock, metrics = ManualClock(NOW), Metrics()
        bus = PostgresBus(database.dsn, "tandem_ingest", clock=clock)
        fairness = Fairness(dsn=database.dsn, clock=clock, metrics=metrics, bounds=bounds)
        intake = Intake(dsn=database.dsn, clock=clock)
        fairness.room.target = TARGET
        ingest = Ingest(bus=bus, integrations=known, clock=clock, metrics=metrics, fairness=fairness, intake=intake)
        await bus.start()
        await ingest.start()
        transport = httpx.ASGITransport(app=ingest.lane(nowhere))
        http = httpx.AsyncClient(transport=transport, base_url="http://t", headers=BEARER)
        one = Door(database, ingest, bus, fairness, intake, metrics, http)
        made.append(one)
        return one

    yield door
    for one in made:
        one.stopping.set()
        if one.working is not None:
            await one.working
        await one.http.aclose()
        await one.ingest.stop()
        await one.bus.stop()


async def until(condition: Callable[[], Awaitable[object]], *, seconds: float = 30.0) -> None:
    end = monotonic() + seconds
    while not await condition():
        if monotonic() > end:
            pytest.fail("it never became true")
        await asyncio.sleep(0.01)


FLOOD = 6 * TARGET
"""More than goes straight before the router has done anything."""


async def test_what_is_more_than_the_router_takes_waits_durably_and_the_log_stays_shallow(make) -> None:
    door = await make()

    await door.flood(FLOOD)

    logged, waiting = len(await door.logged()), await door.waiting()
    assert logged + waiting == FLOOD
    assert waiting > 0
    assert logged <= 4 * TARGET + 50
    assert (await door.shown())["erp", "queued"] == waiting


async def test_what_waits_leaves_as_the_router_gets_on_with_it_every_alert_once(make) -> None:
    door = await make()
    await door.flood(FLOOD)
    door.work()

    async def drained() -> bool:
        await door.routed()
        return await door.waiting() == 0

    await until(drained)

    assert sorted(int(alert.title[1:]) for alert in await door.logged()) == list(range(FLOOD))


async def test_the_alerts_of_one_condition_leave_in_the_order_they_came(make) -> None:
    door = await make()
    await door.flood(FLOOD)
    for number, severity in enumerate(("low", "critical", "medium", "low", "critical")):
        await door.post(10_000 + number, severity=severity, key="disk")
    door.work()

    async def drained() -> bool:
        await door.routed()
        return await door.waiting() == 0

    await until(drained)

    admin = await door.database.admin()
    rows = await admin.fetch("select value from bus.log where key = 'acme/disk' order by \"offset\"")
    assert [codec.decode(Alert, row["value"]).title for row in rows] == [f"t{10_000 + number}" for number in range(5)]


async def test_another_clients_alert_goes_straight_while_one_clients_wait(make) -> None:
    door = await make()
    await door.flood(FLOOD)
    before = len(await door.logged())

    await door.post(1, way="rmm", key="theirs")

    assert len(await door.logged()) == before + 1
    assert (await door.shown())["rmm", "queued"] == 0


async def test_a_process_that_starts_anew_overtakes_nothing_that_waits_from_before(make) -> None:
    first = await make()
    await first.flood(FLOOD)
    before = await first.waiting()

    second = await make()
    await second.post(10_001, key="k1")

    assert await second.waiting() == before + 1


async def test_a_process_alone_tells_nobody_until_another_joins_and_that_one_hears_of_what_was_put(make) -> None:
    told: list[str] = []
    alone = await make()
    await (await alone.database.admin()).add_listener(WAITING.channel, lambda *heard: told.append(heard[2]))
    alone.work()
    await alone.flood(FLOOD)
    assert await alone.waiting() > 0
    assert told == []

    other = await make()
    other.work()
    known = other.fairness.waiting.waiting("acme")
    assert known > 0

    async def both_know() -> bool:
        await alone.post(FLOOD + len(told))
        # Told are the newcomer's word, the answer to it, and commits since.
        return len(told) > 2 and other.fairness.waiting.waiting("acme") > known

    await until(both_know)


async def test_a_tool_that_retries_is_told_to_come_again_in_its_own_words_and_that_is_shown(make) -> None:
    door = await make(Bounds(rate=1, burst_s=1))
    await door.post(1, way="rmm")
    await door.flood(FLOOD)
    event = {
        "routing_key": "routing-key-of-acme", "event_action": "trigger", "payload": {"summary": "s", "source": "h", "severity": "error"},
    }  # fmt: skip
    groups = {"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "A"}, "fingerprint": "f"}]}

    await door.http.post("/v2/enqueue", json=event)
    await door.http.post("/v1/alerts/prom", json=groups)
    groups["alerts"][0]["fingerprint"] = "g"  # type: ignore[index]

    duty = await door.http.post("/v2/enqueue", json={**event, "dedup_key": "another"})
    prom = await door.http.post("/v1/alerts/prom", json=groups)

    assert (duty.status_code, prom.status_code) == (429, 503)
    assert int(duty.headers["retry-after"]) > 0
    assert int(prom.headers["retry-after"]) > 0
    shown = await door.shown()
    assert shown["duty", "refused_rate"] == 1
    assert shown["prom", "refused_rate"] == 1
    assert shown["erp", "refused_rate"] == 0


async def test_past_what_may_wait_a_tool_that_never_retries_gets_503(make) -> None:
    door = await make(Bounds(waiting=10))
    await door.post(1, way="rmm")

    answers = [await door.post(number, way="held") for number in range(15)]

    assert Counter(answer.status_code for answer in answers) == {202: 11, 503: 4}
    assert answers[-1].headers["retry-after"]
    shown = await door.shown()
    assert (shown["held", "accepted"], shown["held", "queued"], shown["held", "refused_overload"]) == (11, 10, 4)


async def test_while_what_waits_cannot_be_stored_it_goes_straight_to_the_bus_and_waits_again_afterwards(make) -> None:
    door = await make()
    await door.flood(FLOOD)
    admin = await door.database.admin()
    lock = admin.transaction()
    await lock.start()
    await admin.execute("lock table ingest.waiting in access exclusive mode")

    away = await door.post(10_001)
    soon = await door.post(10_002)
    await lock.rollback()
    await door.fairness.look()
    before = await door.waiting()
    await door.post(10_003)

    assert (away.status_code, soon.status_code) == (202, 202)
    assert {"t10001", "t10002"} <= {alert.title for alert in await door.logged()}
    assert await door.waiting() == before + 1


async def test_counts_add_up_over_writes_and_are_forgotten_after_thirty_five_days(make) -> None:
    door = await make()
    admin = await door.database.admin()
    await admin.execute(
        "insert into ingest.intake values ('acme', 'erp', $1, 'accepted', 5)", NOW - KEEP - timedelta(minutes=1)
    )

    await door.post(1)
    await door.intake.write()
    await door.post(1)
    await door.http.post("/v1/alerts/erp", content=b"{}", headers={"authorization": "Bearer wrong"})
    await door.http.post("/v1/alerts/nobody", content=b"{}")

    assert await door.shown() == {("erp", "accepted"): 1, ("erp", "duplicate"): 1, ("erp", "unauthenticated"): 1}
