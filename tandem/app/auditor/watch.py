"""The loop: look, set the gauges, ping if all is well, else tell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from tandem.app.auditor.alarms import Alarm, Alarms, Word
from tandem.app.auditor.findings import Look, Terms
from tandem.app.auditor.invariants import INVARIANTS
from tandem.clock import Clock, wait_event
from tandem.metrics import Metrics

SHALLOW, DEEP = timedelta(hours=1), timedelta(days=1)
"""How far back what is over is looked at: mostly an hour, a day once an hour and while something is violated."""

log = structlog.get_logger("tandem.auditor")


class Listener(Protocol):
    """Who is told; ``receiver.Receiver`` is one."""

    async def alarm(self, alarm: Alarm, at: datetime) -> bool:
        """Whether the alarm was taken."""
        ...

    async def heartbeat(self) -> bool:
        """Whether the ping was taken."""
        ...


class Auditor:
    """Looks every ``every_s`` seconds; holds no connection in between."""

    def __init__(
        self,
        look: Callable[[Terms], Awaitable[Look]],
        listener: Listener,
        *,
        clock: Clock,
        metrics: Metrics,
        every_s: float,
        patience: timedelta,
        budget_s: float,
    ) -> None:
        """``look`` reads the database and raises nothing for its faults; see ``reading.look``."""
        self._look = look
        self._listener = listener
        self._clock = clock
        self._metrics = metrics
        self._every_s = every_s
        self._patience = patience
        self._budget_s = budget_s
        self._alarms = Alarms()
        self._deep_at: datetime | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until ``stopping``; the first time after one interval, when the services have begun to work."""
        while not await wait_event(stopping, self._every_s):
            await self.step()

    async def step(self) -> Look:
        """One look and what follows from it."""
        now = self._clock.now()
        terms = Terms(now=now, since=self._since(now), patience=self._patience, budget_s=self._budget_s)
        look = await self._look(terms)
        self._count(look, now)
        if look.clean:
            await self._listener.heartbeat()
        # All at once: a receiver that hangs costs the time of one alarm, however many there are.
        await asyncio.gather(*(self._tell(alarm, now) for alarm in self._alarms.after(look, now)))
        return look

    def _since(self, now: datetime) -> datetime:
        """What stands is looked for as far back as it was found, so that it does not seem to clear by itself.

        A deep look that is too slow is not made again at once: what holds now matters more.
        """
        stands = any(each.name in self._alarms.standing for each in INVARIANTS)
        if not stands and self._deep_at is not None and now - self._deep_at < SHALLOW:
            return now - SHALLOW
        self._deep_at = now
        return now - DEEP

    async def _tell(self, alarm: Alarm, now: datetime) -> None:
        """Log it whoever listens, and send it."""
        name, count = alarm.invariant.name, alarm.finding.count
        if alarm.word is Word.VIOLATED:
            first = alarm.finding.examples[0].what if alarm.finding.examples else ""
            log.error("invariant violated", invariant=name, count=count, first=first, runbook=alarm.invariant.runbook)
        else:
            log.info("invariant holds again", invariant=name)
        if await self._listener.alarm(alarm, now):
            self._alarms.taken(alarm)

    def _count(self, look: Look, now: datetime) -> None:
        """The gauges; an invariant that could not be asked keeps its last figure, and the budget's gauge tells."""
        for name, finding in look.findings.items():
            self._metrics.auditor_violations.labels(name).set(finding.count)
        self._metrics.auditor_run.set(look.seconds)
        if look.complete:
            self._metrics.auditor_last_run.set(now.timestamp())
