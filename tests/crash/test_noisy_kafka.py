"""F17 on Kafka: one client's storm does not delay another's page."""

from __future__ import annotations

import pytest

from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.neighbours import storm_beside_two_quiet_clients

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]


async def test_a_storm_of_one_client_delays_no_page_of_two_others_and_loses_nothing(kafka_fleet: Installation[Fleet]):
    await storm_beside_two_quiet_clients(kafka_fleet)
