"""P12 and P13: how soon it is back after kill -9 of everything, and what a pager that is down for ten seconds costs."""

from __future__ import annotations

import asyncio
import time

from bench.figures import Figure, middle
from bench.load import OpenLoad
from bench.rounds import System, drained, paged_round
from bench.run import Run

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
    """The sink goes away for ten seconds in the middle of a round."""
    async with run.alertmanager() as peer, run.tandem() as tandem:
        ours = await _outage(run, tandem)
        theirs = await _outage(run, peer) if peer is not None else None
    run.add(
        Figure(
            row="P13",
            what=f"pager down {run.lengths.down_s:g} s at {_RATE}/s: last page after it is back",
            unit="s",
            tandem=ours[0],
            peer=theirs[0] if theirs else None,
            floor="0 lost, 0 refused",
            goal="0 doubled, 3 s",
            note=ours[1] + (f"; Alertmanager {theirs[1]}" if theirs else ""),
        )
    )


async def _outage(run: Run, system: System) -> tuple[float, str]:
    seconds = _BEFORE_S + run.lengths.down_s + _AFTER_S
    arrivals = run.sink.fresh()
    load = OpenLoad(system.target(), rate=_RATE, seconds=seconds, first=run.counter.take(round(_RATE * seconds)))
    posting = asyncio.ensure_future(load.run())
    await asyncio.sleep(_BEFORE_S)
    await run.sink.stop()
    down_at = time.monotonic()
    await asyncio.sleep(run.lengths.down_s)
    await run.sink.start()
    back_at = time.monotonic()
    sent = await posting
    await drained(sent, arrivals, _PATIENCE_S)
    late = [at for number, at in arrivals.first.items() if down_at - 1 <= sent.due.get(number, 0.0) < back_at]
    lost = sum(number not in arrivals.first for number in sent.accepted)
    after = max(late, default=back_at) - back_at
    return after, f"{lost} lost, {len(sent.refused)} refused, {arrivals.doubled} doubled"
