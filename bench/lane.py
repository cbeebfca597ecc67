"""The hot lane alone: what one signed post costs in this process, from its bytes to those of its answer.

The protocol, the application and the acceptance are the program's own; the socket and the database are not there. What
is counted does not depend on how busy the machine is: functions entered and bytecodes executed per post. The time is
this thread's CPU, the least of many takes.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from bench.figures import Figure
from bench.payload import generic_post
from bench.run import Run
from bench.tenant import INTEGRATION, TENANT
from tandem.bus.port import Record
from tandem.bus.postgres import PostgresBus
from tandem.clock import SystemClock, monotonic
from tandem.db.write import Writes
from tandem.metrics import Metrics
from tandem.model.integration import AuthKind, HmacScheme, Integration, IntegrationSecret
from tandem.web.application import build_app
from tandem.web.protocol import BoundedProtocol, Limits, bounded
from tandem.wire import codec
from tandem_ingest.accept import Acceptance
from tandem_ingest.api import AlertLane
from tandem_ingest.fairness.gate import Gate
from tandem_ingest.fairness.room import Room
from tandem_ingest.heartbeats import HeartbeatLane
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts
from tandem_ingest.waiting.table import WAITING
from tandem_ingest.waiting.turns import Queued, Turns

CONNECTIONS = 16
_SECRET = b"s3cret-of-the-bench"
_COUNTED, _REPEAT, _TAKES = 64, 640, 15


async def lane(run: Run) -> None:
    """A row for alerts that go straight to the log, one for those that wait their turn."""
    for waits in (False, True):
        client = Client(_application(waits=waits))
        await client.post(_REPEAT)  # what is made once is made before
        functions, bytecodes = await client.counted(_COUNTED)
        what = "one signed post in process, it waits its turn" if waits else "one signed post in process"
        run.add(
            Figure(
                row="lane.waits" if waits else "lane",
                what=what,
                unit="us",
                tandem=await client.cpu_us(),
                rounds=_TAKES,
                note=f"{functions:.0f} functions entered, {bytecodes:.0f} bytecodes executed a post; no database",
            )
        )


def _application(*, waits: bool) -> Any:  # noqa: ANN401 - an ASGI application
    book, clock, metrics = IntegrationBook(), SystemClock(), Metrics()
    book.replace([_way_in()])
    bus, counts = AtOnce(clock), Counts(metrics)
    room = Room()

    def look() -> None:
        room.sampled(room.began(), 0, 0, monotonic())  # the router has done it all

    gate = Gate(room, Standing(waits=waits), look=look)
    turns = Turns(gate, Queued(Put(clock), bus), waits=counts.queued)
    acceptance = Acceptance(bus, encode=codec.encode, lanes=1, turns=turns)

    def alerts(app: Any) -> AlertLane:  # noqa: ANN401
        return AlertLane(app, book=book, acceptance=acceptance, clock=clock, counts=counts)

    def heartbeats(app: Any) -> HeartbeatLane:  # noqa: ANN401
        return HeartbeatLane(app, book=book, acceptance=acceptance, clock=clock, counts=counts)

    return build_app(routers=[], lanes=[alerts, heartbeats], metrics=metrics, checks={})


def _way_in() -> Integration:
    secret = IntegrationSecret(secret_id=INTEGRATION, digest=sha256(_SECRET).digest(), value=_SECRET)
    return Integration(
        name=INTEGRATION, tenant=TENANT, vendor="generic", auth=AuthKind.HMAC, hmac=HmacScheme(), secrets=(secret,)
    )


class AtOnce:
    """A bus that is durable at once: the statement is put together, and not sent."""

    def __init__(self, clock: SystemClock) -> None:
        self._bus = PostgresBus("postgresql://nowhere", "tandem_bench", clock=clock)

    async def append(self, records: Sequence[Record]) -> None:
        """See ``tandem.bus.port.Bus.append``."""
        writes = Writes()
        self._bus.publish(writes, records)
        writes.compose()


class Put:
    """The table of what waits, durable at once."""

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock

    async def put(self, records: Sequence[Record]) -> None:
        """See ``Waiting.put``."""
        writes = Writes()
        WAITING.put(writes, records, self._clock.now(), tell=False)
        writes.compose()


class Standing:
    """What the gate is told of what waits: nothing, or something of everybody."""

    most, away = 0, False

    def __init__(self, *, waits: bool) -> None:
        self._waits = waits
        self.empty = not waits

    def holds(self, tenant: str) -> bool:  # noqa: ARG002 - see ``Waits``
        """Whether something of ``tenant`` waits."""
        return self._waits

    def waiting(self, tenant: str) -> int:  # noqa: ARG002 - see ``Waits``
        """How many of ``tenant`` wait."""
        return 0


class Client:
    """Kept-alive connections that post, one request on each at a time."""

    def __init__(self, app: Any) -> None:  # noqa: ANN401
        config = uvicorn.Config(app, loop="none", http=bounded(Limits()), ws="none", lifespan="off", log_config=None,
                                access_log=False, server_header=False, proxy_headers=False)  # fmt: skip
        config.load()
        state = ServerState()
        state.default_headers = [(b"date", b"Tue, 01 Dec 2026 09:00:00 GMT"), *config.encoded_headers]
        self._wires = [Wire() for _ in range(CONNECTIONS)]
        self._ends: list[BoundedProtocol] = []
        for wire in self._wires:
            end = bounded(Limits())(config, state, {})
            end.connection_made(wire)  # type: ignore[arg-type] # as much of a transport as is used
            self._ends.append(end)
        self._number = 0

    async def post(self, posts: int) -> None:
        """So many posts, all of them answered 202."""
        await self._exchange(self._made(posts))

    async def counted(self, posts: int) -> tuple[float, float]:
        """Functions entered and bytecodes executed per post."""
        functions = await self._watched(posts, _functions)
        return functions, await self._watched(posts, _bytecodes)

    async def cpu_us(self) -> float:
        """Of this thread per post, the least of the takes; what stays is kept from the garbage collector."""
        gc.collect()
        gc.freeze()
        least = float("inf")
        for _ in range(_TAKES):
            made = self._made(_REPEAT)
            began = time.thread_time()
            await self._exchange(made)
            least = min(least, (time.thread_time() - began) / _REPEAT * 1e6)
        gc.unfreeze()
        return least

    def _made(self, posts: int) -> list[bytes]:
        begin, self._number = self._number, self._number + posts
        return [generic_post(INTEGRATION, _SECRET, number) for number in range(begin, begin + posts)]

    async def _exchange(self, posts: Sequence[bytes]) -> None:
        for first in range(0, len(posts), CONNECTIONS):
            for end, post in zip(self._ends, posts[first : first + CONNECTIONS], strict=False):
                end.data_received(post)
            for wire in self._wires:
                await wire.answered.wait()
                wire.answered.clear()

    async def _watched(self, posts: int, watch: Callable[[Counter[str]], Callable[[], None]]) -> float:
        made, seen = self._made(posts), Counter[str]()
        stop = watch(seen)
        try:
            await self._exchange(made)
        finally:
            stop()
        return seen.total() / posts


class Wire:
    """As much of a transport as the protocol uses; takes nothing but 202."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()

    def write(self, data: bytes) -> None:
        """A whole answer, see ``tandem.web.cycle``."""
        if not data.startswith(b"HTTP/1.1 202 "):
            raise AssertionError(data)
        self.answered.set()

    def get_extra_info(self, name: str) -> Any:  # noqa: ANN401 - see ``asyncio.BaseTransport``
        """An address, no certificate."""
        return ("127.0.0.1", 1) if name.endswith("name") else None

    def is_closing(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """When all is done the protocol lets go of what is idle."""


def _functions(seen: Counter[str]) -> Callable[[], None]:
    """Count those of Python and of C."""

    def entered(_frame: FrameType, event: str, _of: object) -> None:
        if event in {"call", "c_call"}:
            seen[event] += 1

    sys.setprofile(entered)
    return lambda: sys.setprofile(None)


def _bytecodes(seen: Counter[str]) -> Callable[[], None]:
    """Count those of frames entered from now on."""

    def step(frame: FrameType, event: str, _of: object) -> Any:  # noqa: ANN401 - see ``sys.settrace``
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            seen[event] += 1
        return step

    sys.settrace(step)
    return lambda: sys.settrace(None)
