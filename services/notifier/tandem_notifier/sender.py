"""The sender: takes pages right after their commit, makes the attempts, and writes how they ended.

Nothing waits for it. Pages arrive by ``offer`` (born leased to this boot) or by the claim loop (retries, what found no
room, what another boot left behind); outcomes gather for a few milliseconds and are one commit together with their page
events. An attempt whose outcome was not written is made again with the same idempotency key: at least once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from tandem.bus.port import Bus, Record
from tandem.bus.postgres import run
from tandem.bus.topics import PAGES, incident_key
from tandem.clock import Clock, monotonic, pause, wait_event
from tandem.db.write import Writes
from tandem.errors import DeliveryFailed, DeliveryReason, Unavailable
from tandem.killpoint import passing
from tandem.metrics import Metrics
from tandem.wire import codec
from tandem_notifier.attempt import Result, delivered, failed, page_event
from tandem_notifier.channels import Channel
from tandem_notifier.in_flight import InFlight
from tandem_notifier.metrics import count_result, prepare
from tandem_notifier.paging import Page
from tandem_notifier.render import ack_url
from tandem_notifier.store import Database
from tandem_notifier.store.attempts import put_result
from tandem_notifier.store.claims import Claim, claim, give_back
from tandem_notifier.turns import Turns
from tandem_notifier.urgency import Urgency

GATHER_S = 0.005
"""Outcomes of so long are one commit; 20 ms gave more duplicates per kill and saved nothing."""
POLL_S = 1.0
NEEDED = timedelta(seconds=11)
"""What a lease must have left for an attempt to begin: the channel's deadline and the write."""
DRAIN_S = 3.0
"""At stopping, attempts under way have this long to end."""
_AGAIN_S = 0.5

log = structlog.get_logger("tandem.notifier")


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSettings:
    """What the sender needs to know of its process."""

    boot: str
    """As ``NotifierSettings.boot``."""
    key: bytes
    """Signs acknowledge links."""
    answer_url: str
    """Where acknowledge links lead, without a trailing slash."""
    sole: bool = False
    """No other process sends on this database (the data directory's lock), so older boots' leases are free at once."""
    room: int = 2000
    """Pages in memory at most."""
    room_for_p1: int = 500
    """More than that, for pages of a P1 only."""
    workers: int = 96
    """Attempts at once at most."""


class _Ready(asyncio.Queue[Page]):
    """Pages with a place in their lane. Many slow targets may keep every worker; then a fresh P1 is taken next."""

    def _init(self, _maxsize: int) -> None:
        self._queue = Turns()

    def _put(self, item: Page) -> None:
        self._queue.put(item)

    def _get(self) -> Page:
        return self._queue.next()


class Sender:
    """One per process."""

    def __init__(
        self,
        *,
        database: Database,
        bus: Bus,
        clock: Clock,
        channels: Mapping[str, Channel],
        metrics: Metrics,
        settings: SenderSettings,
        timer_set: Callable[[datetime], None] = lambda _at: None,
        more_to_come: Callable[[], bool] = lambda: False,
    ) -> None:
        """``timer_set`` hears of timers the sender sets, so that the runner of this process looks at once.

        At stopping the sender goes on while ``more_to_come``: a batch at hand may still offer pages.
        """
        self._database = database
        self._bus = bus
        self._clock = clock
        self._channels = channels
        self._metrics = metrics
        prepare(metrics, channels)
        self._settings = settings
        self._timer_set = timer_set
        self._more_to_come = more_to_come
        self._pages = InFlight(room=settings.room, room_for_p1=settings.room_for_p1)
        self._ready = _Ready()
        self._results: list[Result] = []
        self._ended = asyncio.Event()
        self._look = asyncio.Event()
        self._next_retry: datetime | None = None

    def offer(self, pages: Iterable[Page]) -> None:
        """Take what there is room for, without waiting; the claim loop finds the rest."""
        for page in pages:
            self._take(page)
        self._pages.expect_room()

    @property
    def in_flight(self) -> int:
        """Pages in memory: waiting, being attempted, or with an outcome that is not written yet."""
        return len(self._pages)

    def wake(self) -> None:
        """Look for due pages now."""
        self._look.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until ``stopping`` is set, then send what is at hand, write what ended and give back what did not."""
        work = [asyncio.ensure_future(self._work()) for _ in range(self._settings.workers)]
        loops = [asyncio.ensure_future(self._claim_loop()), asyncio.ensure_future(self._write_loop())]
        stop = asyncio.ensure_future(stopping.wait())
        try:
            done, _ = await asyncio.wait([stop, *work, *loops], return_when=asyncio.FIRST_COMPLETED)
            loops[0].cancel()
            await self._drain(stopping)
        finally:
            for task in (stop, *work, *loops):
                task.cancel()
            await asyncio.gather(stop, *work, *loops, return_exceptions=True)
        if stopping.is_set():
            await self._give_back()
        for task in done - {stop}:
            task.result()  # a fault of ours ends the target, which its supervisor starts again

    def _take(self, page: Page, *, claimed: bool = False) -> None:
        if self._pages.take(page, claimed=claimed):
            self._ready.put_nowait(page)

    async def _work(self) -> None:
        while True:
            page = await self._ready.get()
            result = await self._attempt(page)
            self._leave(page, None if result is None else result.healthy)
            if result is None:
                self._pages.forget(page)
                self._look.set()
            else:
                self._results.append(result)
                self._ended.set()

    async def _attempt(self, page: Page) -> Result | None:
        """Make one attempt; None when the lease is too short for it: the claim loop takes it anew."""
        now = self._clock.now()
        if page.leased_until is None or page.leased_until - now < NEEDED:
            return None
        link = ack_url(page, self._settings.key, self._settings.answer_url)
        channel = self._channels.get(page.channel)
        try:
            if channel is None:
                raise DeliveryFailed(DeliveryReason.NO_CONTACT, f"no channel {page.channel}", retry=False)
            self._pages.begin(page)
            passing("sender.before_send")
            await channel.deliver(page, link, now)
            passing("sender.after_send")
        except DeliveryFailed as failure:
            return failed(page, failure, now, self._clock.now())
        return delivered(page, now, self._clock.now())

    def _leave(self, page: Page, healthy: bool | None) -> None:  # noqa: FBT001 - three answers, none of them a switch
        start, recovers = self._pages.leave(page, healthy=healthy)
        for next_page in start:
            self._ready.put_nowait(next_page)
        if recovers:
            self._look.set()

    async def _claim_loop(self) -> None:
        while True:
            least = Urgency.TOLD if self._pages.room(Urgency.TOLD) > 0 else Urgency.P1
            if self._pages.room(least) > 0:
                try:
                    await self._claim(least)
                except Unavailable as fault:
                    log.warning("cannot look for due pages", fault=str(fault))
            await wait_event(self._look, self._until_retry())
            self._look.clear()

    def _until_retry(self) -> float:
        """Seconds until the next retry we know of, a poll's length at most."""
        if self._next_retry is None:
            return POLL_S
        seconds = (self._next_retry - self._clock.now()).total_seconds()
        if seconds <= 0:
            self._next_retry = None  # this look finds it; of later ones the poll knows
        return min(POLL_S, max(seconds, GATHER_S))

    async def _claim(self, least: Urgency) -> None:
        wish = Claim(
            boot=self._settings.boot,
            sole=self._settings.sole,
            in_memory=self._pages.ids,
            ailing=self._pages.ailing,
            least=least,
            places=min(self._pages.room(least), 500),
            places_per_kind=200,
            places_per_ailing_target=2,
        )
        async with self._database.use() as connection:
            claimed = await claim(connection, wish, self._clock.now())
        self._pages.looked(claimed.more)
        for page in claimed.pages:
            self._take(page, claimed=True)
        self._pages.expect_room()

    async def _write_loop(self) -> None:
        while True:
            await self._ended.wait()
            await pause(GATHER_S)
            try:
                await self._write()
            except Unavailable as fault:
                log.warning("cannot write how pages ended", waiting=len(self._results), fault=str(fault))
                await pause(_AGAIN_S)

    async def _write(self) -> None:
        """Outcomes so far in one commit; on failure they stay, and their pages stay ours."""
        self._ended.clear()
        results = tuple(self._results)
        if not results:
            return
        try:
            await self._commit(results)
        except Unavailable:
            self._ended.set()
            raise
        passing("sender.after_outcome")
        del self._results[: len(results)]
        for result in results:
            self._pages.forget(result.page)
            count_result(self._metrics, result)
        self._expect_retries(results)
        if self._pages.has_room_again:
            self._look.set()
        self._bus.notify([PAGES.name])
        self._tell_timers(results)

    async def _commit(self, results: Iterable[Result]) -> None:
        writes = Writes()
        records: list[Record] = []
        for result in results:
            put_result(writes, result)
            event = page_event(result)
            if event is not None:
                key = incident_key(event.tenant, event.incident_id)
                records.append(Record(PAGES.name, key, codec.encode(event)))
        if records:
            self._bus.publish(writes, records)
        async with self._database.use() as connection, connection.transaction():
            await run(connection, writes)

    def _expect_retries(self, results: Iterable[Result]) -> None:
        soonest = min((result.retry_at for result in results if result.retry_at is not None), default=None)
        if soonest is not None and (self._next_retry is None or soonest < self._next_retry):
            self._next_retry = soonest
            self._look.set()

    def _tell_timers(self, results: Iterable[Result]) -> None:
        due = [result.ended_at for result in results if result.give_way]
        if due:
            self._timer_set(min(due))

    async def _drain(self, stopping: asyncio.Event) -> None:
        """What is at hand is sent, and what ended is written, for as long as a stop may take."""
        deadline = monotonic() + DRAIN_S
        while stopping.is_set() and (self._pages or self._more_to_come()) and monotonic() < deadline:
            await pause(GATHER_S)

    async def _give_back(self) -> None:
        """End the leases of this boot: another process, or our next start, need not wait until they run out."""
        begun = self._pages.give_up()
        try:
            async with self._database.use() as connection:
                await give_back(connection, self._settings.boot, begun, self._clock.now())
        except Unavailable as fault:
            log.warning("pages in hand are not given back, their leases run out", fault=str(fault))
