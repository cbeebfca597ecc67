"""KSCALE: alerts a second that two router processes route over those that one does, each with a backlog of its own.

Only routers work: the backlog was posted before, and nobody reads what they publish. A take counts from the moment when
each router holds its share of the partitions until none of the backlog is left, what was published for each included.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bench import machine
from bench.figures import Figure, middle
from bench.kafka.fill import fill
from bench.kafka.installation import Apart, apart, busy
from bench.kafka.lag import Watch, rate, watch
from bench.run import Run

_LOOK_S = 0.1
_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Take:
    """One backlog routed."""

    per_s: float
    counted: int
    """Alerts of the backlog that were left when counting began."""
    busy: str
    """Processors used meanwhile, by part."""


async def scaling(run: Run) -> None:
    """Takes in turns, every other turn two routers first, so that both meet tables of the same size."""
    one: list[Take] = []
    two: list[Take] = []
    async with apart(run.sink_url, "ingest-1") as kafka:
        await _take(run, kafka, routers=1)  # compiles the broker's code, fills caches
        for turn in range(run.lengths.scale_takes):
            for routers in (2, 1) if turn % 2 else (1, 2):
                (one if routers == 1 else two).append(await _take(run, kafka, routers=routers))
    run.add(_figure(one, two, run.lengths.scale_records))


async def _take(run: Run, kafka: Apart, *, routers: int) -> Take:
    count = run.lengths.scale_records
    await fill(kafka.target(), run.counter.take(count), count)
    names = [f"router-{number}" for number in range(1, routers + 1)]
    await asyncio.gather(kafka.run(*names), kafka.shared("router", routers))
    async with watch(kafka.server.admin_dsn, kafka.broker.address) as waiting:
        before = kafka.cpu_by_part()
        looks = await _routed(waiting)
    used = busy(before, kafka.cpu_by_part(), looks[-1][0] - looks[0][0])
    await kafka.end(*names)
    return Take(rate(looks), looks[0][1], used)


async def _routed(waiting: Watch) -> list[tuple[float, int]]:
    """Look until nothing is left."""
    looks: list[tuple[float, int]] = []
    async with asyncio.timeout(_DEADLINE_S):
        while not looks or looks[-1][1]:
            found = await waiting.look()
            looks.append((found.at, found.to_route))
            await asyncio.sleep(_LOOK_S)
    return looks


def _figure(one: Sequence[Take], two: Sequence[Take], count: int) -> Figure:
    single, pair = middle([take.per_s for take in one]), middle([take.per_s for take in two])
    return Figure(
        row="KSCALE",
        what=f"routed by two router processes over one, backlog of {count:,}",
        unit="alerts/s",
        tandem=pair,
        ratio=middle([b.per_s / a.per_s for a, b in zip(one, two, strict=True)]),
        goal="1.7x where cores allow",
        rounds=len(one),
        note=f"one: {single or 0:.0f}/s; at least {min(take.counted for take in (*one, *two)):,} of a backlog counted;"
        f" {machine.processors()} processors; used with one router: {one[-1].busy}; with two: {two[-1].busy}",
    )
