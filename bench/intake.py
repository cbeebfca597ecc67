"""P1 and P2: how many signed alerts become durable a second, and what each costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.figures import Figure, middle
from bench.rounds import Intake, System, intake_round
from bench.run import Run

RATE_GOALS = ("0.25x", "0.5x")
"""Floor and goal of P1, embedded and on Kafka."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two rows of one comparison, each with its floor and goal where there are any."""

    rate: str
    """Name of the row of alerts a second."""
    cpu: str
    """Name of the row of CPU per alert."""
    note: str
    rate_goals: tuple[str, str] = ("", "")
    cpu_goals: tuple[str, str] = ("", "")


async def intake(run: Run) -> None:
    """Once with ingest alone, once in the whole program, whose pipeline works beside the intake."""
    alone = "ingest alone, nobody routed or paged on either side"
    rows = Pair(rate="P1", cpu="P2", note=alone, rate_goals=RATE_GOALS, cpu_goals=("3x", "1.5x"))
    async with run.alertmanager(paged=False) as peer, run.tandem("ingest") as tandem:
        await compare(run, peer, tandem, rows)
    whole = "whole program: routed and paged beside the intake, on both sides"
    async with run.alertmanager() as peer, run.tandem() as tandem:
        await compare(run, peer, tandem, Pair(rate="P1.all", cpu="P2.all", note=whole))


async def compare(run: Run, peer: System | None, tandem: System, rows: Pair) -> None:
    """Rounds of both, alternating."""
    ours: list[Intake] = []
    theirs: list[Intake] = []
    for _ in range(run.lengths.rounds):
        if peer is not None:
            theirs.append(await intake_round(peer, run.counter, seconds=run.lengths.intake_s))
        ours.append(await intake_round(tandem, run.counter, seconds=run.lengths.intake_s))
    run.add(_rate(ours, theirs, rows))
    run.add(_cpu(ours, theirs, rows))


def _rate(ours: Sequence[Intake], theirs: Sequence[Intake], rows: Pair) -> Figure:
    return Figure(
        row=rows.rate,
        what="durable signed intake, 16 connections",
        unit="alerts/s",
        tandem=middle([one.per_s for one in ours]),
        peer=middle([one.per_s for one in theirs]),
        ratio=middle([a.per_s / b.per_s for a, b in zip(ours, theirs, strict=False)]),
        floor=rows.rate_goals[0],
        goal=rows.rate_goals[1],
        rounds=len(ours),
        note=f"{rows.note}; {sum(one.refused for one in ours)} refused",
    )


def _cpu(ours: Sequence[Intake], theirs: Sequence[Intake], rows: Pair) -> Figure:
    return Figure(
        row=rows.cpu,
        what="CPU per accepted alert, all processes",
        unit="ms",
        tandem=middle([one.cpu_s * 1000 for one in ours]),
        peer=middle([one.cpu_s * 1000 for one in theirs]),
        ratio=middle([a.cpu_s / b.cpu_s for a, b in zip(ours, theirs, strict=False) if b.cpu_s]),
        floor=rows.cpu_goals[0],
        goal=rows.cpu_goals[1],
        rounds=len(ours),
        note=f"of which Python {(middle([one.cpu_root_s for one in ours]) or 0) * 1000:.2f} ms",
    )
