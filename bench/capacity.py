"""P5 and P10: the highest rate at which every alert is paged in time, and memory before and after many alerts."""

from __future__ import annotations

import asyncio

from bench import proc
from bench.alertmanager import Alertmanager
from bench.figures import Figure
from bench.rounds import Paged, System, paged_round
from bench.run import Run
from bench.serve import Tandem

_SETTLES_S = 3.0
_PEER_RATE = 1000


async def capacity(run: Run) -> None:
    """Step up until a round leaves a backlog, a loss or a double; a failed step is tried once more."""
    async with run.tandem() as tandem:
        best, said = await climb(run, tandem)
    run.add(
        Figure(
            row="P5",
            what="highest rate with every alert paged once and no backlog",
            unit="alerts/s",
            tandem=best,
            floor="500",
            goal="1000",
            note=said,
        )
    )


async def climb(run: Run, system: System) -> tuple[int, str]:
    """The highest rate that left nothing behind, 0 when the lowest did, and what was seen on the way."""
    best, said = 0, []
    for rate in run.lengths.steps:
        done = await _step(run, system, rate)
        said.append(f"{rate}/s: p50 {done.p50_s * 1000:.0f} ms, {done.cpu_s * 1000:.2f} ms CPU")
        if not done.healthy:
            trouble = f"{done.lost} lost, {done.doubled} doubled, {done.posted - done.accepted} refused"
            said.append(f"{trouble}, drained {done.drain_s:.1f} s late")
            break
        best = rate
    return best, "; ".join(said)


async def _step(run: Run, system: System, rate: int) -> Paged:
    done = await paged_round(system, run.sink, run.counter, rate=rate, seconds=run.lengths.step_s)
    if not done.healthy:
        done = await paged_round(system, run.sink, run.counter, rate=rate, seconds=run.lengths.step_s)
    return done


async def memory(run: Run) -> None:
    """Idle, then after many alerts, all of them paged."""
    count = run.lengths.memory_alerts
    async with run.tandem() as tandem:
        idle, after, lost = await _grown(run, tandem, count, run.lengths.memory_rate)
    theirs = None
    async with run.alertmanager() as peer:
        if peer is not None:
            theirs = await _grown(run, peer, count, _PEER_RATE)
    peer_idle, peer_after = (sum(theirs[0].values()), sum(theirs[1].values())) if theirs else (None, None)
    run.add(
        Figure(
            row="P10",
            what="memory idle (PSS, all processes)",
            unit="MiB",
            tandem=sum(idle.values()),
            peer=peer_idle,
            floor="400",
            goal="240",
            note=f"Python {idle['root']:.0f}, PostgreSQL {idle['rest']:.0f}",
        )
    )
    growth = (sum(after.values()) / sum(idle.values()) - 1) * 100
    run.add(
        Figure(
            row="P10.after",
            what=f"memory after {count} alerts",
            unit="MiB",
            tandem=sum(after.values()),
            peer=peer_after,
            floor="+30 %",
            goal="+20 %",
            note=f"+{growth:.0f} %: Python {after['root']:.0f}, PostgreSQL {after['rest']:.0f}; {lost} not paged",
        )
    )


async def _grown(
    run: Run, system: Tandem | Alertmanager, count: int, rate: int
) -> tuple[dict[str, float], dict[str, float], int]:
    await asyncio.sleep(_SETTLES_S)
    idle = proc.memory_mib(system.pid)
    done = await paged_round(system, run.sink, run.counter, rate=rate, seconds=count / rate)
    await asyncio.sleep(_SETTLES_S)
    return idle, proc.memory_mib(system.pid), done.lost
