"""A pager per test."""

from __future__ import annotations

import pytest

from tests.support.pager import pager_on


@pytest.fixture
async def pager(database):
    async with pager_on(database) as ready:
        yield ready
