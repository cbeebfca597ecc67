"""``tandem doctor`` on a real database: each check with its state, and whether anybody would be told."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from typer.testing import CliRunner, Result

from tandem.app.auditor.invariants import ALL
from tandem.app.auditor.receiver import alarm_secret
from tandem.bus.topics import ALL as TOPICS
from tandem.bus.topics import MISSING
from tandem.cli.program import command_line
from tandem.clock import SystemClock
from tandem.ids import uuid7
from tests.support.kafka.fixtures import KafkaRoom
from tests.support.kafka.services import environment_of
from tests.support.postgres import Database
from tests.support.watched import KEY


async def doctor(database: Database, *words: str, **environment: str) -> Result:
    """The command in a thread: it is synchronous."""
    env = {"COLUMNS": "200", "TANDEM_DATABASE_URL": database.dsn, "TANDEM_SECRET_KEY": KEY, **environment}
    arguments = ["doctor", *words]
    program = command_line(["doctor", "db"])  # one command alone would need no name
    return await asyncio.to_thread(CliRunner().invoke, program, arguments, env=env)


async def checks(database: Database, *words: str, **environment: str) -> tuple[int, dict[str, Any]]:
    result = await doctor(database, *words, "--output", "json", **environment)
    return result.exit_code, {row["check"]: row for row in json.loads(result.stdout)}


@pytest.fixture
async def orphan(database: Database) -> str:
    """An alert of three days ago that nobody decided on."""
    admin = await database.admin()
    at = SystemClock().now() - timedelta(days=3)
    alert = uuid7(at, b"orphan")
    await admin.execute("insert into router.alert values ($1, 'acme', null, 'rmm', 'disk', $2, '{}', null)", alert, at)
    return str(alert)


async def test_when_everything_holds_every_check_is_ok_and_the_exit_code_0(database: Database):
    code, found = await checks(database)

    assert code == 0
    assert {found[each.name]["state"] for each in ALL} == {"ok"}


async def test_a_violation_is_shown_with_its_runbook_and_the_exit_code_is_1(database: Database, orphan: str):
    code, found = await checks(database, "--days", "7")

    shown = found["orphan_alerts"]
    assert code == 1
    assert (shown["state"], shown["count"]) == ("violated", 1)
    assert shown["first"].startswith(f"acme {orphan} ")
    assert shown["runbook"] == "docs/runbooks/auditor.md#orphan_alerts"


async def test_it_looks_a_day_back_unless_asked_for_more(database: Database, orphan: str):
    code, found = await checks(database)

    assert (code, found["orphan_alerts"]["state"]) == (0, "ok")


async def test_a_question_without_an_answer_is_no_ok(database: Database):
    await (await database.admin()).execute("drop view sla.v_double_clock")

    code, found = await checks(database)

    assert code == 1
    assert found["double_clock"]["state"] == "not answered"
    assert found["auditor_blind"]["state"] == "violated"


async def test_a_database_that_does_not_answer_is_exit_code_3(database: Database):
    result = await doctor(database, TANDEM_DATABASE_URL="postgresql://127.0.0.1:1/none")

    assert result.exit_code == 3


async def test_it_says_whether_anybody_is_told(database: Database):
    _, silent = await checks(database)
    _, told = await checks(database, TANDEM_ALARM_URL="https://a.example", TANDEM_HEARTBEAT_URL="https://b.example")

    assert [silent[name]["state"] for name in ("alarm_url", "heartbeat_url")] == ["not set", "not set"]
    assert [told[name]["state"] for name in ("alarm_url", "heartbeat_url")] == ["set", "set"]


async def test_the_secret_of_the_alarms_is_shown_when_asked_for(database: Database):
    made = (await doctor(database, "--alarm-secret")).stdout.strip()
    chosen = (await doctor(database, "--alarm-secret", TANDEM_ALARM_SECRET="whsec_c2VjcmV0")).stdout.strip()

    assert made == alarm_secret(bytes(range(32)))
    assert chosen == "whsec_c2VjcmV0"
    Webhook(made)  # refuses what is no secret of the standard


@pytest.mark.kafka
async def test_on_kafka_it_says_whether_the_broker_takes_us_and_which_topics_are_not_there(
    database: Database, kafka_room: KafkaRoom
):
    there = environment_of(database, kafka_room.settings)
    nowhere = {**there, "TANDEM_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    await kafka_room.create([topic.name for topic in TOPICS if topic is not MISSING])

    code, found = await checks(database, **there)
    _, unreached = await checks(database, **nowhere)

    assert (code, found["kafka"]["state"]) == (0, "ok")
    assert (found["kafka_topics"]["state"], found["kafka_topics"]["count"]) == ("not seen", 1)
    assert found["kafka_topics"]["first"] == kafka_room.settings.topic(MISSING.name)
    assert "tandem kafka ensure-topics" in found["kafka_topics"]["todo"]
    assert unreached["kafka"]["state"] == "not reached"
    assert unreached["kafka"]["first"].startswith("kafka: 127.0.0.1:1: ")
