"""P3, P4, P6: from the instant a post is due to its page at the sink, and what a page costs."""

from __future__ import annotations

from collections.abc import Sequence

from bench.figures import Figure, middle
from bench.rounds import Paged
from bench.run import Run


async def latency(run: Run) -> None:
    """Rounds of both systems, alternating, at 100 and at 500 alerts a second; a bare-commit probe in every round."""
    for rate in (100, 500):
        async with run.alertmanager() as peer, run.tandem() as tandem:
            ours, theirs = await run.alternate(tandem, peer, rate=rate)
        _p50(run, rate, ours, theirs)
        _p99(run, rate, ours, theirs)
        _cpu(run, rate, ours, theirs)


def _p50(run: Run, rate: int, ours: Sequence[Paged], theirs: Sequence[Paged]) -> None:
    run.add(
        Figure(
            row="P3" if rate == 100 else f"P3.{rate}",
            what=f"end to end p50 at {rate}/s",
            unit="ms",
            tandem=middle([one.p50_s * 1000 for one in ours]),
            peer=middle([one.p50_s * 1000 for one in theirs]),
            ratio=middle([a.p50_s / b.p50_s for a, b in zip(ours, theirs, strict=False)]),
            floor="6x" if rate == 100 else "",
            goal="3x" if rate == 100 else "",
            rounds=len(ours),
            note=f"{_trouble(ours)}; bare commit p50 {(middle([one.bare_p50_s for one in ours]) or 0) * 1000:.2f} ms",
        )
    )


def _p99(run: Run, rate: int, ours: Sequence[Paged], theirs: Sequence[Paged]) -> None:
    rivals = [
        max(one.bare_p99_s, theirs[index].p99_s if index < len(theirs) else 0.0) for index, one in enumerate(ours)
    ]
    run.add(
        Figure(
            row=f"P4.{rate}",
            what=f"end to end p99 at {rate}/s over max(Alertmanager, bare commit)",
            unit="ms",
            tandem=middle([one.p99_s * 1000 for one in ours]),
            peer=middle([one.p99_s * 1000 for one in theirs]),
            ratio=middle([one.p99_s / rival for one, rival in zip(ours, rivals, strict=True)]),
            floor="15x",
            goal="5x",
            rounds=len(ours),
            note=f"bare commit p99 {(middle([one.bare_p99_s for one in ours]) or 0) * 1000:.1f} ms",
        )
    )


def _cpu(run: Run, rate: int, ours: Sequence[Paged], theirs: Sequence[Paged]) -> None:
    run.add(
        Figure(
            row="P6" if rate == 500 else f"P6.{rate}",
            what=f"CPU per paged alert at {rate}/s, all processes",
            unit="ms",
            tandem=middle([one.cpu_s * 1000 for one in ours]),
            peer=middle([one.cpu_s * 1000 for one in theirs]),
            ratio=middle([a.cpu_s / b.cpu_s for a, b in zip(ours, theirs, strict=False) if b.cpu_s]),
            floor="2.5x" if rate == 500 else "",
            goal="1.5x" if rate == 500 else "",
            rounds=len(ours),
            note=f"of which Python {(middle([one.cpu_root_s for one in ours]) or 0) * 1000:.2f} ms; {_trouble(ours)}",
        )
    )


def _trouble(rounds: Sequence[Paged]) -> str:
    lost, doubled = sum(one.lost for one in rounds), sum(one.doubled for one in rounds)
    refused = sum(one.posted - one.accepted for one in rounds)
    return f"{lost} lost, {doubled} doubled, {refused} refused, last drain {rounds[-1].drain_s:.2f} s"
