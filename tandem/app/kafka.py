"""Kafka under a process: waits for the broker, runs the relay and the watch over its members."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog

from tandem.app.lifecycle import Lifecycle
from tandem.bus.kafka import KafkaBus
from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.kafka_watch import Watch
from tandem.bus.outbox import Relay
from tandem.clock import Clock, monotonic, wait_event
from tandem.errors import StartFailed, Unavailable
from tandem.metrics import Metrics

WAIT_S = 600.0
"""How long a process waits for a broker before it gives up and lets its supervisor decide."""
_BACKOFF_S = (0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger("tandem.app")


async def open_kafka(
    settings: KafkaSettings,
    lifecycle: Lifecycle,
    metrics: Metrics,
    *,
    dsn: str,
    role: str,
    clock: Clock,
    intake_only: bool = False,
    waiting: Callable[[str], None] = lambda _: None,
) -> KafkaBus:
    """A bus, registered with the lifecycle; started, unless the process needs no broker to begin with.

    Args:
        intake_only: the process takes alerts and does nothing else. The spool is its way around a broker that is
            away, so it starts without one; it publishes nothing through the outbox and relays nothing, so its
            account on the cluster need not write anything but alerts.
        waiting: told what it waits for, for ``/readyz``.

    Raises:
        StartFailed: no broker answered for ten minutes.
    """
    bus = KafkaBus(settings, dsn, role, clock=clock, metrics=metrics)
    lifecycle.on_close("bus", bus.stop)
    if intake_only:
        lifecycle.supervise("kafka connection", lambda stopping: connect_when_it_comes(bus, stopping))
        return bus
    await wait_for_broker(bus, lifecycle.stopping, waiting=waiting)
    relay = Relay(dsn=dsn, role=role, append=bus.append, clock=clock, metrics=metrics)
    bus.published = relay.wake
    lifecycle.supervise("relay", relay.run)
    # A member that is stuck ends the process: a new one joins anew, and somebody above us sees it.
    lifecycle.supervise("kafka watch", Watch(bus, stuck=lifecycle.stop).run)
    lifecycle.supervise("kafka reach", bus.reach.run)
    return bus


async def wait_for_broker(
    bus: KafkaBus,
    stopping: asyncio.Event,
    *,
    seconds: float = WAIT_S,
    waiting: Callable[[str], None] = lambda _: None,
) -> None:
    """Start ``bus``, again and again until a broker answers.

    Raises:
        StartFailed: none did, or we were told to stop meanwhile.
    """
    until = monotonic() + seconds

    def missing(fault: Unavailable) -> None:
        if monotonic() > until:
            raise StartFailed(f"{fault}: start the broker, or check TANDEM_KAFKA_BOOTSTRAP") from fault
        waiting(f"waiting for {fault}")
        log.warning("waiting for kafka", bootstrap=bus.settings.bootstrap, fault=str(fault))

    if not await _connected(bus, stopping, missing):
        raise StartFailed("stopped while waiting for kafka", exit_code=0)


async def connect_when_it_comes(bus: KafkaBus, stopping: asyncio.Event) -> None:
    """Start ``bus`` whenever a broker answers, however late: what comes in meanwhile has another way."""
    told = False

    def missing(fault: Unavailable) -> None:
        nonlocal told
        if not told:
            log.warning("kafka is away, alerts wait in the spool", bootstrap=bus.settings.bootstrap, fault=str(fault))
        told = True

    if await _connected(bus, stopping, missing) and told:
        log.info("kafka answers")


async def _connected(bus: KafkaBus, stopping: asyncio.Event, missing: Callable[[Unavailable], None]) -> bool:
    """Whether ``bus`` was started before ``stopping``; ``missing`` hears of each try that failed, and may end it."""
    tries = 0
    while not stopping.is_set():
        try:
            await bus.start()
        except Unavailable as fault:
            missing(fault)
        else:
            return True
        delay = _BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)]
        tries += 1
        await wait_event(stopping, delay * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries only
    return False
