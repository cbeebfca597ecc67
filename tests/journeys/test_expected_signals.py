"""The alert that never came: checks, their deadlines, and who is paged by a silence.

Friday 2026-11-20, 09:00 in Newark. Northwind's backups are verified every Sunday by 06:00, with half an hour of grace;
verification is shared, the MSP leads and is on call at that hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tandem.bus.port import Record
from tandem.bus.topics import SIGNALS, signal_key
from tandem.model.alert import AlertStatus, Kind, Severity
from tandem.model.ownership import Actor, Party
from tandem.model.signal import SignalKind
from tandem.wire import codec
from tests.support.altered import altered
from tests.support.checks import BACKUP, arm, check, hears, history, periods, phase, ping, waiting
from tests.support.postgres import Database
from tests.support.system import System, make_system

FRIDAY = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SUNDAY_SIX = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
ID = "verify-nw-file-02"
JOB = {"id": "nightly-export", "integration": "northwind-scripts", "every": "1h", "grace": "10m"}


async def forward_to(system: System, at: datetime) -> None:
    await system.fast_forward(seconds=(at - system.clock.now()).total_seconds())


async def test_a_verification_that_is_missed_on_sunday_pages_its_owner(database: Database):
    system = await waiting(database, FRIDAY, {**BACKUP, "severity": "critical"})

    await forward_to(system, SUNDAY_SIX + timedelta(minutes=29))
    assert (await phase(system, ID), await system.incidents()) == ("late", [])
    await forward_to(system, SUNDAY_SIX + timedelta(minutes=31))

    incident = await system.incident()
    assert incident["title"] == "Backup of nw-file-02 was not verified by Sun 2026-11-22 06:00 EST"
    assert incident["function"] == "backup"
    assert incident["responsible_party"] == "msp"
    assert system.paged[0] == "maya-okafor"
    assert (await phase(system, ID), await history(system, ID)) == ("down", ["missing"])
    await system.end()


async def test_a_verification_in_time_pages_nobody_and_counts_for_its_sunday(database: Database):
    system = await waiting(database, FRIDAY, BACKUP)

    await forward_to(system, SUNDAY_SIX - timedelta(hours=9))
    await ping(system, ID)
    await forward_to(system, SUNDAY_SIX + timedelta(days=5))

    assert (await system.incidents(), await periods(system, ID)) == ([], [("verified", False)])
    assert (await check(system, ID))["due_at"] == SUNDAY_SIX + WEEK
    await system.end()


async def test_the_next_success_clears_what_its_silence_raised(database: Database):
    system = await waiting(database, FRIDAY, BACKUP)
    await forward_to(system, SUNDAY_SIX + timedelta(hours=1))

    await ping(system, ID, note="SureBackup job: Success")
    await system.fast_forward(minutes=15)

    incident = await system.incident()
    assert incident["state"] == "resolved"
    assert (await phase(system, ID), await periods(system, ID)) == ("up", [("verified", True)])
    await system.end()


async def test_every_missed_sunday_counts_and_stays_one_incident(database: Database):
    system = await waiting(database, FRIDAY, BACKUP)

    await forward_to(system, SUNDAY_SIX + WEEK + timedelta(hours=1))

    assert len(await system.incidents()) == 1
    assert await periods(system, ID) == [("missing", True), ("missing", True)]
    await system.end()


async def test_a_failure_alerts_at_once_and_is_not_missing_as_well(database: Database):
    system = await waiting(database, FRIDAY, BACKUP)

    await ping(system, ID, SignalKind.FAIL, exit_code=3, note="3 of 12 VMs did not boot")

    incident = await system.incident()
    assert incident["title"] == "Backup verification of nw-file-02 failed (exit code 3)"
    await forward_to(system, SUNDAY_SIX + timedelta(hours=2))
    assert await periods(system, ID) == [("failed", False)]
    await ping(system, ID)
    assert await periods(system, ID) == [("verified", False)]
    await system.end()


async def test_a_job_that_falls_silent_alerts_after_its_interval_and_its_grace(database: Database):
    system = await waiting(database, FRIDAY, JOB)
    await ping(system, "nightly-export")

    await system.fast_forward(minutes=69)
    assert await system.incidents() == []
    await system.fast_forward(minutes=2)

    assert (await system.incident())["title"] == "nightly-export was not heard from by Fri 2026-11-20 10:00 EST"
    await ping(system, "nightly-export")
    await system.fast_forward(minutes=30)
    assert (await system.incident())["state"] == "resolved"
    await system.end()


async def test_a_run_that_does_not_end_alerts_and_its_length_is_measured(database: Database):
    system = await waiting(database, FRIDAY, {**JOB, "max_duration": "20m"})

    await ping(system, "nightly-export", SignalKind.START, run_id="a1")
    await system.fast_forward(minutes=15)
    assert await phase(system, "nightly-export") == "started"
    await ping(system, "nightly-export", run_id="a1")
    assert (await history(system, "nightly-export"))[-1] == "ok"
    row = await system.admin.fetchrow("select * from router.check_results where outcome = 'ok'")
    assert row["duration_s"] == 900

    await ping(system, "nightly-export", SignalKind.START, run_id="a2")
    await system.fast_forward(minutes=21)
    assert "was started and has not ended" in (await system.incident())["title"]
    await system.end()


@pytest.mark.parametrize("apart", [False, True])
async def test_a_deadline_that_passed_while_nothing_ran_is_judged_after_a_grace_in_which_we_heard(
    database: Database, apart: bool
):
    system = await waiting(database, FRIDAY, BACKUP, hear=False, apart=apart)
    await hears(system, end=SUNDAY_SIX - timedelta(hours=2))
    await system.stop()
    up = SUNDAY_SIX + timedelta(hours=3)

    later = await make_system(database, up, system.agreements, boot="boot-2", apart=apart)
    await hears(later, up)
    await arm(later)
    await later.fast_forward(minutes=29)
    assert await later.incidents() == []
    await later.fast_forward(minutes=3)

    assert "was not verified by Sun 2026-11-22 06:00" in (await later.incident())["title"]
    alert = await later.admin.fetchrow("select body ->> 'description' as text from router.alert")
    assert "Tandem itself took no signals from Sun 2026-11-22 04:00 EST to Sun 2026-11-22 09:00 EST" in alert["text"]
    await later.end()


async def test_a_sender_that_tries_again_after_our_restart_is_no_false_alarm(database: Database):
    system = await waiting(database, FRIDAY, BACKUP, hear=False)
    await hears(system, end=SUNDAY_SIX - timedelta(minutes=5))
    await system.stop()
    up = SUNDAY_SIX + timedelta(hours=2)

    later = await make_system(database, up, system.agreements, boot="boot-2")
    await hears(later, up)
    await arm(later)
    await later.fast_forward(minutes=5)
    await ping(later, ID)
    await later.fast_forward(days=2)

    assert await later.incidents() == []
    await later.end()


async def test_a_restart_within_the_week_changes_nothing(database: Database):
    system = await waiting(database, FRIDAY, BACKUP)
    await ping(system, ID)
    await system.stop()

    later = await make_system(database, FRIDAY + timedelta(hours=1), system.agreements, boot="boot-2")
    await arm(later)
    await forward_to(later, SUNDAY_SIX + timedelta(hours=1))
    assert (await later.incidents(), await phase(later, ID)) == ([], "up")

    await forward_to(later, SUNDAY_SIX + WEEK + timedelta(hours=1))
    assert len(await later.incidents()) == 1
    await later.end()


async def test_while_nothing_hears_nothing_is_judged(database: Database):
    system = await waiting(database, FRIDAY, BACKUP, hear=False)
    await hears(system, end=FRIDAY + timedelta(hours=1))

    await forward_to(system, SUNDAY_SIX + timedelta(hours=2))

    assert await system.incidents() == []
    await system.end()


async def test_a_paused_check_raises_nothing_says_so_and_begins_its_interval_anew(database: Database):
    system = await waiting(database, FRIDAY, JOB)
    await ping(system, "nightly-export", SignalKind.PAUSE, note="new server", by=Actor(Party.INTERNAL, "ben-carter"))

    await system.fast_forward(hours=30)
    await ping(system, "nightly-export", SignalKind.FAIL)
    assert (await system.incidents(), await phase(system, "nightly-export")) == ([], "paused")
    await system.fast_forward(minutes=1)

    await ping(system, "nightly-export", SignalKind.RESUME, by=Actor(Party.INTERNAL, "ben-carter"))
    await system.fast_forward(minutes=69)
    assert (await system.incidents(), await phase(system, "nightly-export")) == ([], "late")
    await system.fast_forward(minutes=3)
    assert len(await system.incidents()) == 1
    assert (await history(system, "nightly-export")) == ["paused", "failed", "resumed", "missing"]
    await system.end()


async def test_a_pause_with_an_end_ends_by_itself(database: Database):
    system = await waiting(database, FRIDAY, JOB)
    await ping(system, "nightly-export", SignalKind.PAUSE, until=FRIDAY + timedelta(hours=5))

    await system.fast_forward(hours=6)

    assert await phase(system, "nightly-export") == "late"
    await system.end()


async def test_a_backup_tools_own_success_is_the_signal(database: Database):
    source = {"integration": "northwind-veeam", "match": {"title": {"contains": "nw-file-02"}}}
    system = await waiting(database, FRIDAY, {**BACKUP, "from": source})

    done = {"kind": Kind.BACKUP, "severity": Severity.INFO, "status": AlertStatus.RESOLVED}
    await system.receive("SureBackup nw-file-02: Success", integration="northwind-veeam", **done)
    await forward_to(system, SUNDAY_SIX + timedelta(days=1))

    assert (await system.incidents(), await periods(system, ID)) == ([], [("verified", False)])
    await system.end()


async def test_an_integration_that_falls_silent_in_its_hours_is_an_alert(database: Database):
    volume = {
        "id": "rmm-talks",
        "what": "volume",
        "integration": "northwind-test",
        "at_least": 2,
        "hours": [{"days": ["mon-fri"], "from": "09:00", "to": "12:00"}],
    }
    system = await waiting(database, FRIDAY, volume)
    for number in range(2):
        await system.clear(f"noise {number}", host="nw-file-02")

    await system.fast_forward(minutes=61)
    assert await system.incidents() == []
    await system.clear("noise 3", host="nw-file-02")
    await system.fast_forward(minutes=60)

    assert "Integration northwind-test is silent: 1 alerts in the hour to" in (await system.incident())["title"]
    for number in range(2):
        await system.clear(f"noise {number}", host="nw-file-02")
    await system.fast_forward(minutes=20)
    assert (await system.incident())["state"] == "resolved"
    await system.end()


async def test_a_signal_that_is_on_the_bus_twice_counts_once(database: Database):
    system = await waiting(database, FRIDAY, JOB)
    failed = await ping(system, "nightly-export", SignalKind.FAIL)
    await ping(system, "nightly-export")
    await system.fast_forward(minutes=20)

    key = signal_key(failed.tenant, failed.check)
    await system.bus.append([Record(SIGNALS.name, key, codec.encode(failed))])
    await system.settle()

    assert (await phase(system, "nightly-export"), (await system.incident())["state"]) == ("up", "resolved")
    await system.end()


async def test_what_the_agreement_no_longer_waits_for_is_cleared(database: Database):
    system = await waiting(database, FRIDAY, BACKUP)
    await forward_to(system, SUNDAY_SIX + timedelta(hours=1))

    without = altered("northwind", expected=[]).active("northwind")
    assert without is not None
    system.agreements.replace(without)
    await arm(system)
    await system.fast_forward(minutes=15)

    assert ((await system.incident())["state"], await phase(system, ID)) == ("resolved", "undeclared")
    await system.end()


async def test_the_failure_of_a_job_that_nobody_declared_is_heard(database: Database):
    system = await waiting(database, FRIDAY)

    await ping(system, "forgotten-job", SignalKind.FAIL, exit_code=1)

    assert (await system.incident())["title"] == "forgotten-job failed (exit code 1)"
    assert await phase(system, "forgotten-job") == "undeclared"
    await system.end()
