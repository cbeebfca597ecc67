"""KDRAIN: how soon nothing waits after the router was away, and when a P1 that is posted meanwhile is paged."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figure, quantile
from bench.kafka.fill import fill
from bench.kafka.installation import EACH, Apart, apart
from bench.kafka.lag import Waiting, watch
from bench.load import Sent, closed
from bench.rounds import drained, paged_round
from bench.run import Run
from bench.sink import Arrivals
from tandem.clock import monotonic

_CONDITIONS = 500
_LOOK_S = 0.5
_PATIENCE_S = 900.0
_WARM_S = 5.0
_GOAL_S = "60"
"""Of the drain (performance.md), and from an alert to its page under any single fault (reliability.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds from the start of the router; None: not while anybody waited."""

    router_s: float | None
    """None of the backlog is left to route, and what was published for it is on the broker."""
    all_s: float | None
    """Nothing waits for any service, on the broker or on its way there."""
    urgent: Sequence[float | None]
    """From the post of each fresh P1 to its page; None: not paged."""
    last_page_s: float
    not_paged: int
    """Of the conditions of the backlog."""
    doubled: int


async def backlog(run: Run) -> None:
    """Once with a new condition in every alert, the worst there is; once with alerts that repeat, as in a storm."""
    await _rows(run, "KDRAIN", run.lengths.backlog_records, f"each of {run.lengths.backlog_records:,} new and paged")
    what = f"{run.lengths.backlog_records:,} alerts of {_CONDITIONS} conditions"
    await _rows(run, "KDRAIN.repeats", _CONDITIONS, what)


async def _rows(run: Run, row: str, conditions: int, what: str) -> None:
    async with apart(run.sink_url, *EACH) as kafka:
        await paged_round(kafka, run.sink, run.counter, rate=100, seconds=_WARM_S)
        times = await _drain(run, kafka, conditions)
    run.add(
        Figure(
            row=row,
            what=f"backlog drained: {what}",
            unit="s",
            tandem=times.all_s,
            goal=_GOAL_S,
            note=f"all routed after {_s(times.router_s)}, last page after {_s(times.last_page_s)};"
            f" {times.not_paged} not paged, {times.doubled} doubled",
        )
    )
    known = [each for each in times.urgent if each is not None]
    run.add(
        Figure(
            row=f"{row}.P1",
            what="slowest page of a fresh P1 posted meanwhile, one a second",
            unit="s",
            tandem=max(known, default=None),
            goal=_GOAL_S,
            rounds=len(times.urgent),
            note=f"p50 {_s(quantile(known, 0.5))}, {len(times.urgent) - len(known)} of {len(times.urgent)} not paged",
        )
    )


async def _drain(run: Run, kafka: Apart, conditions: int) -> Times:
    count = run.lengths.backlog_records
    first = run.counter.take(count)
    arrivals = run.sink.fresh()
    await kafka.end("router-1")
    await fill(kafka.repeating(first, conditions), first, count)
    began = monotonic()
    starting = asyncio.ensure_future(kafka.run("router-1"))
    looks, urgent = await _watched(run, kafka)
    await starting
    told = Sent(first, accepted=dict.fromkeys(range(first, first + conditions), 0.0))
    await drained(told, arrivals, _PATIENCE_S)
    await drained(Sent(0, accepted=dict.fromkeys(urgent, 0.0)), arrivals, _PATIENCE_S)
    return times(looks, urgent, arrivals, began=began, conditions=told.accepted)


async def _watched(run: Run, kafka: Apart) -> tuple[list[Waiting], dict[int, float]]:
    """Look until nothing waits; a fresh P1 every second look. Returns what was seen, and each P1's instant."""
    looks: list[Waiting] = []
    urgent: dict[int, float] = {}
    until = monotonic() + _PATIENCE_S
    async with watch(kafka.server.admin_dsn, kafka.broker.address) as waiting:
        while monotonic() < until:
            if len(looks) % 2 == 0:
                number = run.counter.take(1)
                urgent |= (await closed(kafka.urgent(), seconds=30, first=number, connections=1, limit=1)).due
            await asyncio.sleep(_LOOK_S)  # long enough for the P1 to be worked on where nothing else waits
            looks.append(await waiting.look())
            if looks[-1].count == 0:
                break
    return looks, urgent


def times(
    looks: Sequence[Waiting],
    urgent: Mapping[int, float],
    arrivals: Arrivals,
    *,
    began: float,
    conditions: Mapping[int, float],
) -> Times:
    """What the looks and the pages say.

    Args:
        urgent: number of each fresh P1 -> when it was posted.
        began: when the router was started, on the clock of everything here (``time.monotonic``).
        conditions: numbers of the backlog's alerts that must be paged.
    """
    pages = arrivals.first
    return Times(
        router_s=next((look.at - began for look in looks if look.to_route == 0), None),
        all_s=next((look.at - began for look in looks if look.count == 0), None),
        urgent=[pages[number] - at if number in pages else None for number, at in urgent.items()],
        last_page_s=max((pages[number] for number in conditions if number in pages), default=began) - began,
        not_paged=sum(number not in pages for number in conditions),
        doubled=arrivals.doubled,
    )


def _s(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"
