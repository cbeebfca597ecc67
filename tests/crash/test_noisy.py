"""F17 on the embedded default: one client's storm does not delay another's page."""

from __future__ import annotations

import pytest

from tests.support.installation import Installation
from tests.support.neighbours import storm_beside_two_quiet_clients

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


async def test_a_storm_of_one_client_delays_no_page_of_two_others_and_loses_nothing(running: Installation):
    await storm_beside_two_quiet_clients(running)
