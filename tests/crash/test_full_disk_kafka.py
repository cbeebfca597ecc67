"""On Kafka the disk under the spool's database is full, or the database read-only: nothing is refused while the broker
takes alerts; with the broker away too every post is refused with advice, and both come back by themselves (F6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.support.apart import SMALL, apart
from tests.support.disk import Disk, small_disk
from tests.support.effort import measured, seconds
from tests.support.fleet import Fleet
from tests.support.full import refused_only, why_not
from tests.support.installation import Installation
from tests.support.kafka.broker import KafkaBroker
from tests.support.ledger import Outcome

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(900)]

DISK_MIB = 256
PER_SECOND = 10
AWAY_S = seconds(4, 20)
AGAIN_S = 60.0


@dataclass(frozen=True)
class Cramped:
    """A fleet whose database has a small disk of its own."""

    fleet: Installation[Fleet]
    disk: Disk

    async def turn_read_only(self, word: str) -> None:
        """``on``, or ``off`` again."""
        server = self.fleet.supervisor.server
        await server.ask(f"alter system set default_transaction_read_only = {word}")
        await server.ask("select pg_reload_conf()")

    async def fill(self) -> None:
        self.disk.fill()

    async def free(self) -> None:
        self.disk.free()


@pytest.fixture(scope="module")
async def cramped() -> AsyncIterator[Cramped]:
    with small_disk(DISK_MIB) as disk:
        async with apart(SMALL, broker=KafkaBroker(), database=disk.place / "server") as fleet:
            yield Cramped(fleet, disk)


@pytest.mark.parametrize(
    ("how", "says"), [("full disk", "No space left on device"), ("read-only", "read-only transaction")]
)
async def test_a_spool_that_takes_nothing_refuses_only_while_the_broker_is_away(cramped: Cramped, how: str, says: str):
    fleet, broker = cramped.fleet, cramped.fleet.supervisor.broker
    assert isinstance(broker, KafkaBroker)
    begin, end = _ways(cramped, how)

    async def spoil() -> None:
        await asyncio.sleep(1)
        await begin()
        await asyncio.sleep(AWAY_S)
        alone = len(fleet.ledger.posts)
        assert {each.outcome for post in fleet.ledger.posts[sent:alone] for each in post.tries} <= {
            None,
            Outcome.ACCEPTED,
        }, "refused although the broker took alerts"
        broker.freeze()
        await asyncio.sleep(AWAY_S)
        said, refused = await why_not(fleet)
        assert "not durable" in said
        assert fleet.supervisor.members["ingest-1"].wrote(says), "its log does not say why the spool takes nothing"
        broker.thaw()
        await end()
        await fleet.sender.deliver(refused)
        await fleet.paged(await fleet.deliver(fleet.alert()), within_s=AGAIN_S)

    sent = len(fleet.ledger.posts)
    try:
        await fleet.under_load(spoil(), per_second=PER_SECOND)
    finally:
        broker.thaw()
        await end()
    measured(f"F6 spool with a {how}", longest_answer_s=refused_only(fleet.ledger.posts[sent:]))
    assert all(member.running for member in fleet.supervisor.members.values())


def _ways(cramped: Cramped, how: str) -> tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]:
    """How it begins and how it ends."""
    if how == "full disk":
        return cramped.fill, cramped.free
    return lambda: cramped.turn_read_only("on"), lambda: cramped.turn_read_only("off")
