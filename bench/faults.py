"""P12 and P13: how soon it is back after kill -9 of everything, and what a pager that is down for ten seconds costs."""

from __future__ import annotations

import asyncio
import time

from bench.figures import Figure, middle
from bench.load import OpenLoad, Sent
from bench.rounds import System, drained, paged_round
from bench.run import Run
from bench.sink import Arrivals

_RATE = 30
_BEFORE_S, _AFTER_S = 5.0, 5.0
_PATIENCE_S = 60.0


async def restart(run: Run) -> None:
    """Kill -9 of the whole tree under load, start again, time until /readyz is green."""
    took: list[float] = []
    async with run.tandem() as tandem:
        await paged_round(tandem, run.sink, run.counter, rate=200, seconds=5)
        for _ in range(run.lengths.kills):
            load = OpenLoad(tandem.target(), rate=100, seconds=2, first=run.counter.take(200), patience_s=1)
            posting = asyncio.ensure_future(load.run())
            await asyncio.sleep(1.5)
            tandem.kill()
            await posting
            took.append(await tandem.start())
    run.add(
        Figure(
            row="P12",
            what="restart to ready after kill -9 of every process, under 100/s",
            unit="s",
            tandem=middle(took),
            floor="5",
            goal="2.5",
            rounds=len(took),
            note=f"slowest {max(took):.2f} s",
        )
    )


async def pager_down(run: Run) -> None:
    """The sink goes away for ten seconds; both systems are posted to at once, for the load is light."""
    async with run.alertmanager() as peer, run.tandem() as tandem:
        arrivals = run.sink.fresh()
        seconds = _BEFORE_S + run.lengths.down_s + _AFTER_S
        systems: list[System] = [tandem] if peer is None else [tandem, peer]
        loads = [_load(run, system, seconds) for system in systems]
        posting = [asyncio.ensure_future(load.run()) for load in loads]
        await asyncio.sleep(_BEFORE_S)
        await run.sink.stop()
        down_at = time.monotonic()
        await asyncio.sleep(run.lengths.down_s)
        await run.sink.start()
        back_at = time.monotonic()
        told = []
        for post in posting:
            sent = await post
            await drained(sent, arrivals, _PATIENCE_S)
            told.append((_late(sent, arrivals, down_at, back_at), _trouble(sent, arrivals)))
    run.add(
        Figure(
            row="P13",
            what=f"pager down {run.lengths.down_s:g} s at {_RATE}/s: last page after it is back",
            unit="s",
            tandem=told[0][0],
            peer=told[1][0] if len(told) > 1 else None,
            floor="none lost or refused",
            goal="none doubled, 3",
            note="; Alertmanager ".join(trouble for _, trouble in told) + f"; {arrivals.doubled} doubled by Tandem",
        )
    )


def _load(run: Run, system: System, seconds: float) -> OpenLoad:
    return OpenLoad(system.target(), rate=_RATE, seconds=seconds, first=run.counter.take(round(_RATE * seconds)))


def _late(sent: Sent, arrivals: Arrivals, down_at: float, back_at: float) -> float:
    """How long after ``back_at`` the last page of an alert of the outage came."""
    of_outage = [number for number, due in sent.due.items() if down_at - 1 <= due < back_at]
    return max((arrivals.first[number] for number in of_outage if number in arrivals.first), default=back_at) - back_at


def _trouble(sent: Sent, arrivals: Arrivals) -> str:
    return f"{sum(number not in arrivals.first for number in sent.accepted)} lost, {len(sent.refused)} refused"
