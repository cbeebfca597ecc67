"""P1 and P2: how many signed alerts become durable a second, and what each costs."""

from __future__ import annotations

from bench.figures import Figure, middle
from bench.rounds import Intake, intake_round
from bench.run import Run


async def intake(run: Run) -> None:
    """Once with ingest alone, once in the whole program, whose pipeline works beside the intake."""
    await _rows(run, "ingest", "P1", "P2", "ingest alone, nobody routed or paged on either side")
    await _rows(run, "all", "P1.all", "P2.all", "whole program: routed and paged beside the intake, on both sides")


async def _rows(run: Run, targets: str, p1: str, p2: str, note: str) -> None:
    ours: list[Intake] = []
    theirs: list[Intake] = []
    async with run.alertmanager(paged=targets == "all") as peer, run.tandem(targets) as tandem:
        for _ in range(run.lengths.rounds):
            if peer is not None:
                theirs.append(await intake_round(peer, run.counter, seconds=run.lengths.intake_s))
            ours.append(await intake_round(tandem, run.counter, seconds=run.lengths.intake_s))
    pairs = list(zip(ours, theirs, strict=False))
    refused = sum(one.refused for one in ours)
    floors = ("0.25x", "0.5x", "3x", "1.5x") if targets == "ingest" else ("", "", "", "")
    run.add(
        Figure(
            row=p1,
            what="durable signed intake, 16 connections",
            unit="alerts/s",
            tandem=middle([one.per_s for one in ours]),
            peer=middle([one.per_s for one in theirs]),
            ratio=middle([a.per_s / b.per_s for a, b in pairs]),
            floor=floors[0],
            goal=floors[1],
            rounds=len(ours),
            note=f"{note}; {refused} refused",
        )
    )
    run.add(
        Figure(
            row=p2,
            what="CPU per accepted alert, all processes",
            unit="ms",
            tandem=middle([one.cpu_s * 1000 for one in ours]),
            peer=middle([one.cpu_s * 1000 for one in theirs]),
            ratio=middle([a.cpu_s / b.cpu_s for a, b in pairs if b.cpu_s]),
            floor=floors[2],
            goal=floors[3],
            rounds=len(ours),
            note=f"of which Python {(middle([one.cpu_root_s for one in ours]) or 0) * 1000:.2f} ms",
        )
    )
