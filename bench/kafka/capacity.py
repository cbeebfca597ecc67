"""KP5: the highest rate at which every alert is paged in time by one process of each service on Kafka."""

from __future__ import annotations

from bench.capacity import climb
from bench.figures import Figure
from bench.kafka.installation import EACH, apart
from bench.rounds import paged_round
from bench.run import Run

_WARM_S = 5.0


async def capacity(run: Run) -> None:
    """The same steps and the same judgement as P5."""
    async with apart(run.sink_url, *EACH) as kafka:
        await paged_round(kafka, run.sink, run.counter, rate=100, seconds=_WARM_S)
        best, said = await climb(run, kafka)
    run.add(
        Figure(
            row="KP5",
            what="highest rate with every alert paged once and no backlog, a process per service",
            unit="alerts/s",
            tandem=best,
            floor="500",
            goal="1000",
            note=said,
        )
    )
