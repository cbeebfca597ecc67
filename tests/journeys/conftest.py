"""Journeys run on the example agreements; the clock starts on Friday 2026-11-20 at 09:00 in Newark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tests.support.postgres import Database
from tests.support.system import System, make_system

FRIDAY_NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.fixture
async def system(database: Database) -> AsyncIterator[System]:
    system = await make_system(database, FRIDAY_NINE)
    yield system
    await system.end()
