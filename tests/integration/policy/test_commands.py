"""``tandem agreement plan|apply|activate|versions|show|backtest|check`` on a real database with routed alerts."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tandem.bus.plan import Inbox
from tandem.bus.postgres import run
from tandem.cli.agreements import app
from tandem.clock import SystemClock
from tandem.db.pool import engine
from tandem.ids import alert_id
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.policy.book import AgreementBook
from tandem_router.service import Router

EXAMPLES = Path(__file__).parents[3] / "deploy" / "agreement"
SERVERS = "{id: servers, function: servers, owner: internal,"


@dataclass
class Desk:
    """An installation's database, a directory of documents, and somebody who types."""

    dsn: str
    directory: Path

    async def type(self, *words: object) -> Result:
        """``tandem agreement ...``, in a thread: it is synchronous."""
        env = {"COLUMNS": "200", "TANDEM_DATABASE_URL": self.dsn}
        return await asyncio.to_thread(CliRunner().invoke, app, [str(word) for word in words], env=env)

    async def answer(self, *words: object) -> Any:
        """The same as JSON; the command must succeed."""
        result = await self.type(*words, "--output", "json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def change(self, file: str, was: str, now: str) -> Path:
        """Edit a document."""
        path = self.directory / file
        text = path.read_text("utf-8")
        assert was in text
        path.write_text(text.replace(was, now), "utf-8")
        return path


@pytest.fixture
async def desk(database, tmp_path):
    made = Desk(database.dsn, tmp_path / "agreement")
    made.directory.mkdir()
    for name in ("brightwater.yaml", "northwind.yaml", "cedarline.yaml"):
        shutil.copy(EXAMPLES / name, made.directory / name)
    result = await made.type("apply", made.directory, "--author", "ann", "--note", "first")
    assert result.exit_code == 0, result.output
    return made


@pytest.fixture
async def routed(database, desk):
    """Three alerts of yesterday, decided by the production router from the stored agreement."""
    reading = engine(database.dsn, "tandem_router", pooled=False)
    book = AgreementBook(reading)
    await book.refresh()
    router, pool = Router(agreements=book), await database.pool("tandem_router")
    at = SystemClock().now() - timedelta(days=1)
    alerts = [
        alert("Volume C: on NW-FILE-02 has 4 % free", at, host="nw-file-02"),
        alert("Volume C: on NW-FILE-01 has 3 % free", at + timedelta(minutes=1), host="nw-file-01"),
        alert(
            "Aquarium too warm",
            at + timedelta(minutes=2),
            vendor="fishtank",
            severity=Severity.UNKNOWN,
            severity_word="steamy",
        ),
    ]
    async with pool.acquire() as connection, connection.transaction():
        inbox, now = Inbox(list(alerts), []), at + timedelta(minutes=3)
        plan = router.plan(inbox, await router.load(connection, inbox, now), now)
        await run(connection, plan.writes)
    await reading.dispose()
    return alerts


def alert(title: str, at, **facts) -> Alert:
    fields = {"kind": Kind.RMM, "vendor": "generic", "severity": Severity.HIGH, "status": AlertStatus.FIRING, **facts}
    return Alert(
        alert_id=alert_id("northwind", "rmm", title, 0),
        tenant="northwind",
        integration="rmm",
        delivery_id=title,
        dedup_key=title,
        title=title,
        received_at=at,
        occurred_at=at,
        **fields,
    )


async def test_every_decision_stores_the_version_that_made_it(desk, routed, database):
    admin = await database.admin()

    versions = await admin.fetch("select distinct agreement_version from router.decision")

    assert [row["agreement_version"] for row in versions] == [1]


async def test_plan_says_in_words_what_changes_and_what_the_last_days_would_have_done(desk, routed):
    desk.change("northwind.yaml", SERVERS, SERVERS.replace("internal", "msp"))

    said = await desk.type("plan", desk.directory)
    (planned,) = await desk.answer("plan", desk.directory)

    assert said.exit_code == 0, said.output
    lines = said.stdout.splitlines()
    assert lines[:3] == ["northwind: northwind@1 -> northwind@2", "  matrix:", "    servers: owner internal -> msp"]
    assert "  3 alerts, 2 would have been otherwise" in lines
    owner = planned["alerts"]["differences"]["owner"]
    assert [(kind["baseline"], kind["candidate"], kind["alerts"]) for kind in owner] == [("internal", "msp", 2)]
    assert owner[0]["examples"][0]["candidate"]["sentence"].startswith("P2 servers, owned by msp")
    assert (await desk.answer("versions", "northwind"))[0]["version"] == 1


async def test_plan_tells_what_apply_would_refuse(desk):
    desk.change("northwind.yaml", SERVERS, SERVERS.replace("servers, owner", "no-such-function, owner"))

    said = await desk.type("plan", desk.directory, "--days", "0")

    assert "apply would refuse" in said.stdout
    assert "no-such-function" in said.stdout


async def test_plan_of_what_is_in_force_already_says_that_nothing_would_change(desk):
    said = await desk.type("plan", desk.directory)

    assert (said.exit_code, said.stdout) == (0, "nothing would change\n")


async def test_plan_names_every_client_that_a_providers_change_moves(desk):
    desk.change("brightwater.yaml", "name: Brightwater IT", "name: Brightwater Services")

    planned = await desk.answer("plan", desk.directory / "brightwater.yaml", "--days", "0")

    assert [each["tenant"] for each in planned] == ["cedarline", "northwind"]
    assert all(each["follows"] and each["to"].endswith("@2") for each in planned)


async def test_apply_moves_those_who_follow_and_activate_goes_back(desk):
    desk.change("brightwater.yaml", "name: Brightwater IT", "name: Brightwater Services")

    applied = await desk.answer("apply", desk.directory / "brightwater.yaml", "--author", "bob", "--note", "renamed")
    back = await desk.answer("activate", "northwind", 1, "--author", "cleo", "--note", "not yet")

    assert {row["document"]: (row["version"], row["why"]) for row in applied} == {
        "brightwater": (2, None),
        **dict.fromkeys(("cedarline", "northwind"), (2, "follows")),
    }
    assert [(row["document"], row["version"], row["provider"]) for row in back] == [("northwind", 1, "brightwater@1")]
    history = await desk.answer("versions", "northwind", "--history")
    assert [(row["version"], row["activated_by"]) for row in history] == [(1, "cleo"), (2, "bob"), (1, "ann")]
    assert [row["version"] for row in await desk.answer("versions", "brightwater", "--provider")] == [2, 1]


async def test_what_does_not_pass_is_refused_with_every_problem_and_nothing_changes(desk):
    desk.change("northwind.yaml", SERVERS, SERVERS.replace("servers, owner", "no-such-function, owner"))

    refused = await desk.type("apply", desk.directory)

    assert refused.exit_code == 1
    assert 'there is no function "no-such-function"' in refused.stderr
    assert [row["version"] for row in await desk.answer("versions", "northwind")] == [1]


async def test_show_and_explain_ask_the_agreement_in_force(desk):
    shown = await desk.answer("show", "northwind")
    body = desk.directory / "alert.json"
    body.write_text('{"title": "Volume C: has 4 % free", "host": "nw-file-02", "kind": "rmm"}', "utf-8")
    explained = await desk.answer("explain", "--agreement", "northwind@1", "--alert", body)
    unknown = await desk.type("show", "nobody")

    assert (shown["tenant"], shown["provider"]) == ("northwind", "brightwater")
    assert (explained["function"], explained["agreement_version"]) == ("servers", 1)
    assert [clock["clock"] for clock in explained["clocks"]][:2] == ["detect", "response"]
    assert explained["escalation"][0]["after_s"] == 0
    assert unknown.exit_code == 1
    assert "there is no client 'nobody'" in unknown.stderr


async def test_a_backtest_compares_a_file_with_the_agreement_in_force_over_stored_alerts(desk, routed):
    candidate = desk.change("northwind.yaml", SERVERS, SERVERS.replace("internal", "msp"))

    report = await desk.answer("backtest", "--candidate", candidate)
    earlier = await desk.answer("backtest", "--candidate", candidate, "--to", "2026-01-01", "--from", "2025-01-01")

    assert (report["alerts"], report["changed"], earlier["alerts"]) == (3, 2, 0)


async def test_check_asks_the_stored_alerts_what_has_no_word_and_which_class_has_no_runbook(desk, routed):
    said = await desk.type("check", desk.directory / "northwind.yaml", "--database")

    day = routed[2].received_at.date().isoformat()
    assert f'severity "steamy" of fishtank: unmapped since {day}, 1 alert, e.g. "Aquarium too warm"' in said.stdout
    assert f"no rule takes some alerts of fishtank (rmm): unmapped since {day}, 1 alert" in said.stdout
    assert "of the busiest classes has no runbook" in said.stdout


@pytest.mark.parametrize(
    "command", [["show", "northwind"], ["versions", "northwind"], ["activate", "northwind", "1"], ["pull", "northwind"]]
)
@pytest.mark.parametrize("empty", [False, True])
async def test_without_a_database_a_client_is_not_looked_for_in_an_empty_one(tmp_path, command, empty):
    env = {"TANDEM_DATABASE_URL": None, "TANDEM_DATA_DIR": str(tmp_path / "none")}
    if empty:
        (tmp_path / "none").mkdir()

    said = await asyncio.to_thread(CliRunner().invoke, app, command, env=env)

    assert said.exit_code == 3
    assert "there is no database" in said.stderr
    assert (tmp_path / "none").exists() is empty
    assert not (tmp_path / "none" / "postgres").exists()
