"""The way around a bus that is away: nothing overtakes, nothing hangs, and a refusal means that both ways failed."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tandem.bus.partition import partition_of
from tandem.bus.port import Record
from tandem.clock import monotonic
from tandem.errors import PoisonRecord, Unavailable
from tandem_ingest.accept import DEADLINE_S, Acceptance
from tandem_ingest.detour import BUS_S, PUT_S, SETTLE_S, WAY_S, Detour
from tests.support.fake_broker import FakeBroker

HUNG_S = 20.0
"""A way is given up after 0.3 s here; who waits this long is hanging."""


class FakeSpool:
    """Holds what was put into it until it is emptied; hangs, is away or loses its answer as a broker does."""

    def __init__(self) -> None:
        self.table = FakeBroker()
        self.partitions: set[int] = set()

    def holds(self, key: str) -> bool:
        return partition_of(key) in self.partitions

    async def put(self, records) -> None:
        self.partitions |= {partition_of(record.key) for record in records}
        await self.table.append(records)

    def emptied(self) -> None:
        self.partitions.clear()


def alert(key: str, value: str = "") -> Record:
    return Record("tandem.alerts", f"acme/{key}", (value or key).encode())


def keys(*, same_partition: bool) -> tuple[str, str]:
    """Two keys that share a partition, or do not."""
    others = (f"k{n}" for n in range(1, 100))
    return "k0", next(k for k in others if (partition_of(f"acme/{k}") == partition_of("acme/k0")) is same_partition)


@pytest.fixture
def bus() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def spool() -> FakeSpool:
    return FakeSpool()


def quick(bus: FakeBroker, spool: FakeSpool, *, closed_s: float) -> Detour:
    """A detour that tries each way for a moment only, and avoids what failed for ``closed_s``."""
    return Detour(bus.append, spool, bus_s=0.1, put_s=0.1, way_s=1.0, settle_s=0.0, closed_s=closed_s)


@pytest.fixture
def detour(bus: FakeBroker, spool: FakeSpool) -> Detour:
    return quick(bus, spool, closed_s=60.0)


async def test_while_the_bus_answers_nothing_is_spooled(detour: Detour, bus: FakeBroker, spool: FakeSpool) -> None:
    await detour.append([alert("a"), alert("b")])

    assert bus.values == ["a", "b"]
    assert spool.table.appends == 0


async def test_what_the_bus_refuses_is_spooled(detour: Detour, bus: FakeBroker, spool: FakeSpool) -> None:
    bus.up = False

    await detour.append([alert("a"), alert("b")])

    assert spool.table.values == ["a", "b"]


async def test_a_bus_that_hangs_is_given_up_in_time(detour: Detour, bus: FakeBroker, spool: FakeSpool) -> None:
    bus.hangs = True
    began = monotonic()

    await detour.append([alert("a")])

    assert spool.table.values == ["a"]
    assert monotonic() - began < HUNG_S


async def test_while_a_partition_is_spooled_later_alerts_of_it_follow_and_others_go_straight(
    bus: FakeBroker, spool: FakeSpool
) -> None:
    detour = quick(bus, spool, closed_s=0.05)
    first, beside = keys(same_partition=True)
    _, elsewhere = keys(same_partition=False)
    bus.up = False
    await detour.append([alert(first)])
    bus.up = True
    await asyncio.sleep(0.06)  # until the bus is the first choice again

    await detour.append([alert(beside), alert(elsewhere)])

    assert spool.table.values == [first, beside]
    assert bus.values == [elsewhere]


async def test_once_the_spool_is_empty_alerts_go_straight_again(bus: FakeBroker, spool: FakeSpool) -> None:
    detour = quick(bus, spool, closed_s=0.05)
    bus.up = False
    await detour.append([alert("a", "1")])
    bus.up = True
    spool.emptied()
    await asyncio.sleep(0.06)

    await detour.append([alert("a", "2")])

    assert bus.values == ["2"]


async def test_a_bus_that_failed_is_not_waited_for_by_every_post(
    detour: Detour, bus: FakeBroker, spool: FakeSpool
) -> None:
    bus.hangs = True
    for n in range(8):
        await detour.append([alert(f"k{n}")])

    assert bus.appends == 1
    assert len(spool.table.values) == 8


async def test_an_append_that_lost_its_answer_is_spooled_too_with_the_same_bytes(
    detour: Detour, bus: FakeBroker, spool: FakeSpool
) -> None:
    bus.loses_answers = 1

    await detour.append([alert("a")])

    assert spool.table.records == bus.records


async def test_what_the_bus_will_never_take_is_spooled_and_left_to_the_drain(
    detour: Detour, bus: FakeBroker, spool: FakeSpool
) -> None:
    bus.poison = {b"a"}

    await detour.append([alert("a")])

    assert spool.table.values == ["a"]
    with pytest.raises(PoisonRecord):
        await bus.append(spool.table.records)


@pytest.mark.parametrize("how", ["up", "hangs"])
async def test_with_both_away_a_post_is_refused(detour: Detour, bus: FakeBroker, spool: FakeSpool, how: str) -> None:
    for side in (bus, spool.table):
        setattr(side, how, how == "hangs")
    began = monotonic()

    for _ in range(3):
        with pytest.raises(Unavailable, match="bus and spool"):
            await detour.append([alert("a")])

    assert monotonic() - began < HUNG_S
    assert bus.records == spool.table.records == []


async def test_with_the_database_away_what_is_held_goes_to_the_bus_out_of_turn(
    detour: Detour, bus: FakeBroker, spool: FakeSpool
) -> None:
    spool.partitions = {partition_of("acme/a")}
    spool.table.hangs = True

    for n in range(4):
        await detour.append([alert("a", str(n))])

    assert bus.values == ["0", "1", "2", "3"]
    assert spool.table.appends == 1, "a database that hangs is not waited for by every post"


async def test_a_refusal_of_both_leaves_nothing_behind_that_stops_the_next(
    detour: Detour, bus: FakeBroker, spool: FakeSpool
) -> None:
    bus.up = spool.table.up = False
    with pytest.raises(Unavailable):
        await detour.append([alert("a", "1")])
    bus.up = spool.table.up = True
    spool.emptied()

    await detour.append([alert("a", "2")])

    assert set(bus.values + spool.table.values) == {"2"}, "both were tried at once, so it may be there twice"


async def test_a_bus_that_is_only_slow_answers_while_the_spool_is_tried_beside_it(
    detour: Detour, bus: FakeBroker, spool: FakeSpool
) -> None:
    bus.takes_s, spool.table.hangs = 0.2, True

    await detour.append([alert("a")])

    assert bus.values == ["a"]


async def test_a_database_that_is_only_slow_answers_although_the_bus_hangs(
    detour: Detour, bus: FakeBroker, spool: FakeSpool
) -> None:
    bus.hangs, spool.table.takes_s = True, 0.2

    for n in range(3):
        await detour.append([alert(f"k{n}")])

    assert spool.table.values == ["k0", "k1", "k2"]


async def test_when_both_failed_lately_both_are_tried_at_once(
    detour: Detour, bus: FakeBroker, spool: FakeSpool
) -> None:
    bus.hangs, spool.table.up = True, False
    with pytest.raises(Unavailable):
        await detour.append([alert("a", "1")])
    spool.table.up, spool.table.takes_s = True, 0.1
    before = bus.appends

    await detour.append([alert("b", "2")])

    assert spool.table.values == ["2"]
    assert bus.appends == before + 1


async def test_while_the_broker_stands_still_and_the_database_is_slow_every_post_is_accepted(
    bus: FakeBroker, spool: FakeSpool
) -> None:
    """As on a busy machine: what waits behind the first batch has less time than that had."""
    bus.hangs, spool.table.takes_s = True, 0.5
    acceptance = Acceptance(Detour(bus.append, spool), encode=lambda _: b"", lanes=1)

    async def post(n: int) -> None:
        await asyncio.sleep(n * 0.05)
        await acceptance.append([alert(f"k{n}")])

    outcomes = await asyncio.gather(*(post(n) for n in range(40)), return_exceptions=True)

    assert outcomes == [None] * 40
    assert len(spool.table.values) == 40


async def test_an_append_that_will_not_end_when_it_is_cancelled_is_refused_in_time_all_the_same() -> None:
    over = asyncio.Event()

    class Obstinate:
        async def append(self, records) -> None:
            while not over.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await over.wait()

    acceptance = Acceptance(Obstinate(), encode=lambda _: b"", lanes=1)
    post = asyncio.ensure_future(acceptance.append([alert("a")]))
    await asyncio.wait((post,), timeout=20)

    refused = post.done()
    over.set()
    assert refused
    with pytest.raises(Unavailable):
        await post


def test_one_way_and_then_the_other_fit_into_the_deadline_of_a_post() -> None:
    assert max(BUS_S, PUT_S) + WAY_S + SETTLE_S <= DEADLINE_S
