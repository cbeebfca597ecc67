"""One round against one system: post on schedule, wait until every accepted alert was paged, say what it took."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from bench.figures import quantile
from bench.load import OpenLoad, Sent, Target, closed
from bench.probe import Probe
from bench.sink import Arrivals, Sink

DRAIN_S = 30.0
_LOOK_S = 0.01


class System(Protocol):
    """Tandem or its peer."""

    name: str

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds of all its processes so far: those of the program itself ("root") and those of its "rest"."""
        ...

    def target(self) -> Target:
        """Where and what to post."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged:
    """An open-model round."""

    rate: float
    posted: int
    accepted: int
    paged: int
    doubled: int
    p50_s: float
    p99_s: float
    accept_p50_s: float
    tail_p50_s: float
    """Median of the last quarter of the round: grows when a backlog does."""
    drain_s: float
    """From the last post to the last page."""
    cpu_s: float
    """Per page, everything counted."""
    cpu_root_s: float
    """Of which the program itself, without PostgreSQL and a broker."""
    bare_p50_s: float
    bare_p99_s: float

    @property
    def lost(self) -> int:
        """Accepted and never paged."""
        return self.accepted - self.paged

    @property
    def healthy(self) -> bool:
        """Every alert taken and paged once, none of them late."""
        whole = self.accepted == self.posted == self.paged and self.doubled == 0
        return whole and self.drain_s < 1.0 and self.tail_p50_s < 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A closed-model round."""

    accepted: int
    refused: int
    per_s: float
    cpu_s: float
    """Per accepted alert, while posting."""
    cpu_root_s: float


class Counter:
    """Numbers of alerts, never used twice in a run."""

    def __init__(self) -> None:
        self._next = 1

    def take(self, count: int) -> int:
        """The first of ``count`` new numbers."""
        first, self._next = self._next, self._next + count
        return first


async def paged_round(system: System, sink: Sink, counter: Counter, *, rate: float, seconds: float) -> Paged:
    """Post ``rate`` alerts a second for ``seconds`` and wait for their pages."""
    count = round(rate * seconds)
    arrivals = sink.fresh()
    load = OpenLoad(system.target(), rate=rate, seconds=seconds, first=counter.take(count))
    before = system.cpu_s()
    async with Probe() as probe:
        sent = await load.run()
        await drained(sent, arrivals, DRAIN_S)
    after = system.cpu_s()
    used = {name: after[name] - before[name] for name in after}
    return _judged(rate, sent, arrivals, used, probe)


async def drained(sent: Sent, arrivals: Arrivals, within_s: float) -> bool:
    """Wait until everything accepted was paged."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while loop.time() < until:
        if len(arrivals.first) >= len(sent.accepted) and all(number in arrivals.first for number in sent.accepted):
            return True
        await asyncio.sleep(_LOOK_S if len(arrivals.first) < len(sent.accepted) else 0.2)
    return False


def _judged(rate: float, sent: Sent, arrivals: Arrivals, used: dict[str, float], probe: Probe) -> Paged:
    took = {n: arrivals.first[n] - due for n, due in sent.due.items() if n in arrivals.first and n in sent.accepted}
    numbers = sorted(sent.due)
    tail = [took[n] for n in numbers[len(numbers) * 3 // 4 :] if n in took]
    pages = max(len(took), 1)
    return Paged(
        rate=rate,
        posted=len(sent.due),
        accepted=len(sent.accepted),
        paged=len(took),
        doubled=arrivals.doubled,
        p50_s=quantile(took.values(), 0.5),
        p99_s=quantile(took.values(), 0.99),
        accept_p50_s=quantile((at - sent.due[n] for n, at in sent.accepted.items()), 0.5),
        tail_p50_s=quantile(tail, 0.5),
        drain_s=max(0.0, max(arrivals.first.values(), default=0.0) - max(sent.due.values())),
        cpu_s=sum(used.values()) / pages,
        cpu_root_s=used["root"] / pages,
        bare_p50_s=probe.p50_s,
        bare_p99_s=probe.p99_s,
    )


async def intake_round(system: System, counter: Counter, *, seconds: float, connections: int = 16) -> Intake:
    """As many alerts as ``connections`` can post one after another."""
    first = counter.take(round(seconds * 40_000))
    before = system.cpu_s()
    sent = await closed(system.target(), seconds=seconds, first=first, connections=connections)
    after = system.cpu_s()
    count = max(len(sent.accepted), 1)
    return Intake(
        accepted=len(sent.accepted),
        refused=len(sent.refused),
        per_s=sent.rate,
        cpu_s=sum(after[name] - before[name] for name in after) / count,
        cpu_root_s=(after["root"] - before["root"]) / count,
    )
