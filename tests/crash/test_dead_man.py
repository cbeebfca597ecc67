"""F21 at the settings that operators have: who stops is told within a minute and a half."""

from __future__ import annotations

import time

import pytest

from tests.support.alarm_receiver import alarm_receiver
from tests.support.effort import WHOLE
from tests.support.postgres import Database
from tests.support.watched import apart

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

WITHIN_S = 90.0
SERVED = "select count(*) > 0 from sla.incident"


@pytest.mark.parametrize("stopped", ["sla-clock", "router,notifier"] if WHOLE else ["sla-clock"])
async def test_a_service_that_stops_is_told_within_ninety_seconds(database: Database, stopped: str):
    async with alarm_receiver() as ears, apart(database, ears) as processes:
        await processes.receive("Volume C: on nw-file-02 has 2 % free", "nw-file-02")
        await processes.until(SERVED)
        processes.pause(stopped)
        await processes.receive("Core switch nw-core-sw1 does not answer", "nw-core-sw1")
        stopped_at = time.monotonic()

        alarm = await ears.until("violated", "stuck_consumers", seconds=WITHIN_S)

        print(f"{stopped} stopped: told after {alarm.at - stopped_at:.0f} s")
        assert alarm.at - stopped_at < WITHIN_S
        assert all(ping < alarm.at for ping in ears.pings)
