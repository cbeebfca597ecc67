"""The outbox and its relay: out when the work commits, in order per key, at least once, one relay at a time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tandem.bus.drain import Drain
from tandem.bus.outbox import OUTBOX, Relay, put_outbox
from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.bus.topics import URGENT
from tandem.clock import ManualClock, monotonic
from tandem.db.write import Writes
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tests.support.fake_broker import FakeBroker, first_times
from tests.support.postgres import Database

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def fact(key: str, value: str, **more) -> Record:
    return Record("tandem.incidents", f"acme/{key}", value.encode(), **more)


async def publish(connection: Any, *records: Record, at: datetime = NOW) -> None:
    """As a runner does: one statement, the last of its transaction."""
    writes = Writes()
    put_outbox(writes, records, at)
    async with connection.transaction():
        await run(connection, writes)


async def until(condition: Callable[[], object], *, seconds: float = 60.0) -> None:
    end = monotonic() + seconds
    while not condition():
        if monotonic() > end:
            pytest.fail("it never became true")
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def at_work(*movers: Relay | Drain) -> AsyncIterator[None]:
    """Relays that run meanwhile."""
    stopping = asyncio.Event()
    running = [asyncio.create_task(mover.run(stopping)) for mover in movers]
    try:
        yield
    finally:
        stopping.set()
        async with asyncio.timeout(30):
            await asyncio.gather(*running)


def holds(broker: FakeBroker, records: int) -> bool:
    return len(broker.records) == records


def relay(database: Database, broker: FakeBroker, *, clock: ManualClock | None = None, metrics: Metrics | None = None):
    return Relay(
        dsn=database.dsn,
        role="tandem_router",
        append=broker.append,
        clock=clock or ManualClock(NOW),
        metrics=metrics or Metrics(),
    )


def drain(database: Database, broker: FakeBroker, **more) -> Drain:
    return Drain(
        OUTBOX,
        dsn=database.dsn,
        role="tandem_router",
        append=broker.append,
        clock=ManualClock(NOW),
        metrics=Metrics(),
        **more,
    )


@pytest.fixture
async def writer(database: Database):
    return await (await database.pool("tandem_router")).acquire()


async def waiting(database: Database) -> int:
    return await (await database.admin()).fetchval("select count(*) from bus.outbox")


async def until_nothing_waits(database: Database) -> None:
    admin = await database.admin()
    async with asyncio.timeout(60):
        while await admin.fetchval("select count(*) from bus.outbox"):  # noqa: ASYNC110 - a table tells nobody
            await asyncio.sleep(0.01)


# --- what is published -------------------------------------------------------------------------------------------


async def test_a_record_arrives_as_it_was_published_and_leaves_nothing_behind(database: Database, writer) -> None:
    broker = FakeBroker()
    record = fact("i1", "opened", headers={"traceparent": "00-ab-cd-01"}, partition=3)

    async with at_work(relay(database, broker)):
        await publish(writer, record, fact("i2", "opened"))
        await until(lambda: len(broker.records) == 2)

    assert record in broker.records
    assert await waiting(database) == 0


async def test_a_transaction_that_rolls_back_publishes_nothing(database: Database, writer) -> None:
    writes = Writes()
    put_outbox(writes, [fact("i1", "never")], NOW)
    transaction = writer.transaction()
    await transaction.start()
    await run(writer, writes)
    await transaction.rollback()
    broker = FakeBroker()

    async with at_work(relay(database, broker)):
        await publish(writer, fact("i1", "opened"))
        await until(lambda: broker.records)

    assert broker.values == ["opened"]


async def test_two_publications_of_one_transaction_keep_their_order(database: Database, writer) -> None:
    writes = Writes()
    put_outbox(writes, [fact("i1", "1"), fact("i1", "2")], NOW)
    put_outbox(writes, [fact("i1", "3")], NOW)
    await run(writer, writes)
    broker = FakeBroker()

    await drain(database, broker).step()

    assert broker.values == ["1", "2", "3"]


async def test_a_relay_is_told_of_a_commit_and_does_not_wait_for_its_poll(
    database: Database, writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tandem.bus.drain._POLL_S", 600.0)  # nobody looks by itself
    broker = FakeBroker()
    moving = relay(database, broker)
    async with at_work(moving):
        await publish(writer, fact("i1", "0"))
        await until(lambda: broker.records)
        for n in range(1, 10):
            await publish(writer, fact("i1", str(n)))
            await until(partial(holds, broker, n + 1))
        monkeypatch.setattr("tandem.bus.drain._POLL_S", 0.01)  # or it would see its end ten minutes later
        moving.wake()

    assert broker.values == [str(n) for n in range(10)]


# --- order -------------------------------------------------------------------------------------------------------


async def test_every_key_keeps_its_order_under_concurrent_writers(database: Database) -> None:
    """Each key is written by transactions that take turns, as the lock on an incident's row makes them do."""
    pool = await database.pool("tandem_router", max_size=8)
    broker = FakeBroker()
    turns = {f"i{n}": asyncio.Lock() for n in range(10)}
    versions = dict.fromkeys(turns, 0)

    async def write(n: int) -> None:
        keys = sorted({f"i{(n * step) % 10}" for step in (1, 3, 7)})
        async with contextlib.AsyncExitStack() as held, pool.acquire() as connection:
            for key in keys:
                await held.enter_async_context(turns[key])
            records = []
            for key in keys:
                versions[key] += 1
                records.append(fact(key, f"{key}:{versions[key]}"))
            await publish(connection, *records)

    async with at_work(relay(database, broker)):
        await asyncio.gather(*(write(n) for n in range(200)))
        await until(lambda: len(broker.records) >= sum(versions.values()))

    for key, last in versions.items():
        assert [value for value in broker.values if value.startswith(f"{key}:")] == [
            f"{key}:{version}" for version in range(1, last + 1)
        ]


async def test_positions_are_gapless_and_a_late_commit_is_not_passed(database: Database) -> None:
    """A writer that has not committed holds the counter, so nothing after it can be read before it."""
    pool = await database.pool("tandem_router")
    first: Any = await pool.acquire()
    second: Any = await pool.acquire()
    writes = Writes()
    put_outbox(writes, [fact("i1", "first")], NOW)
    slow = first.transaction()
    await slow.start()
    await run(first, writes)
    following = asyncio.create_task(publish(second, fact("i1", "second")))
    broker = FakeBroker()
    moving = drain(database, broker)
    assert await moving.step() == 0
    assert not following.done()

    await slow.commit()
    await following
    await moving.step()

    assert broker.values == ["first", "second"]


# --- faults ------------------------------------------------------------------------------------------------------


async def test_a_copy_of_what_is_urgent_waits_behind_nothing(database: Database, writer) -> None:
    for start in range(0, 4000, 500):
        await publish(writer, *(fact(f"i{n}", "slow") for n in range(start, start + 500)))
    await publish(writer, Record(URGENT.name, "acme/p1", b"a"), Record(URGENT.name, "acme/p2", b"b"))
    broker = FakeBroker()
    mover = drain(database, broker)

    moved = await mover.step()

    assert moved < 4000
    assert [record.value for record in broker.records if record.topic == URGENT.name] == [b"a", b"b"]
    while await mover.step():
        pass
    assert len(broker.records) == 4002
    assert await waiting(database) == 0


async def test_a_broker_that_is_away_loses_nothing_and_the_order_holds(database: Database, writer) -> None:
    broker = FakeBroker()
    broker.up = False
    async with at_work(relay(database, broker)):
        for n in range(50):
            await publish(writer, fact("i1", str(n)))
        await until(lambda: broker.appends >= 3)
        assert await waiting(database) == 50
        broker.up = True
        await until(lambda: len(broker.records) == 50)

    assert broker.values == [str(n) for n in range(50)]


async def test_a_lost_answer_repeats_records_and_a_reader_that_drops_what_it_has_sees_them_in_order(
    database: Database, writer
) -> None:
    broker = FakeBroker()
    broker.loses_answers = 2
    await publish(writer, *(fact("i1", str(n)) for n in range(5)))

    async with at_work(relay(database, broker)):
        await until(lambda: len(broker.records) >= 15)

    assert broker.values == 3 * ["0", "1", "2", "3", "4"]
    assert first_times(broker.values) == ["0", "1", "2", "3", "4"]


async def test_an_append_that_hangs_is_given_up_and_tried_again(database: Database, writer) -> None:
    broker = FakeBroker()
    broker.hangs = True
    await publish(writer, fact("i1", "1"))

    async with at_work(drain(database, broker, append_s=0.1)):
        await until(lambda: broker.appends >= 2)
        broker.hangs = False
        await until(lambda: broker.records)

    assert broker.values == ["1"]


async def test_what_the_bus_never_takes_is_quarantined_and_holds_up_nothing(database: Database, writer) -> None:
    broker = FakeBroker()
    broker.poison = {b"bad"}
    await publish(writer, fact("i1", "1"), fact("i1", "bad"), fact("i1", "2"), fact("i2", "3"))

    async with at_work(relay(database, broker)):
        await until(lambda: len(broker.records) == 3)
        await until(lambda: not broker.poison or broker.appends >= 5)

    assert sorted(broker.values) == ["1", "2", "3"]
    (row,) = await (await database.admin()).fetch("select tenant, service, topic, reason, raw from bus.quarantine")
    assert tuple(row) == ("acme", "bus.outbox", "tandem.incidents", "too large", b"bad")
    assert await waiting(database) == 0


OUTSIDE = "tandem.routed.msp.brightwater"


def routed(key: str, value: str) -> Record:
    return Record(OUTSIDE, f"acme/{key}", value.encode())


async def parked(database: Database) -> int:
    return await (await database.admin()).fetchval("select count(*) from bus.outbox_parked")


async def test_a_topic_that_takes_nothing_stops_no_other_and_what_is_for_it_follows_in_order(
    database: Database, writer
) -> None:
    broker, metrics = FakeBroker(), Metrics()
    broker.missing = {OUTSIDE}
    async with at_work(relay(database, broker, metrics=metrics)):
        for n in range(20):
            await publish(writer, fact("i1", f"fact {n}"), routed("i1", f"routed {n}"), routed("i2", f"other {n}"))
        await until(lambda: len(broker.records) == 20)
        await until(lambda: metrics.registry.get_sample_value("tandem_outbox_parked_records") == 40)
        await until_nothing_waits(database)  # the last are forgotten after they were appended
        broker.missing = set()
        await publish(writer, routed("i1", "routed 20"))
        await until(lambda: len(broker.records) == 61)
        await until(lambda: metrics.registry.get_sample_value("tandem_outbox_parked_records") == 0)

    assert broker.values[:20] == [f"fact {n}" for n in range(20)]
    assert [value for value in broker.values if value.startswith("routed")] == [f"routed {n}" for n in range(21)]
    assert [value for value in broker.values if value.startswith("other")] == [f"other {n}" for n in range(20)]
    assert await parked(database) == 0


async def test_what_stands_aside_is_overtaken_by_nothing_after_the_relay_was_another_process(
    database: Database, writer
) -> None:
    before, after = FakeBroker(), FakeBroker()
    before.missing = {OUTSIDE}
    async with at_work(relay(database, before)):
        await publish(writer, routed("i1", "1"), fact("i1", "fact"))
        await until(lambda: before.values == ["fact"])
    assert await parked(database) == 1

    await publish(writer, routed("i1", "2"))
    async with at_work(relay(database, after)):
        await until(lambda: len(after.records) == 2)

    assert after.values == ["1", "2"]


async def test_two_topics_that_take_nothing_and_a_poisoned_record_hold_up_neither_each_other_nor_the_rest(
    database: Database, writer
) -> None:
    broker, other = FakeBroker(), "tandem.routed.internal.acme"
    broker.missing, broker.poison = {OUTSIDE, other}, {b"bad"}
    async with at_work(relay(database, broker)):
        await publish(
            writer,
            routed("i1", "a"),
            Record(other, "acme/i1", b"b"),
            fact("i1", "bad"),
            fact("i1", "c"),
            routed("i1", "bad"),
        )
        await until(lambda: broker.values == ["c"])
        broker.missing = {other}
        await until(lambda: "a" in broker.values)
        broker.missing = set()
        await until(lambda: "b" in broker.values)

    assert sorted(set(broker.values)) == ["a", "b", "c"]
    rows = await (await database.admin()).fetch("select topic from bus.quarantine order by topic")
    assert [row["topic"] for row in rows] == ["tandem.incidents", OUTSIDE]
    assert await waiting(database) == await parked(database) == 0


async def test_a_session_that_the_database_ends_is_made_again_and_loses_nothing(database: Database, writer) -> None:
    broker, admin = FakeBroker(), await database.admin()
    async with at_work(relay(database, broker)):
        for n in range(30):
            await publish(writer, fact("i1", str(n)))
            if n % 10 == 5:
                await admin.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and application_name like 'tandem drain%'"
                )
        await until(lambda: len(set(broker.values)) == 30)

    assert first_times(broker.values) == [str(n) for n in range(30)]


# --- several relays ----------------------------------------------------------------------------------------------


async def test_one_relay_at_a_time_moves_a_shard(database: Database, writer) -> None:
    brokers = [FakeBroker() for _ in range(3)]
    async with at_work(*(relay(database, broker) for broker in brokers)):
        for n in range(100):
            await publish(writer, *(fact(f"i{key}", f"{key}:{n}") for key in range(4)))
        await until(lambda: sum(len(broker.records) for broker in brokers) >= 400)

    assert sum(len(broker.records) for broker in brokers) == 400, "nothing was moved twice"
    for key in range(4):
        movers = [broker for broker in brokers if any(v.startswith(f"{key}:") for v in broker.values)]
        assert len(movers) == 1


async def test_a_relay_that_cannot_reach_the_broker_lets_another_try(database: Database, writer) -> None:
    cut_off, well = FakeBroker(), FakeBroker()
    cut_off.up = False
    async with at_work(drain(database, cut_off)):
        await publish(writer, fact("i1", "1"))
        await until(lambda: cut_off.appends)
        async with at_work(drain(database, well)):
            await until(lambda: well.records)

    assert well.values == ["1"]


async def test_the_shards_of_a_relay_that_ends_in_order_are_taken_at_once(
    database: Database, writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tandem.bus.drain._TAKE_EVERY_S", 600.0)  # nobody tries by itself
    ending, staying = FakeBroker(), FakeBroker()
    async with contextlib.AsyncExitStack() as first:
        await first.enter_async_context(at_work(drain(database, ending)))
        await publish(writer, *(fact(f"i{key}", "0") for key in range(8)))
        await until(lambda: len(ending.records) == 8)
        async with at_work(drain(database, staying)):
            await asyncio.sleep(0.3)  # it has asked once, in vain
            await first.aclose()
            await publish(writer, *(fact(f"i{key}", "1") for key in range(8)))
            await until(lambda: len(staying.records) == 8)


# What is killed must not need the server's patience, so in that case the server has more of it than the test.
@pytest.mark.parametrize(("sent", "frozen_s"), [(signal.SIGKILL, 600), (signal.SIGSTOP, 3)], ids=["killed", "frozen"])
async def test_the_shards_of_a_relay_that_dies_or_stands_still_are_taken_over(
    database: Database, writer, tmp_path: Path, sent: signal.Signals, frozen_s: int
) -> None:
    moved = tmp_path / "moved"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.relay_process", database.dsn, str(moved), str(frozen_s)
    )
    try:
        await publish(writer, fact("i1", "0"))
        await until(lambda: moved.exists() and moved.read_text().split() == ["0"])
        broker = FakeBroker()
        async with at_work(drain(database, broker)):
            await asyncio.sleep(0.3)
            child.send_signal(sent)
            began = monotonic()
            await publish(writer, fact("i1", "1"))
            await until(lambda: broker.records)
            print(f"{sent.name}: taken over after {monotonic() - began:.2f} s")
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGCONT)
            await publish(writer, *(fact("i1", str(n)) for n in range(2, 6)))
            await until(lambda: len(broker.records) == 5)
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()

    assert broker.values == ["1", "2", "3", "4", "5"]
    assert moved.read_text().split() == ["0"], "the one that was paused does nothing any more"


# --- figures -----------------------------------------------------------------------------------------------------


async def test_gauges_tell_how_much_waits_and_for_how_long(database: Database, writer) -> None:
    broker, metrics, clock = FakeBroker(), Metrics(), ManualClock(NOW + timedelta(seconds=90))
    broker.up = False

    def gauge(name: str) -> float | None:
        return metrics.registry.get_sample_value(name)

    async with at_work(relay(database, broker, clock=clock, metrics=metrics)):
        await publish(writer, fact("i1", "1"), at=NOW)
        await publish(writer, fact("i2", "2"), fact("i3", "3"), at=NOW + timedelta(seconds=60))
        await until(lambda: gauge("tandem_outbox_waiting_records") == 3)
        assert gauge("tandem_outbox_oldest_seconds") == 90
        broker.up = True
        await until(lambda: gauge("tandem_outbox_waiting_records") == 0)
        assert gauge("tandem_outbox_oldest_seconds") == 0


async def test_a_database_that_is_away_is_no_fault_of_the_relay(empty_database: Database) -> None:
    """Even its schema may still be missing: it waits and says so."""
    broker = FakeBroker()
    moving = Drain(
        OUTBOX,
        dsn=empty_database.dsn.replace(empty_database.name, "nowhere"),
        role="tandem_router",
        append=broker.append,
        clock=ManualClock(NOW),
        metrics=Metrics(),
    )

    with pytest.raises(Unavailable):
        await moving.step()
