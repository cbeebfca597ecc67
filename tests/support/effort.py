"""How much a fault test does: a round or two in `make chaos`, its share of the full figures in `make soak`.

A soak is several seeds (tools/run_faults.py), which do the full number of rounds together.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

Case = TypeVar("Case")

FULL = os.environ.get("CHAOS_EFFORT") == "full"
SEEDS = int(os.environ.get("CHAOS_SEEDS", "1"))
"""Between how many runs the full figures are divided."""
SEED = int(os.environ.get("CRASH_SEED", "0"))
REPORT = os.environ.get("CHAOS_REPORT")
"""A file that gets every figure, a line of JSON each."""


def rounds(short: int, full: int) -> int:
    """How often; ``full`` is what all seeds do together."""
    return -(-full // SEEDS) if FULL else short


def amount(short: int, full: int) -> int:
    """How many at once, which no seed can take a share of."""
    return full if FULL else short


def seconds(short: float, full: float) -> float:
    """How long."""
    return full if FULL else short


def cases(short: Sequence[Case], full: Sequence[Case]) -> Sequence[Case]:
    """Which; every seed takes others of ``full``."""
    return full[SEED % SEEDS :: SEEDS] if FULL else short


def measured(what: str, **figures: float) -> None:
    """Print a figure for the report; `pytest -rP` shows it."""
    said = ", ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in figures.items())
    print(f"MEASURED {what}: {said}")
    if REPORT:
        with Path(REPORT).open("a", encoding="utf-8") as report:
            report.write(json.dumps({"what": what, **figures}) + "\n")
