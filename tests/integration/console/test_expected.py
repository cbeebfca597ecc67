"""Expected signals over the API and the command line: looked at, counted by period, paused and resumed, by tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from tandem.bus.port import Record
from tandem.cli import checks
from tandem.db.pool import engine as make_engine
from tandem.metrics import Metrics
from tandem.model.signal import SignalKind
from tandem.web.application import build_app
from tandem.web.server import WebServer, bind
from tandem_console.service import Console, ConsolePorts, ConsoleSettings
from tests.support.answering_bus import AnsweringBus
from tests.support.checks import BACKUP, ping, waiting
from tests.support.console import World, close_world, csrf_of
from tests.support.console_rows import Rows
from tests.support.system import System

FRIDAY = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
JOB = {"id": "nightly-export", "name": "Export to the bank", "integration": "northwind-ninjaone", "every": "1h"}
ONE = "/api/v1/expected/northwind/nightly-export"
NORTHWIND = ("northwind",)


@dataclass
class Settling:
    """The system's bus; what is appended is worked on before the caller goes on."""

    system: System

    async def append(self, records: Sequence[Record]) -> None:
        await self.system.bus.append(records)
        await self.system.settle()


@pytest.fixture
async def system(database) -> AsyncIterator[System]:
    made = await waiting(database, FRIDAY, BACKUP, JOB)
    yield made
    await made.stop()


@pytest.fixture
async def world(database, system: System) -> AsyncIterator[World]:
    rows = Rows(
        *[await database.pool(f"tandem_{role}", max_size=2) for role in ("router", "sla_clock", "notifier", "policy")]
    )
    engine = make_engine(database.dsn, "tandem_console", application_name="test console", pool_size=4)
    console = Console(
        database=engine,
        bus=Settling(system),
        clock=system.clock,
        settings=ConsoleSettings(secret=b"k" * 32),
        ports=ConsolePorts(agreements=system.agreements),
    )
    app = build_app(routers=console.routers(), lanes=console.lanes(), metrics=Metrics(), checks={})
    made = World(console, app, AnsweringBus(rows, system.clock), rows, system.clock, database)
    yield made
    await close_world(made)


async def test_checks_are_listed_with_where_they_stand_and_what_is_expected(system: System, world: World):
    await ping(system, "nightly-export", SignalKind.START, run_id="r1")
    api = await world.api("viewer", tenants=NORTHWIND)

    items = {item["id"]: item for item in (await api.get("/api/v1/expected")).json()["items"]}

    job, backup = items["nightly-export"], items["verify-nw-file-02"]
    assert (job["phase"], job["running_since"], job["expected"]) == ("started", "2026-11-20T14:00:00Z", "every 1h")
    assert job["ping_path"] == "/v1/heartbeats/northwind-ninjaone/nightly-export"
    assert (backup["what"], backup["asset"], backup["phase"]) == ("backup", "nw-file-02", "new")
    assert (backup["expected"], backup["due_at"]) == ("sun by 06:00", "2026-11-22T11:00:00Z")


async def test_periods_are_counted_by_their_last_word(system: System, world: World):
    await ping(system, "verify-nw-file-02")  # for the 22nd
    await system.fast_forward(days=10)  # the 29th is missed
    await ping(system, "verify-nw-file-02")
    await system.fast_forward(days=6)
    await ping(system, "verify-nw-file-02", SignalKind.FAIL)  # for the 6th
    await system.fast_forward(days=8)  # the 13th is missed
    api = await world.api("viewer", "msp", tenants=NORTHWIND)

    whole = (await api.get("/api/v1/expected")).json()["items"]
    november = (await api.get("/api/v1/expected", params={"to": "2026-12-01T00:00:00Z"})).json()["items"]

    assert [item["counts"] for item in whole if item["id"] == "verify-nw-file-02"] == [
        {"verified": 2, "late": 1, "failed": 1, "missing": 1}
    ]
    assert [item["counts"] for item in november if item["id"] == "verify-nw-file-02"] == [
        {"verified": 2, "late": 1, "failed": 0, "missing": 0}
    ]


async def test_a_pause_is_the_routers_at_once_says_whose_it_is_and_is_audited(system: System, world: World):
    api = await world.api("lead", tenants=NORTHWIND)
    until = (FRIDAY + timedelta(days=1)).isoformat()

    paused = await api.post(f"{ONE}/pause", json={"reason": "The bank moves", "until": until})
    await system.fast_forward(hours=20)
    during = await system.incidents()
    resumed = await api.post(f"{ONE}/resume")
    again = await api.post(f"{ONE}/resume")

    assert (paused.status_code, paused.json()["phase"]) == (200, "paused")
    assert paused.json()["paused"]["reason"] == "The bank moves"
    assert (during, resumed.json()["phase"], again.status_code) == ([], "new", 409)
    history = (await api.get(f"{ONE}/history")).json()["items"]
    assert [(line["outcome"], line["party"]) for line in history] == [("resumed", "internal"), ("paused", "internal")]
    deeds = await system.admin.fetch("select action, object from console.audit where action like 'check.%' order by at")
    assert [tuple(row) for row in deeds] == [("check.pause", "nightly-export"), ("check.resume", "nightly-export")]


async def test_by_its_page_a_check_is_paused_and_resumed_and_the_other_party_sees_by_whom(system: System, world: World):
    await world.user("mia", "lead", "msp", NORTHWIND)
    await world.user("vic", "viewer", "internal", NORTHWIND)
    lead, reader = await world.signed_in("mia"), await world.signed_in("vic")
    page = "/checks/northwind/nightly-export"
    data = {"csrf": csrf_of((await lead.get(page)).text), "reason": "The bank moves", "lasting": "4h", "until": ""}

    paused = await lead.post(f"{page}/pause", data=data)
    seen, listed = (await reader.get(page)).text, (await reader.get("/checks")).text
    forbidden = await reader.post(f"{page}/resume", data={"csrf": csrf_of(seen)})
    until = "select state->>'paused_until' from router.checks where check_id = 'nightly-export'"
    ends = datetime.fromisoformat(await system.admin.fetchval(until))
    resumed = await lead.post(f"{page}/resume", data={"csrf": data["csrf"]})
    again = await lead.post(f"{page}/resume", data={"csrf": data["csrf"]})

    assert [each.status_code for each in (paused, forbidden, resumed, again)] == [303, 403, 303, 409]
    assert timedelta(hours=3, minutes=59) < ends - FRIDAY < timedelta(hours=4, minutes=1)
    assert "by mia (MSP)" in seen
    assert "The bank moves" in seen
    assert f'action="{page}/resume"' not in seen
    assert "by mia (MSP)" in listed
    assert "It is not paused." in again.text
    audit = "select who, action, party from console.audit where action like 'check.%' order by at"
    deeds = await system.admin.fetch(audit)
    assert [tuple(row) for row in deeds] == [("mia", "check.pause", "msp"), ("mia", "check.resume", "msp")]
    for browser in (lead, reader):
        await browser.aclose()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": "  "}, "Say in up to 500 letters why"),
        ({"reason": "x" * 501}, "Say in up to 500 letters why"),
        ({"until": "2026-11-20T13:00"}, "This end is over already"),
        ({"until": "tomorrow"}, "The end should be a date and a time of day"),
        ({"until": "9999-12-31T23:59:59+99:00"}, "The end should be a date and a time of day"),
    ],
)
async def test_a_pause_that_cannot_be_is_told_on_the_page_and_what_was_typed_stays(
    world: World, wrong: dict[str, str], said: str
):
    await world.user("mia", "lead", "msp", NORTHWIND)
    lead = await world.signed_in("mia")
    page = "/checks/northwind/nightly-export"
    data = {"csrf": csrf_of((await lead.get(page)).text), "reason": "<b>moves</b>", "lasting": "7d", **wrong}

    answer = await lead.post(f"{page}/pause", data=data)
    stranger = await lead.post("/checks/acme/nightly-export/pause", data=data)

    assert (answer.status_code, stranger.status_code) == (409, 404)
    assert said in answer.text
    assert "<b>moves" not in answer.text
    assert '<option value="7d" selected>' in answer.text
    await lead.aclose()


async def test_a_check_of_another_client_does_not_exist_and_a_viewer_pauses_nothing(world: World):
    stranger = await world.api("lead", tenants=("acme",))
    viewer = await world.api("viewer", tenants=NORTHWIND)

    assert (await stranger.get("/api/v1/expected")).json() == {"items": []}
    for answer in (
        await stranger.get(ONE),
        await stranger.get(f"{ONE}/history"),
        await stranger.post(f"{ONE}/pause", json={"reason": "x"}),
    ):
        assert answer.status_code == 404
    assert (await viewer.post(f"{ONE}/pause", json={"reason": "x"})).status_code == 403


async def test_the_command_line_lists_shows_pauses_and_resumes(world: World, system: System):
    server = WebServer(world.app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    where = {
        "TANDEM_URL": "http://{}:{}".format(*server.address),
        "TANDEM_TOKEN": await world.token("lead", tenants=NORTHWIND),
        "COLUMNS": "250",
    }

    async def say(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, checks.app, list(words), env=where)

    listed = await say("list")
    shown = await say("show", "nightly-export")
    paused = await say("pause", "northwind/nightly-export", "--reason", "moves")
    resumed = await say("resume", "northwind/nightly-export")
    history = await say("history", "northwind/nightly-export", "--output", "json")
    nowhere = await say("show", "nightly-exprot")
    await server.stop(5)

    assert (listed.exit_code, paused.exit_code, resumed.exit_code, nowhere.exit_code) == (0, 0, 0, 1)
    assert "northwind/verify-nw-file-02" in listed.stdout
    assert "/v1/heartbeats/northwind-ninjaone/nightly-export" in shown.stdout
    assert paused.stdout.startswith("northwind/nightly-export: paused")
    assert resumed.stdout.startswith("northwind/nightly-export: new, due ")
    assert '"paused"' in history.stdout
    assert "there is none" in nowhere.stderr
