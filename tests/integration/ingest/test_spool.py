"""Intake on a broker while a part is down: durable or refused, in order, never a hang, never a false 202."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tandem.bus.plan import Inbox
from tandem.bus.postgres import run
from tandem.clock import ManualClock, monotonic
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem.wire import codec
from tandem_ingest.service import Ingest
from tandem_ingest.spool import Spool
from tandem_router.service import Router
from tests.support.fake_broker import FakeBroker
from tests.support.integrations import integration
from tests.support.postgres import Database
from tests.support.pulse import pulse
from tests.unit.router.test_suppress import window, with_sections
from tests.unit.router.world import NOON, Book

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BEARER = {"authorization": "Bearer s3cret-of-this-integration"}
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


async def nowhere(scope, receive, send) -> None:
    raise AssertionError("nothing goes past the lane here")


@dataclass
class Replica:
    """One ingest with its own way to the broker."""

    ingest: Ingest
    spool: Spool
    broker: FakeBroker
    metrics: Metrics
    http: httpx.AsyncClient
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    working: asyncio.Task[None] | None = None

    def work(self) -> None:
        """Watch and drain, as the process does once it serves."""
        self.working = asyncio.create_task(self.spool.run(self.stopping))

    async def post(self, key: str, title: str) -> httpx.Response:
        body = json.dumps({"title": title, "dedup_key": key})
        return await self.http.post("/v1/alerts/erp", content=body)

    async def red(self) -> set[str]:
        found = set()
        for name, check in self.ingest.checks().items():
            try:
                await check()
            except Unavailable:
                found.add(name)
        return found

    def gauge(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(name)


@pytest.fixture
async def replica(database: Database) -> AsyncIterator[Callable[..., Any]]:
    """Makes replicas; ``drains_to`` is where its drain appends, by default its broker."""
    made: list[Replica] = []

    async def known() -> Sequence[Integration]:
        return [integration("erp")]

    async def make(
        broker: FakeBroker, *, drains_to: FakeBroker | None = None, dsn: str = "", works: bool = True
    ) -> Replica:
        clock, metrics = ManualClock(NOW), Metrics()
        drain = (drains_to or broker).append
        spool = Spool(dsn=dsn or database.dsn, append=drain, clock=clock, metrics=metrics)
        ingest = Ingest(bus=broker, integrations=known, clock=clock, metrics=metrics, spool=spool)
        await ingest.start()
        transport = httpx.ASGITransport(app=ingest.lane(nowhere))
        http = httpx.AsyncClient(transport=transport, base_url="http://t", headers=BEARER)
        one = Replica(ingest, spool, broker, metrics, http)
        made.append(one)
        if works:
            one.work()
        return one

    yield make
    for one in made:
        one.stopping.set()
        if one.working is not None:
            await one.working
        await one.http.aclose()
        await one.ingest.stop()


async def until(condition: Callable[[], object], *, seconds: float = 60.0) -> None:
    end = monotonic() + seconds
    while not condition():
        if monotonic() > end:
            pytest.fail("it never became true")
        await asyncio.sleep(0.01)


def titles(broker: FakeBroker, key: str) -> list[str]:
    alerts = [codec.decode(Alert, record.value) for record in broker.records]
    return [alert.title for alert in alerts if alert.dedup_key == key]


@contextlib.asynccontextmanager
async def database_hangs(database: Database) -> AsyncIterator[None]:
    """Every statement on the spool waits, as with a server that is stopped."""
    admin = await database.admin()
    lock = admin.transaction()
    await lock.start()
    await admin.execute("lock table ingest.spool in access exclusive mode")
    yield
    await lock.rollback()


# --- the broker is away ------------------------------------------------------------------------------------------


async def test_with_the_broker_away_posts_are_accepted_and_follow_in_order_when_it_is_back(replica) -> None:
    broker = FakeBroker()
    broker.up = False
    one = await replica(broker)

    answers = [await one.post(f"k{n % 5}", f"t{n}") for n in range(20)]
    await until(lambda: one.gauge("tandem_spool_waiting_records") == 20)
    broker.up = True
    await until(lambda: len(broker.records) == 20)
    await until(lambda: one.gauge("tandem_spool_waiting_records") == 0)

    assert {answer.status_code for answer in answers} == {202}
    assert await one.red() == set()
    for key in range(5):
        assert titles(broker, f"k{key}") == [f"t{n}" for n in range(key, 20, 5)]


async def test_under_load_over_an_outage_every_202_arrives_and_each_key_in_order(replica) -> None:
    broker = FakeBroker()
    one = await replica(broker)

    async def sender(key: str) -> list[str]:
        accepted = []
        for n in range(60):
            if (await one.post(key, f"{n}")).status_code == 202:
                accepted.append(f"{n}")
            await asyncio.sleep(0.02)
        return accepted

    sending = {key: asyncio.create_task(sender(key)) for key in ("k0", "k1", "k2", "k3", "k4", "k5")}
    await asyncio.sleep(0.3)
    broker.hangs = True
    await asyncio.sleep(1.5)
    broker.hangs = False
    accepted = {key: await task for key, task in sending.items()}
    await until(lambda: len(broker.records) >= sum(map(len, accepted.values())))

    for key, numbers in accepted.items():
        assert numbers == [f"{n}" for n in range(60)]
        assert titles(broker, key) == numbers


async def test_what_waits_from_before_a_restart_is_not_overtaken(replica) -> None:
    down, up = FakeBroker(), FakeBroker()
    down.up = False
    before = await replica(down, works=False)
    await before.post("k", "1")

    after = await replica(up, works=False)
    await after.post("k", "2")
    assert up.records == []
    after.work()
    await until(lambda: len(up.records) == 2)

    assert titles(up, "k") == ["1", "2"]


# --- several replicas --------------------------------------------------------------------------------------------


async def test_another_replica_does_not_overtake_what_the_first_has_spooled(replica) -> None:
    """B reaches the broker and A does not: what A's sender posts to B afterwards goes behind what A has spooled."""
    cut_off, well, nobody = FakeBroker(), FakeBroker(), FakeBroker()
    cut_off.up = nobody.up = False
    a, b = await replica(cut_off), await replica(well, drains_to=nobody)

    for n in range(5):
        assert (await a.post("k", f"{2 * n}")).status_code == 202
        assert (await b.post("k", f"{2 * n + 1}")).status_code == 202

    assert well.records == []
    nobody.up = True
    await until(lambda: len(nobody.records) == 10)
    assert titles(nobody, "k") == [str(n) for n in range(10)]


async def test_one_replica_at_a_time_drains_a_partition(replica) -> None:
    broker = FakeBroker()
    broker.up = False
    replicas = [await replica(broker) for _ in range(3)]
    for n in range(30):
        await replicas[n % 3].post(f"k{n % 6}", f"{n}")
    broker.up = True
    await until(lambda: len(broker.records) >= 30)
    await asyncio.sleep(0.3)

    assert len(broker.records) == 30
    for key in range(6):
        assert titles(broker, f"k{key}") == [f"{n}" for n in range(key, 30, 6)]


# --- outcomes that are unknown -----------------------------------------------------------------------------------


async def test_an_append_of_unknown_outcome_is_a_duplicate_with_the_same_id_that_the_router_drops(
    database: Database, replica
) -> None:
    broker = FakeBroker()
    one = await replica(broker)
    broker.loses_answers = 1

    answer = await one.post("k", "Disk full on fs1")
    await until(lambda: len(broker.records) == 2)

    alerts = [codec.decode(Alert, record.value) for record in broker.records]
    assert [str(alert.alert_id) for alert in alerts] == 2 * [answer.json()["accepted"][0]["alert_id"]]
    router, pool = Router(agreements=Book(with_sections(window()))), await database.pool("tandem_router")
    connection: Any = await pool.acquire()
    for alert in alerts:
        async with connection.transaction():
            inbox = Inbox([alert])
            await run(connection, router.plan(inbox, await router.load(connection, inbox, NOON), NOON).writes)
    admin = await database.admin()
    assert await admin.fetchval("select count(*) from router.alert") == 1
    assert await admin.fetchval("select count(*) from router.decision") == 1


async def test_a_put_of_unknown_outcome_counts_as_held_until_the_table_was_seen(database: Database, replica) -> None:
    broker = FakeBroker()
    one = await replica(broker, works=False)
    broker.up = False
    async with database_hangs(database):
        assert (await one.post("k", "1")).status_code == 503
    assert one.spool.holds("acme/k")

    await one.spool.look()

    assert not one.spool.holds("acme/k")


# --- the database is away, or both -------------------------------------------------------------------------------


async def test_with_the_database_hanging_posts_go_to_the_broker(database: Database, replica) -> None:
    broker = FakeBroker()
    one = await replica(broker)
    async with database_hangs(database), pulse() as lived:
        answers = [await one.post("k", f"{n}") for n in range(10)]

        assert {answer.status_code for answer in answers} == {202}
        assert lived.seconds < 10.0  # ten that wait their whole deadline take eighteen
        assert await one.red() == set()

    assert titles(broker, "k") == [f"{n}" for n in range(10)]


async def test_with_the_database_away_since_the_start_posts_go_to_the_broker(replica) -> None:
    """The integrations came from elsewhere; the spool has never been seen."""
    broker = FakeBroker()
    one = await replica(broker, dsn=NOWHERE)

    assert (await one.post("k", "1")).status_code == 202
    assert broker.records
    assert await one.red() == set()


@pytest.mark.parametrize("how", ["up", "hangs"])
async def test_with_both_away_every_post_is_refused_within_two_seconds(database: Database, replica, how: str) -> None:
    broker = FakeBroker()
    one = await replica(broker)
    assert (await one.post("k", "before")).status_code == 202

    async def timed(n: int) -> tuple[httpx.Response, float]:
        await asyncio.sleep(n * 0.05)
        began = lived.seconds
        return await one.post(f"k{n}", "during"), lived.seconds - began

    setattr(broker, how, how == "hangs")
    async with database_hangs(database), pulse() as lived:
        answers = await asyncio.gather(*(timed(n) for n in range(40)))
        assert await one.red() == {"alerts"}

    assert {answer.status_code for answer, _ in answers} == {503}
    assert all("retry-after" in answer.headers for answer, _ in answers)
    slowest = max(took for _, took in answers)
    print(f"broker {how}: slowest refusal {slowest:.2f} s")
    assert slowest < 2.5
    broker.up, broker.hangs = True, False
    async with asyncio.timeout(60):
        while (await one.post("k", "after")).status_code != 202:
            pass
    assert await one.red() == set()


async def test_a_refused_post_that_comes_again_gets_its_ids(database: Database, replica) -> None:
    broker = FakeBroker()
    one = await replica(broker)
    broker.up = False
    async with database_hangs(database):
        assert (await one.post("k", "t")).status_code == 503
    broker.up = True

    async with asyncio.timeout(60):
        while (answer := await one.post("k", "t")).status_code != 202:
            pass
    await until(lambda: broker.records)

    ids = {codec.decode(Alert, record.value).alert_id for record in broker.records}
    assert {str(alert_id) for alert_id in ids} == {answer.json()["accepted"][0]["alert_id"]}


async def test_only_ingest_touches_the_spool(database: Database) -> None:
    for role in ("tandem_router", "tandem_console", "tandem_chain"):
        pool = await database.pool(role)
        with pytest.raises(Exception, match="permission denied"):
            await pool.fetch("select * from ingest.spool")
