"""The producer when its client hangs at its start, at its end, or swallows a cancellation: nobody waits for it."""

from __future__ import annotations

import asyncio

import pytest

from tandem.bus.kafka_producer import OneProducer
from tandem.bus.kafka_settings import KafkaSettings
from tandem.clock import monotonic, within
from tandem.errors import Unavailable

SETTINGS = KafkaSettings(bootstrap="127.0.0.1:1")
DEADLINE_S = 0.2


class Obstinate:
    """Hangs whatever it is asked, and once cancelled hangs on, until its test is over."""

    def __init__(self, over: asyncio.Event, *, starts: bool) -> None:
        self._over = over
        self._starts = starts
        self.client = self._sender = self

    async def start(self) -> None:
        if not self._starts:
            await self._hang()

    async def flush(self) -> None:
        await self._hang()

    async def stop(self) -> None:
        await self._hang()

    async def close(self) -> None:
        await self._hang()

    async def _hang(self) -> None:
        while not self._over.is_set():
            try:
                await self._over.wait()
            except asyncio.CancelledError:
                continue


@pytest.fixture
async def over():
    event = asyncio.Event()
    yield event
    event.set()
    await asyncio.sleep(0.01)


async def ended_within(seconds: float, work) -> float:
    """How long it took, so that a hang is a failure and no hang of the suite."""
    began = monotonic()
    task = asyncio.ensure_future(work)
    await asyncio.wait((task,), timeout=seconds)
    assert task.done(), "it hangs"
    await asyncio.gather(task, return_exceptions=True)
    return monotonic() - began


async def test_a_producer_that_hangs_at_its_start_costs_the_caller_his_deadline_and_no_more(over: asyncio.Event):
    producer = OneProducer(SETTINGS, None, make=lambda **_: Obstinate(over, starts=False))

    async def caller() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await producer.get()

    for _ in range(2):
        await ended_within(10, caller())


async def test_a_spoiled_producer_ends_behind_the_back_of_who_spoiled_it_and_the_next_is_another(over: asyncio.Event):
    producer = OneProducer(SETTINGS, None, make=lambda **_: Obstinate(over, starts=True))
    first = await producer.get()

    producer.spoiled(first)
    second = await producer.get()

    assert second is not first
    producer.spoiled(first)
    assert await producer.get() is second, "an old one spoils nothing"


async def test_a_producer_that_will_not_end_does_not_keep_the_process(over: asyncio.Event):
    producer = OneProducer(SETTINGS, None, make=lambda **_: Obstinate(over, starts=True))
    await producer.get()

    await ended_within(10, producer.close())


async def test_work_that_swallows_its_cancellation_is_left_behind_at_its_deadline(over: asyncio.Event):
    with pytest.raises(TimeoutError):
        await within(DEADLINE_S, Obstinate(over, starts=False).start())


async def test_work_in_time_gives_its_outcome_or_its_fault():
    async def fails() -> None:
        raise Unavailable("kafka")

    async def cancelled_from_within() -> None:
        raise asyncio.CancelledError

    assert await within(5, asyncio.sleep(0, "done")) == "done"
    with pytest.raises(TimeoutError):
        await within(5, cancelled_from_within())
    with pytest.raises(Unavailable):
        await within(5, fails())
