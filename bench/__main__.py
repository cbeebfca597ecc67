"""``python -m bench [--quick] [--only P1,P3]``: one JSON line per figure, and a table at the end."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence

import structlog
import uvloop

from bench import machine, proc
from bench.adapters import adapters
from bench.capacity import capacity, memory
from bench.faults import pager_down, restart
from bench.figures import table
from bench.intake import intake
from bench.kafka import missing as kafka
from bench.kafka.backlog import backlog as kafka_backlog
from bench.kafka.capacity import capacity as kafka_capacity
from bench.kafka.intake import intake as kafka_intake
from bench.kafka.scaling import scaling as kafka_scaling
from bench.lane import lane
from bench.latency import latency
from bench.micro import micro
from bench.rounds import Counter
from bench.rules import rules
from bench.run import FULL, QUICK, Lengths, Run, missing
from bench.sink import Sink

Part = tuple[frozenset[str], Callable[[Run], Awaitable[None]]]
"""Names of rows, and what measures them."""
PARTS: tuple[Part, ...] = (
    (frozenset({"MICRO"}), micro),
    (frozenset({"ADAPTERS"}), adapters),
    (frozenset({"LANE"}), lane),
    (frozenset({"P1", "P2"}), intake),
    (frozenset({"P3", "P4", "P6"}), latency),
    (frozenset({"P5"}), capacity),
    (frozenset({"P7", "P8", "P9"}), rules),
    (frozenset({"P12"}), restart),
    (frozenset({"P13"}), pager_down),
    (frozenset({"P10"}), memory),
)
ON_KAFKA: tuple[Part, ...] = (
    (frozenset({"KAFKA", "KP1", "KP2"}), kafka_intake),
    (frozenset({"KAFKA", "KP5"}), kafka_capacity),
    (frozenset({"KAFKA", "KSCALE"}), kafka_scaling),
    (frozenset({"KAFKA", "KDRAIN"}), kafka_backlog),
)
"""``--only KAFKA`` is all of them."""


async def measure(lengths: Lengths, only: frozenset[str]) -> Run:
    """Every part that is asked for, one after the other."""
    sink = Sink()
    await sink.start()
    absent = missing()
    _name(absent)
    run = Run(lengths, sink, peer=not absent, counter=Counter())
    for _, part in (*chosen(PARTS, only), *_on_kafka(only)):
        await part(run)
    await sink.stop()
    return run


def chosen(parts: Sequence[Part], only: frozenset[str]) -> list[Part]:
    """Those with a row in ``only``; all when it is empty."""
    return [part for part in parts if not only or part[0] & only]


def _on_kafka(only: frozenset[str]) -> list[Part]:
    """Those that are asked for; none where Kafka cannot run, which is said."""
    parts = chosen(ON_KAFKA, only)
    absent = kafka.missing() if parts else ""
    _name(absent)
    return [] if absent else parts


def _name(absent: str) -> None:
    if absent:
        print(json.dumps({"missing": absent}), flush=True)


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short rounds, about ten minutes")
    parser.add_argument("--only", default="", help="rows, comma separated: " + ",".join(sorted(_all_rows())))
    asked = parser.parse_args()
    only = frozenset(name.strip().upper() for name in asked.only.split(",") if name.strip())
    if only - _all_rows():
        parser.error(f"unknown rows: {', '.join(sorted(only - _all_rows()))}")
    if sys.platform != "linux":
        parser.error("CPU and memory are read from /proc: this benchmark runs on Linux")
    print(json.dumps({"machine": machine.facts()}), flush=True)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    busy, own = proc.busy_s()[0], os.times()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        run = runner.run(measure(QUICK if asked.quick else FULL, only))
    used = os.times()
    mine = sum(used[:4]) - sum(own[:4])
    print(json.dumps({"machine_after": {"load_average": [round(value, 2) for value in os.getloadavg()],
                                        "cpu_s_of_the_machine": round(proc.busy_s()[0] - busy),
                                        "cpu_s_of_this_run": round(mine)}}))  # fmt: skip
    print(table(run.figures))
    return 0


def _all_rows() -> frozenset[str]:
    return frozenset().union(*(rows for rows, _ in (*PARTS, *ON_KAFKA)))


if __name__ == "__main__":
    sys.exit(main())
