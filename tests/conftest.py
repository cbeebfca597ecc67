"""What holds for every test; fixtures of one kind of test stand in that folder's own conftest."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["tests.support.postgres", "tests.support.requirements"]

BROWSER_TESTS = Path(__file__).parent / "e2e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to mix browser tests with others: synchronous Playwright leaves an event loop running."""
    in_browser = [item for item in items if BROWSER_TESTS in item.path.parents]
    if in_browser and len(in_browser) != len(items):
        message = "tests/e2e runs in a pytest process of its own: `make test`, or pytest tests/e2e"
        raise pytest.UsageError(message)
