"""Reports over the API: governance items of the caller's tenants, with the deadline both parties have."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from uuid import uuid4

from typer.testing import CliRunner

from tandem.cli.report import app
from tandem.web.server import WebServer, bind
from tests.support.console import World
from tests.support.console_rows import NOW

_INSERT = """
insert into router.governance_item (tenant, kind, key, title, count, first_seen, last_seen, alert_id, due_at)
values ($1, 'unmapped', $2, $2, 3, $3, $4, $5, $6)
"""


async def given(world: World, key: str, due_at: datetime, tenant: str = "acme") -> None:
    """An item of the router."""
    admin = await world.database.admin()
    await admin.execute(_INSERT, tenant, key, NOW - timedelta(days=2), NOW, uuid4(), due_at)


async def test_items_come_with_the_oldest_deadline_first_and_say_what_is_overdue(world: World):
    await given(world, "coffee cold", NOW + timedelta(days=12))
    await given(world, "tea cold", NOW - timedelta(days=1))

    async with await world.api("viewer") as api:
        answer = await api.get("/api/v1/reports/governance")

    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["total"] == 2
    assert [(item["key"], item["overdue"], item["count"]) for item in said["items"]] == [
        ("tea cold", True, 3),
        ("coffee cold", False, 3),
    ]


async def test_nobody_sees_the_items_of_another_tenant(world: World):
    await given(world, "coffee cold", NOW, tenant="globex")

    async with await world.api("admin") as api:
        every = await api.get("/api/v1/reports/governance")
        named = await api.get("/api/v1/reports/governance?tenant=globex")

    assert (every.json()["items"], named.json()["items"]) == ([], [])


async def test_a_long_list_is_cut_and_says_how_long_it_is(world: World):
    for number in range(5):
        await given(world, f"gap {number}", NOW + timedelta(days=number))

    async with await world.api("viewer") as api:
        said = (await api.get("/api/v1/reports/governance?limit=2")).json()

    assert (said["total"], len(said["items"])) == (5, 2)


async def test_without_a_token_there_is_no_report(world: World):
    async with await world.api("viewer") as api:
        del api.headers["authorization"]
        answer = await api.get("/api/v1/reports/governance")

    assert answer.status_code == 401


async def test_the_command_shows_what_the_console_says_and_how_much_more_there_is(world: World):
    for number in range(3):
        await given(world, f"gap {number}", NOW + timedelta(days=number))
    server = WebServer(world.app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    host, port = server.address
    env = {"COLUMNS": "200", "TANDEM_URL": f"http://{host}:{port}", "TANDEM_TOKEN": await world.token("viewer")}

    def typed(*words: str) -> str:
        result = CliRunner().invoke(app, ["governance", *words], env=env)
        assert result.exit_code == 0, result.output
        return result.stdout

    try:
        table = await asyncio.to_thread(typed, "--limit", "2")
        rows = json.loads(await asyncio.to_thread(typed, "--output", "json"))
    finally:
        await server.stop(5)

    assert "gap 0" in table
    assert "2 of 3; --limit shows more" in table
    assert [row["key"] for row in rows] == ["gap 0", "gap 1", "gap 2"]
