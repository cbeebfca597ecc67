"""What holds for every test; fixtures of one kind of test stand in that folder's own conftest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.support.requirements", "tests.support.postgres", "tests.support.kafka.fixtures"]

# How long an example takes is the machine's business; what a piece of work may cost is measured by `make bench`.
# Everywhere but in CI properties search at random; CI draws the same examples each time, so that a change is judged by
# what it changed and not by luck. What a search finds becomes an @example.
settings.register_profile("tandem", deadline=None)
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable" if os.environ.get("REPEATABLE") == "1" else "tandem")

BROWSER_TESTS = Path(__file__).parent / "e2e"
WAITING = ("kafka", "chaos_fast", "timeout")
"""Marks of tests that wait for a broker, for processes or for a deadline longer than the usual one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to mix browser tests with others: synchronous Playwright leaves an event loop running.

    Tests that wait come first: one worker waits through them while the others compute and then take what is behind them,
    so that no run ends with one worker at a test of half a minute and the others idle.
    """
    in_browser = [item for item in items if BROWSER_TESTS in item.path.parents]
    if in_browser and len(in_browser) != len(items):
        message = "tests/e2e runs in a pytest process of its own: `make test`, or pytest tests/e2e"
        raise pytest.UsageError(message)
    items.sort(key=lambda item: not any(map(item.get_closest_marker, WAITING)))  # stable: files stay together
