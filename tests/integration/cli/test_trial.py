"""``tandem integrations test`` on a running installation, as an operator types it: each way in, to its decision."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from tandem.cli.integrations import app
from tandem.cli.program import command_line
from tests.support.installation import put_agreements
from tests.support.supervisor import Supervisor, supervisor
from tests.support.web import NO_TLS

WAYS = {
    "bearer": ["--auth", "bearer"],
    "geniekey": ["--auth", "header", "--header", "Authorization", "--prefix", "GenieKey"],
    "basic": ["--auth", "basic", "--user", "am"],
    "path": ["--auth", "path"],
    "query": ["--auth", "query", "--parameter", "token"],
    "svix": ["--hmac", "svix"],
    "crowdstrike": ["--hmac", "crowdstrike"],
    "grafana": ["--hmac", "grafana-timestamp"],
}
NOTICE = "Alerts of an unknown customer wait at ninja"


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Supervisor]:
    """A ``tandem serve`` with the example agreements."""
    async with supervisor() as process:
        put_agreements(process.agreements, "http://127.0.0.1:9")
        await process.start()
        yield process


async def typed(process: Supervisor, *words: str, **settings: str) -> Result:
    env = {"COLUMNS": "300", "TANDEM_DATA_DIR": str(process.data_dir), "TANDEM_DATABASE_URL": None, **settings}
    return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=env)


async def added(process: Supervisor, name: str, *words: str) -> dict[str, Any]:
    tenancy = ("--tenant", "northwind", "--vendor", "generic")
    said = await typed(process, "add", name, *tenancy, *words, "--output", "json")
    assert said.exit_code == 0, said.output
    row: dict[str, Any] = json.loads(said.stdout)[0]
    return row


async def stages(process: Supervisor, *words: str) -> list[dict[str, Any]]:
    said = await typed(process, "test", *words, "--output", "json")
    found: list[dict[str, Any]] = json.loads(said.stdout)
    assert said.exit_code == (0 if all(stage["ok"] for stage in found) else 1)
    return found


async def listed(process: Supervisor, name: str) -> dict[str, Any]:
    rows = json.loads((await typed(process, "list", "--output", "json")).stdout)
    (row,) = [each for each in rows if each["name"] == name]
    return row


async def decided(process: Supervisor, alert_id: str) -> dict[str, Any]:
    """What ``tandem explain`` says, once the alert is routed."""
    env = {"TANDEM_DATA_DIR": str(process.data_dir), "TANDEM_DATABASE_URL": None}
    words = ["explain", alert_id, "--output", "json"]
    async with asyncio.timeout(60):
        while True:
            said = await asyncio.to_thread(CliRunner().invoke, command_line(["explain"]), words, env=env)
            if said.exit_code == 0:
                found: dict[str, Any] = json.loads(said.stdout)
                return found
            await asyncio.sleep(0.2)  # routed by a process of its own


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_is_tried_as_its_tool_would_and_followed_to_the_decision(running: Supervisor, way: str) -> None:
    await added(running, way, *WAYS[way])

    secret, post, routed = await stages(running, way)

    assert (secret["ok"], post["ok"], routed["ok"]) == (True, True, True)
    assert post["said"].startswith("202 from http://127.0.0.1:")
    assert routed["said"].startswith("northwind: ")
    assert routed["said"].endswith("a test: nobody is paged.")
    shown = json.loads((await typed(running, "show", way, "--output", "json")).stdout)
    assert len(shown[0]["secrets"]) == 1, "the secret it borrowed is ended"


async def test_a_disabled_way_fails_at_its_first_stage_with_what_to_do(running: Supervisor) -> None:
    await added(running, "off")
    await typed(running, "disable", "off")

    (stage,) = await stages(running, "off")

    assert (stage["stage"], stage["ok"]) == ("secret", False)
    assert "tandem integrations enable off" in stage["said"]


async def test_alerts_of_a_customer_wait_until_the_providers_document_has_its_line(running: Supervisor) -> None:
    row = await added(running, "ninja", "--provider", "brightwater", "--tenant-from", "customer")
    known = await stages(running, "ninja", "--customer", "31")
    waits = await stages(running, "ninja", "--customer", "Acme & Sons")
    body = {"title": "Disk full on ACME-1", "customer": "acme & sons", "severity": "high"}
    async with httpx.AsyncClient(
        trust_env=False, verify=NO_TLS, headers={"authorization": f"Bearer {row['secret']}"}
    ) as http:
        answer = await http.post(row["url"], json=body)
    listed = json.loads((await typed(running, "unknown", "ninja", "--output", "json")).stdout)

    document = running.agreements / "brightwater.yaml"
    text = document.read_text("utf-8")
    document.write_text(text.replace("  customers:\n", '  customers:\n    "Acme & Sons": cedarline\n', 1), "utf-8")
    async with asyncio.timeout(60):
        while (await typed(running, "unknown", "ninja")).stdout.strip() != "nothing to show":  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.2)  # a process of its own says nothing of it
    released = await stages(running, "ninja", "--customer", "Acme & Sons")

    assert known[-1]["said"].startswith("cedarline: ")
    assert waits[-1]["said"].startswith("waits: no client is mapped to 'Acme & Sons'")
    assert answer.status_code == 202
    assert [(each["customer"].casefold(), each["alerts"]) for each in listed] == [("acme & sons", 2)]
    assert released[-1]["said"].startswith("cedarline: ")


async def test_what_names_no_customer_is_released_by_a_person_who_knows_whose_it_is(running: Supervisor) -> None:
    row = await added(running, "mute", "--provider", "brightwater", "--tenant-from", "customer")
    async with httpx.AsyncClient(
        trust_env=False, verify=NO_TLS, headers={"authorization": f"Bearer {row['secret']}"}
    ) as http:
        await stages(running, "mute")  # by then ingest knows it
        answer = await http.post(row["url"], json={"title": "Disk full somewhere"})
    waits = await typed(running, "unknown", "mute")

    await typed(running, "unknown", "mute", "--treat-as", "fairhaven bank")

    assert answer.status_code == 202
    assert "(names none)" in waits.stdout
    async with asyncio.timeout(60):
        while (await typed(running, "unknown", "mute")).stdout.strip() != "nothing to show":  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.2)  # a process of its own says nothing of it
    assert (await decided(running, answer.json()["accepted"][0]["alert_id"]))["tenant"] == "fairhaven"


async def test_beside_another_process_the_way_in_is_where_the_setting_says(running: Supervisor) -> None:
    """In containers the command stands beside the console, say, whose own address is not ingest's."""
    await added(running, "beside")
    elsewhere = {"TANDEM_INGEST_INSIDE_URL": "http://127.0.0.1:9"}

    tried = await typed(running, "test", "beside", "--output", "json", **elsewhere)
    listed = await typed(running, "list", "--output", "json", **elsewhere)

    assert json.loads(tried.stdout)[-1]["said"] == (
        "nobody answers at http://127.0.0.1:9; is `tandem serve` running there? (TANDEM_INGEST_INSIDE_URL)"
    )
    assert {row["refused"] for row in json.loads(listed.stdout)} == {None}


async def test_the_list_says_when_each_brought_something_and_what_was_refused(running: Supervisor) -> None:
    row = await added(running, "counted")
    await stages(running, "counted")
    before = await listed(running, "counted")  # a trial's first post may have come before its secret was known
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as http:
        refused = await http.post(row["url"], json={"title": "a"})
    seen = await listed(running, "counted")

    assert refused.status_code == 401
    assert seen["refused"] - (before["refused"] or 0) == 1
    assert seen["last event"] is not None
