"""How a member's client ends: in order if the broker lets it, else cut, and always soon."""

from __future__ import annotations

import asyncio

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from tandem.bus.kafka_producer import describe
from tandem.clock import within

CLOSE_S = 4.0
"""The port allows five; a client whose broker is gone would take longer."""
_CUT_S = 0.5
_COORDINATING = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task")

log = structlog.get_logger("tandem.bus")


async def leave(client: AIOKafkaConsumer) -> None:
    """Leave the group in order if the broker lets us; otherwise cut every connection and task of ``client``."""
    stopping = asyncio.ensure_future(client.stop())
    done, _ = await asyncio.wait({stopping}, timeout=CLOSE_S)
    # Its fetcher cancels what is on its way and may be cancelled with it, with the connections left open.
    if done and not stopping.cancelled() and stopping.exception() is None:
        return
    stopping.cancel()
    await _cut(client)
    await asyncio.wait({stopping}, timeout=0.2)


async def _cut(client: AIOKafkaConsumer) -> None:
    """The client's own ``stop`` may wait for a broker that is gone; its rooms are ended one by one instead."""
    coordinator, fetcher = client._coordinator, client._fetcher  # noqa: SLF001 - nothing public ends them
    tasks = [getattr(coordinator, name, None) for name in _COORDINATING]
    for task in [*tasks, *getattr(fetcher, "_pending_tasks", ()), getattr(fetcher, "_fetch_task", None)]:
        if task is not None:
            task.cancel()
    try:
        await within(_CUT_S, client._client.close())  # noqa: SLF001 - as above
    except (TimeoutError, KafkaError, OSError) as fault:
        log.warning("kafka connections did not close", fault=describe(fault))
