"""Crash tests share one installation: every kill adds to its history, and every check looks at all of it."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator

import pytest

from tests.support.installation import Installation, installation


@pytest.fixture(scope="module")
async def shared_installation() -> AsyncIterator[Installation]:
    async with installation() as made:
        yield made
        spans = ", ".join(f"{seconds:.1f}" for seconds in made.supervisor.restarts)
        print(f"{len(made.supervisor.kills)} kills; start to ready after a kill, in seconds: {spans}")


@pytest.fixture
async def running(shared_installation: Installation) -> Installation:
    """The shared installation, running."""
    await shared_installation.run()
    return shared_installation


@pytest.fixture
def chance() -> random.Random:
    """Random moments; ``CRASH_SEED`` repeats a run, and a failure shows the seed."""
    seed = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"CRASH_SEED={seed}")
    return random.Random(seed)
