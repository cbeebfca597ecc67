"""A console on a fresh database for every test that asks for ``world``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.console import World, close_world, make_world
from tests.support.quick_passwords import quick_passwords


@pytest.fixture(scope="module", autouse=True)
def sign_in_is_quick() -> Iterator[None]:
    with quick_passwords():
        yield


@pytest.fixture
async def world(database) -> AsyncIterator[World]:
    made = await make_world(database)
    try:
        yield made
    finally:
        await close_world(made)
