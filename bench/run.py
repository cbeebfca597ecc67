"""What one run shares between its rows: the sink, the counter, how long rounds are, the figures so far."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench import alertmanager
from bench.alertmanager import Alertmanager
from bench.figures import Figure
from bench.rounds import Counter, Paged, System, paged_round
from bench.serve import Tandem
from bench.sink import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How much is measured."""

    rounds: int
    """Of each system, alternating."""
    round_s: float
    intake_s: float
    step_s: float
    """Of each rate on the way to the highest lossless one."""
    steps: tuple[int, ...]
    memory_alerts: int
    memory_rate: int
    kills: int
    down_s: float
    scale_records: int
    """Backlog of each take of one and of two routers, on Kafka."""
    scale_takes: int
    backlog_records: int
    """What waits on Kafka when the router comes back."""


QUICK = Lengths(
    rounds=2,
    round_s=5.0,
    intake_s=3.0,
    step_s=5.0,
    steps=(100, 250, 500, 750, 1000),
    memory_alerts=20_000,
    memory_rate=400,
    kills=3,
    down_s=10.0,
    scale_records=8_000,
    scale_takes=2,
    backlog_records=10_000,
)
FULL = Lengths(
    rounds=7,
    round_s=20.0,
    intake_s=10.0,
    step_s=20.0,
    steps=(100, 250, 500, 750, 1000, 1500, 2000),
    memory_alerts=100_000,
    memory_rate=400,
    kills=5,
    down_s=10.0,
    scale_records=30_000,
    scale_takes=3,
    backlog_records=50_000,
)


@dataclass(slots=True)
class Run:
    """One run of the benchmark."""

    lengths: Lengths
    sink: Sink
    peer: bool
    """Whether Alertmanager is there to compare with."""
    counter: Counter = field(default_factory=Counter)
    figures: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        """Keep a figure and say it at once."""
        self.figures.append(figure)
        print(figure.line(), flush=True)

    @asynccontextmanager
    async def tandem(self, targets: str = "all", *, rules: int = 0) -> AsyncIterator[Tandem]:
        """A fresh, warm Tandem: plans are made and caches filled before anything is measured."""
        system = Tandem(self.sink_url, targets, rules)
        try:
            await system.start()
            await system.open_way_in()
            if targets == "all":
                await paged_round(system, self.sink, self.counter, rate=100, seconds=2)
            yield system
        finally:
            system.stop()

    @asynccontextmanager
    async def alertmanager(self, *, paged: bool = True, routes: int = 0) -> AsyncIterator[Alertmanager | None]:
        """A fresh Alertmanager, or None where there is none."""
        if not self.peer:
            yield None
            return
        system = Alertmanager(self.sink_url, paged=paged, routes=routes)
        try:
            await system.start()
            yield system
        finally:
            system.stop()

    @property
    def sink_url(self) -> str:
        """Where pages go."""
        return f"http://127.0.0.1:{self.sink.port}"

    async def alternate(
        self, tandem: Tandem, peer: Alertmanager | None, *, rate: float
    ) -> tuple[list[Paged], list[Paged]]:
        """Rounds of both at ``rate``, one after the other, so that both see the same weather."""
        ours: list[Paged] = []
        theirs: list[Paged] = []
        systems: list[tuple[System, list[Paged]]] = [(tandem, ours)]
        if peer is not None:
            systems.insert(0, (peer, theirs))
        for _ in range(self.lengths.rounds):
            for system, rounds in systems:
                done = await paged_round(system, self.sink, self.counter, rate=rate, seconds=self.lengths.round_s)
                rounds.append(done)
        return ours, theirs


def missing() -> str:
    """What is not installed, in words; empty when nothing is missing."""
    return "" if alertmanager.installed() else alertmanager.MISSING
