"""P7, P8, P9: what 5,000 rules cost over 10, in CPU per alert, end to end and in memory, whole program.

Alertmanager has as many routes by instance, with the same texts and regexes; both systems' last one takes the alerts.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench import proc
from bench.figures import Figure, middle
from bench.rounds import Paged, System, paged_round
from bench.run import Run

FEW, MANY = 10, 5_000
_RATE = 50
"""A second: Alertmanager with 5,000 routes keeps up."""


async def rules(run: Run) -> None:
    """Rounds of all four, one after the other; memory after them."""
    async with (
        run.alertmanager(routes=FEW) as peer_few,
        run.alertmanager(routes=MANY) as peer_many,
        run.tandem(rules=FEW) as few,
        run.tandem(rules=MANY) as many,
    ):
        systems: list[System | None] = [peer_few, peer_many, few, many]
        rounds: list[list[Paged]] = [[] for _ in systems]
        for _ in range(run.lengths.rounds):
            for system, done in zip(systems, rounds, strict=True):
                if system is not None:
                    length = run.lengths.round_s
                    done.append(await paged_round(system, run.sink, run.counter, rate=_RATE, seconds=length))
        memory = [sum(proc.memory_mib(system.pid).values()) for system in (few, many)]
    _cpu(run, *rounds)
    _latency(run, *rounds)
    _memory(run, *memory)


def _cpu(
    run: Run, peer_few: Sequence[Paged], peer_many: Sequence[Paged], few: Sequence[Paged], many: Sequence[Paged]
) -> None:
    run.add(
        Figure(
            row="P7",
            what=f"CPU per alert with {MANY:,} rules over {FEW}, all processes",
            unit="ms",
            tandem=_ms(many),
            peer=_ms(peer_many),
            ratio=middle([a.cpu_s / b.cpu_s for a, b in zip(many, few, strict=True)]),
            floor="1.5x",
            goal="1.1x",
            rounds=len(many),
            note=f"10 rules: {_ms(few):.2f} ms; {_ratios(peer_many, peer_few)}",
        )
    )
    run.add(
        Figure(
            row="P7.peer",
            what=f"the same over Alertmanager's with {MANY:,} routes",
            unit="ms",
            tandem=_ms(many),
            peer=_ms(peer_many),
            ratio=middle([a.cpu_s / b.cpu_s for a, b in zip(many, peer_many, strict=False)]),
            goal="0.25x",
            rounds=len(many),
        )
    )


def _ratios(peer_many: Sequence[Paged], peer_few: Sequence[Paged]) -> str:
    ratio = middle([a.cpu_s / b.cpu_s for a, b in zip(peer_many, peer_few, strict=True) if b.cpu_s])
    return "no Alertmanager" if ratio is None else f"Alertmanager with 10 routes: {_ms(peer_few):.2f} ms, {ratio:.1f}x"


def _latency(
    run: Run, peer_few: Sequence[Paged], peer_many: Sequence[Paged], few: Sequence[Paged], many: Sequence[Paged]
) -> None:
    theirs = middle([a.p99_s / b.p99_s for a, b in zip(peer_many, peer_few, strict=True)])
    lost = sum(one.lost + one.doubled for one in (*few, *many))
    run.add(
        Figure(
            row="P8",
            what=f"end to end p99 at {_RATE}/s with {MANY:,} rules over {FEW}",
            unit="ms",
            tandem=middle([one.p99_s * 1000 for one in many]),
            peer=middle([one.p99_s * 1000 for one in peer_many]),
            ratio=middle([a.p99_s / b.p99_s for a, b in zip(many, few, strict=True)]),
            floor="2x",
            goal="1.2x",
            rounds=len(many),
            note=f"10 rules: {(middle([one.p99_s for one in few]) or 0) * 1000:.1f} ms; {lost} lost or doubled"
            + (f"; Alertmanager {theirs:.1f}x" if theirs else ""),
        )
    )


def _memory(run: Run, few: float, many: float) -> None:
    run.add(
        Figure(
            row="P9",
            what=f"memory of {MANY:,} rules over {FEW} (PSS, all processes, after the rounds)",
            unit="MiB",
            tandem=many - few,
            floor="+40",
            goal="+15",
            note=f"{few:.0f} and {many:.0f} MiB",
        )
    )


def _ms(rounds: Sequence[Paged]) -> float:
    return (middle([one.cpu_s for one in rounds]) or 0.0) * 1000
