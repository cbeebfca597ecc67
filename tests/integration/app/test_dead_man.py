"""F21: the watchers themselves stop. Processes of their own, SIGSTOP, and somebody outside who listens."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.support.alarm_receiver import alarm_receiver
from tests.support.postgres import Database
from tests.support.watched import apart

EVERY_S = 0.5
PATIENCE_S = 6.0
SOON_S = 60.0
"""Generous: the machine may be busy with much else."""
CLOCKED = "select count(*) > 0 from sla.timer"


@pytest.mark.timeout(500)
async def test_a_stopped_sla_clock_is_told_and_a_stopped_auditor_is_missed(database: Database):
    quick = {"TANDEM_AUDIT_EVERY_S": str(EVERY_S), "TANDEM_AUDIT_PATIENCE_S": str(PATIENCE_S)}
    async with alarm_receiver() as ears, apart(database, ears, **quick) as processes:
        await processes.receive("Volume C: on nw-file-02 has 2 % free", "nw-file-02")
        await processes.until(CLOCKED)
        await ears.until_pinged(seconds=SOON_S)
        ears.alarms.clear()  # nothing stands now; on a busy machine a timer may have been late before

        processes.pause("sla-clock")
        processes.fast_forward(hours=2)  # its timer is due, and nobody claims it
        stopped_at = time.monotonic()
        alarm = await ears.until("violated", "late_timers", seconds=SOON_S)
        print(f"told {alarm.at - stopped_at:.1f} s after the clock's timer was due")
        # Where the jump crosses the hours' boundary, the router's own timer may be seen late beside it.
        assert any("serves sla" in each["todo"] for each in alarm.said["violations"])
        assert "northwind" in {each["tenant"] for each in alarm.said["violations"]}
        assert max(ears.pings) < alarm.at

        processes.go_on("sla-clock")
        await ears.until("cleared", "late_timers", seconds=SOON_S)
        await ears.until_pinged(seconds=SOON_S)

        processes.pause("auditor")
        await asyncio.sleep(2 * EVERY_S)  # a ping that was under way
        known = len(ears.pings)
        await asyncio.sleep(8 * EVERY_S)
        assert len(ears.pings) == known

        processes.go_on("auditor")
        await ears.until_pinged(seconds=SOON_S)
