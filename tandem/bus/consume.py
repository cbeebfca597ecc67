"""The one loop: fetch a batch, plan it, commit state, outgoing records and offsets in one transaction, then act.

One lane alone is a service on Kafka. Several lanes are the embedded chain: what one stage publishes goes to the next
stage's inbox as it is, and the whole batch is one commit, because commits and statements cost and rows do not. When a
composed batch fails, each lane works alone until all are level again, so that one service's fault never stops
another's work; a record that keeps failing goes to quarantine and its partition moves on.

``except Exception`` stands here: whatever a stage raises must not end the loop, lose a record or skip one silently.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from tandem.bus.commit import Commit, describe
from tandem.bus.lane import Lane
from tandem.bus.one_by_one import OneByOne
from tandem.bus.port import Batch, Bus
from tandem.clock import Clock, pause, wait_event
from tandem.db.link import Link
from tandem.errors import Fenced, Unavailable
from tandem.metrics import Metrics

BATCH = 500
"""Records of one transaction at most."""
IDLE_S = 1.0
"""Longest wait for records; timers of other processes are looked for this often."""
_BACKOFF_S = (0.05, 0.2, 0.5, 1.0, 2.0)

log = structlog.get_logger("tandem.bus")


class Runner:
    """Runs one or several lanes on one connection."""

    def __init__(
        self, *, bus: Bus, lanes: Sequence[Lane], link: Link, clock: Clock, metrics: Metrics | None = None
    ) -> None:
        """``lanes`` in the order of the pipeline; each lane's consumer reads its stage's inputs."""
        self._lanes = list(lanes)
        self._link = link
        self._clock = clock
        self._apart = True  # nobody knows yet whether the followers are level
        self._commit = Commit(bus, link, clock)
        self._one_by_one = OneByOne(self._commit, metrics)
        self._faults = 0
        self.working = False
        """A batch may be at hand, so its stages may yet want something."""

    @property
    def name(self) -> str:
        """The groups it serves."""
        return "+".join(lane.stage.group for lane in self._lanes)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until ``stopping`` is set; the batch at hand is finished, and the groups are left at once.

        Other members wait for our partitions, and the rest of a process may take seconds to end.
        """
        waking = asyncio.create_task(self._wake_at(stopping), name=f"end of {self.name}")
        self.working = True
        try:
            await self._work(stopping)
        finally:
            waking.cancel()
            self.working = False
        await self._leave()

    async def _work(self, stopping: asyncio.Event) -> None:
        rest_s = min(lane.rest_s for lane in self._lanes)
        while not stopping.is_set():
            worked = await self.step(IDLE_S)
            if worked and rest_s:
                await wait_event(stopping, rest_s)

    async def _wake_at(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self.wake()

    def wake(self) -> None:
        """Look for work now."""
        for lane in self._lanes:
            lane.consumer.wake()

    def expect(self, group: str, due_at: datetime) -> None:
        """A timer of ``group`` was set outside its stage."""
        for lane in self._lanes:
            if lane.stage.group == group:
                lane.expect(due_at)
                self._lanes[0].consumer.wake()

    async def step(self, wait_s: float) -> bool:
        """One round; true when something was done. Never raises but on cancellation: faults are logged and retried."""
        try:
            done = await (self._step_apart(wait_s) if self._apart else self._step_composed(wait_s))
        except Unavailable as fault:
            await self._back_off(fault)
            return False
        self._faults = 0
        return done

    async def close(self) -> None:
        """Leave the groups, if that has not been done, and close the connection."""
        await self._leave()
        await self._link.close()

    async def _leave(self) -> None:
        for lane in self._lanes:
            await lane.consumer.close()

    async def _step_composed(self, wait_s: float) -> bool:
        head = self._lanes[0]
        batch = await head.consumer.fetch(BATCH, self._patience(wait_s))
        if not batch and not self._any_due():
            return False
        try:
            await self._commit.batch(self._lanes, batch)
        except Fenced as fault:
            await self._behind(fault)
        except Unavailable:
            await self._rewind()
            raise
        except Exception as fault:
            log.warning("batch failed, services work apart", records=len(batch.records), fault=describe(fault))
            await self._rewind()
            self._apart = True
        return True

    async def _step_apart(self, wait_s: float) -> bool:
        """Each lane alone, in order; composed again when a whole round found nothing."""
        worked = False
        for lane in self._lanes:
            worked = await self._alone(lane, 0 if len(self._lanes) > 1 else wait_s) or worked
        if not worked and len(self._lanes) > 1:
            self._apart = False
        return worked or len(self._lanes) > 1

    async def _alone(self, lane: Lane, wait_s: float) -> bool:
        batch = await lane.consumer.fetch(BATCH, self._patience(wait_s))
        if not batch and not lane.timers_due(self._clock.now()):
            return False
        try:
            await self._worked(lane, batch)
        except Unavailable:
            await lane.consumer.rewind()
            raise
        return True

    async def _worked(self, lane: Lane, batch: Batch) -> None:
        """The batch as a whole, or what can be of it."""
        try:
            await self._commit.batch([lane], batch)
        except Unavailable:
            raise
        except Exception as fault:
            log.warning("batch failed, one by one", group=lane.stage.group, fault=describe(fault))
            await self._one_by_one.work(lane, batch)

    async def _behind(self, fault: Fenced) -> None:
        """Nothing was committed: a partition moved, or a follower has older records to read first."""
        log.info("batch refused, services catch up apart", fault=str(fault))
        await self._rewind()
        self._apart = True

    async def _rewind(self) -> None:
        for lane in self._lanes:
            await lane.consumer.rewind()

    def _any_due(self) -> bool:
        now = self._clock.now()
        return any(lane.timers_due(now) for lane in self._lanes)

    def _patience(self, wait_s: float) -> float:
        """How long to wait for records: not past the next timer."""
        now = self._clock.now()
        if self._any_due():
            return 0.0
        dues = [lane.next_due for lane in self._lanes if lane.next_due is not None]
        if not dues:
            return wait_s
        return max(0.0, min(wait_s, (min(dues) - now) / timedelta(seconds=1)))

    async def _back_off(self, fault: Unavailable) -> None:
        delay = _BACKOFF_S[min(self._faults, len(_BACKOFF_S) - 1)]
        self._faults += 1
        log.warning("waiting for what is away", group=self.name, fault=str(fault), seconds=delay)
        await pause(delay * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries, guards nothing
