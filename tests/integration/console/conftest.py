"""A console on a fresh database for every test that asks for ``world``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.console import World, close_world, make_world


@pytest.fixture
async def world(database) -> AsyncIterator[World]:
    made = await make_world(database)
    try:
        yield made
    finally:
        await close_world(made)
