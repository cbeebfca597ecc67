"""Durable timers: each fires exactly once, whoever claims it and whatever crashes."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tandem.db.migrate import upgrade
from tandem.db.timers import DueTimer, cancel_timer, claim_due, next_due, set_timer
from tandem.db.write import Writes
from tests.support.sample_schema import WITH_SAMPLE

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def pool(database):
    await upgrade(database.dsn, branches=WITH_SAMPLE)
    return await database.pool("tandem_router", max_size=8)


async def write(connection, writes):
    sql, parameters, _ = writes.compose()
    await connection.execute(sql, *parameters)


async def set_all(pool, timers):
    writes = Writes()
    for timer in timers:
        set_timer(writes, "sample", tenant=timer.tenant, key=timer.key, kind=timer.kind, due_at=timer.due_at)
    await write(pool, writes)


def timer(key="one", due_at=NOON, *, kind="warn", tenant="acme"):
    return DueTimer(tenant, key, kind, due_at)


async def claim_all(pool, now=NOON, limit=100):
    async with pool.acquire() as connection, connection.transaction():
        return await claim_due(connection, "sample", now, limit)


async def test_a_timer_is_due_at_its_instant_and_not_before(pool):
    await set_all(pool, [timer(due_at=NOON)])

    early = await claim_all(pool, NOON - timedelta(microseconds=1))
    at_the_instant = await claim_all(pool, NOON)

    assert (early, at_the_instant) == ([], [timer(due_at=NOON)])


async def test_timers_come_in_the_order_they_are_due_and_no_more_than_asked_for(pool):
    await set_all(pool, [timer(str(n), NOON - n * MINUTE) for n in range(5)])

    first = await claim_all(pool, limit=2)
    rest = await claim_all(pool)

    assert [one.key for one in first] == ["4", "3"]
    assert [one.key for one in rest] == ["2", "1", "0"]


async def test_a_thousand_timers_fire_once_each_under_several_claimers(pool):
    wanted = [timer(f"i{n}", NOON - (n % 7) * MINUTE, kind=f"k{n % 3}", tenant=f"t{n % 11}") for n in range(1000)]
    await set_all(pool, wanted)
    fired: Counter[DueTimer] = Counter()

    async def claimer(seed):
        crashes = random.Random(seed)
        while True:
            async with pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                claimed = await claim_due(connection, "sample", NOON, 17)
                if claimed and crashes.random() < 0.3:
                    await transaction.rollback()
                    continue
                await transaction.commit()
                fired.update(claimed)
                if not claimed:
                    return

    await asyncio.gather(*(claimer(seed) for seed in range(6)))
    fired.update(await claim_all(pool, limit=1000))  # what the last claimers passed over because others held it

    assert fired == Counter(wanted)


async def test_a_timer_whose_transaction_rolled_back_fires_again(pool):
    await set_all(pool, [timer()])
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        claimed = await claim_due(connection, "sample", NOON, 10)
        await transaction.rollback()

    again = await claim_all(pool)

    assert claimed == again == [timer()]


async def test_a_claimer_does_not_wait_for_another_and_takes_what_is_free(pool):
    await set_all(pool, [timer("a"), timer("b", NOON + MINUTE)])
    async with pool.acquire() as first, first.transaction():
        held = await claim_due(first, "sample", NOON, 10)

        meanwhile = await asyncio.wait_for(claim_all(pool, NOON + MINUTE), 10)

    assert [one.key for one in held] == ["a"]
    assert [one.key for one in meanwhile] == ["b"]


async def test_a_timer_that_is_set_again_moves(pool):
    await set_all(pool, [timer(due_at=NOON)])
    await set_all(pool, [timer(due_at=NOON + MINUTE)])

    assert await claim_all(pool, NOON) == []
    assert await claim_all(pool, NOON + MINUTE) == [timer(due_at=NOON + MINUTE)]


async def test_a_cancelled_timer_does_not_fire_and_others_do(pool):
    await set_all(pool, [timer("a"), timer("b"), timer("a", kind="breach"), timer("a", tenant="globex")])
    writes = Writes()
    cancel_timer(writes, "sample", tenant="acme", key="a", kind="warn")
    cancel_timer(writes, "sample", tenant="acme", key="absent", kind="warn")
    await write(pool, writes)

    left = await claim_all(pool)

    assert {(one.tenant, one.key, one.kind) for one in left} == {
        ("acme", "b", "warn"),
        ("acme", "a", "breach"),
        ("globex", "a", "warn"),
    }


@pytest.mark.parametrize("before", [None, NOON - MINUTE])
async def test_of_setting_and_cancelling_in_one_batch_the_last_holds(pool, before):
    if before is not None:
        await set_all(pool, [timer("set last", before), timer("cancelled last", before)])
    writes = Writes()
    for key in ("set last", "cancelled last"):
        set_timer(writes, "sample", tenant="acme", key=key, kind="warn", due_at=NOON + MINUTE)
        cancel_timer(writes, "sample", tenant="acme", key=key, kind="warn")
    set_timer(writes, "sample", tenant="acme", key="set last", kind="warn", due_at=NOON)
    await write(pool, writes)

    assert await claim_all(pool, NOON + 2 * MINUTE) == [timer("set last", NOON)]


async def test_a_timer_claimed_in_a_transaction_can_be_set_anew_in_it(pool):
    await set_all(pool, [timer()])
    writes = Writes()
    set_timer(writes, "sample", tenant="acme", key="one", kind="warn", due_at=NOON + MINUTE)
    async with pool.acquire() as connection, connection.transaction():
        await claim_due(connection, "sample", NOON, 10)
        await write(connection, writes)

    assert await claim_all(pool, NOON) == []
    assert await claim_all(pool, NOON + MINUTE) == [timer(due_at=NOON + MINUTE)]


async def test_the_next_due_instant_is_the_earliest(pool):
    none = await next_due(pool, "sample")
    await set_all(pool, [timer("a", NOON + MINUTE), timer("b", NOON), timer("c", NOON + 2 * MINUTE)])

    assert none is None
    assert await next_due(pool, "sample") == NOON


async def test_a_schema_that_is_no_plain_name_is_refused(pool):
    with pytest.raises(ValueError, match="plain SQL name"):
        await next_due(pool, "sample; drop table sample.thing")
