"""How much a fault test does: a round or two in `make chaos`, the full figures in `make soak` (CHAOS_EFFORT=full).

`make soak` runs every test once per seed, so the rounds that are demanded are shared out among its seeds (CHAOS_SEEDS),
and what no seed changes is whole for the first of them only: else it would take ten hours.
"""

from __future__ import annotations

import os

FULL = os.environ.get("CHAOS_EFFORT") == "full"
SEEDS = int(os.environ.get("CHAOS_SEEDS", "1"))
"""How many runs the full figures are made of."""
WHOLE = FULL and os.environ.get("CHAOS_WHOLE", "1") == "1"
"""This run does what is the same with every seed as well, and takes the full times."""


def rounds(short: int, full: int) -> int:
    """How often; of the full figures a run's part, rounded up."""
    return -(-full // SEEDS) if FULL else short


def amount(short: int, full: int) -> int:
    """How much at once: it is shared out among no seeds."""
    return full if FULL else short


def seconds(short: float, full: float) -> float:
    """How long."""
    return full if WHOLE else short


def measured(what: str, **figures: float) -> None:
    """Print a figure for the report; `pytest -rP` shows it."""
    said = ", ".join(f"{name.replace('_', ' ')} {value:.1f}" for name, value in figures.items())
    print(f"MEASURED {what}: {said}")
