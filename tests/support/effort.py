"""How much a fault test does: a round or two in `make chaos`, the full figures in `make soak` (CHAOS_EFFORT=full)."""

from __future__ import annotations

import os

FULL = os.environ.get("CHAOS_EFFORT") == "full"


def rounds(short: int, full: int) -> int:
    """How often."""
    return full if FULL else short


def seconds(short: float, full: float) -> float:
    """How long."""
    return full if FULL else short


def measured(what: str, **figures: float) -> None:
    """Print a figure for the report; `pytest -rP` shows it."""
    said = ", ".join(f"{name.replace('_', ' ')} {value:.1f}" for name, value in figures.items())
    print(f"MEASURED {what}: {said}")
