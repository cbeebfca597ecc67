"""KP1 and KP2: how many signed alerts one ingest process makes durable on Kafka, and what each costs."""

from __future__ import annotations

from bench.intake import RATE_GOALS, Pair, compare
from bench.kafka.installation import apart
from bench.rounds import intake_round
from bench.run import Run

_WARM_S = 10.0
"""A broker's code is compiled while it runs: at first it costs twice as much a record."""
_NOTE = "one ingest process, acknowledged by the broker before the 202; nobody routed or paged on either side"


async def intake(run: Run) -> None:
    """Ingest, broker and PostgreSQL alone, in turns with an Alertmanager that tells nobody."""
    async with run.alertmanager(paged=False) as peer, apart(run.sink_url, "ingest-1") as kafka:
        await intake_round(kafka, run.counter, seconds=_WARM_S)
        await compare(run, peer, kafka, Pair(rate="KP1", cpu="KP2", note=_NOTE, rate_goals=RATE_GOALS))
