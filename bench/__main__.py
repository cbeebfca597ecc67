"""``python -m bench [--quick] [--only P1,P3]``: one JSON line per figure, and a table at the end."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable

import uvloop

from bench import machine, proc
from bench.capacity import capacity, memory
from bench.faults import pager_down, restart
from bench.figures import table
from bench.intake import intake
from bench.latency import latency
from bench.micro import micro
from bench.rounds import Counter
from bench.run import FULL, QUICK, Lengths, Run, missing
from bench.sink import Sink

PARTS: tuple[tuple[frozenset[str], Callable[[Run], Awaitable[None]]], ...] = (
    (frozenset({"MICRO"}), micro),
    (frozenset({"P1", "P2"}), intake),
    (frozenset({"P3", "P4", "P6"}), latency),
    (frozenset({"P5"}), capacity),
    (frozenset({"P12"}), restart),
    (frozenset({"P13"}), pager_down),
    (frozenset({"P10"}), memory),
)


async def measure(lengths: Lengths, only: frozenset[str]) -> Run:
    """Every part that is asked for, one after the other."""
    sink = Sink()
    await sink.start()
    absent = missing()
    if absent:
        print(json.dumps({"missing": absent}), flush=True)
    run = Run(lengths, sink, peer=not absent, counter=Counter())
    for rows, part in PARTS:
        if not only or rows & only:
            await part(run)
    await sink.stop()
    return run


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short rounds, about five minutes")
    parser.add_argument("--only", default="", help="rows, comma separated: " + ",".join(sorted(_all_rows())))
    asked = parser.parse_args()
    only = frozenset(name.strip().upper() for name in asked.only.split(",") if name.strip())
    if only - _all_rows():
        parser.error(f"unknown rows: {', '.join(sorted(only - _all_rows()))}")
    if sys.platform != "linux":
        parser.error("CPU and memory are read from /proc: this benchmark runs on Linux")
    print(json.dumps({"machine": machine.facts()}), flush=True)
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
    return frozenset().union(*(rows for rows, _ in PARTS))


if __name__ == "__main__":
    sys.exit(main())
