"""What tests of the router's joining share."""

from __future__ import annotations

import pytest

from tests.unit.router.yard import Yard


@pytest.fixture
def yard() -> Yard:
    return Yard()
