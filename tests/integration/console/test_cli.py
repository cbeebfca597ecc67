"""The command line: tokens in the database, incidents over the API of a running console."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
import typer
from typer.testing import CliRunner, Result

from tandem.cli import incidents, tokens, users
from tandem.web.server import WebServer, bind
from tests.support.console_rows import incident


async def invoke(app: typer.Typer, *arguments: str, **environment: str) -> Result:
    """The command in a thread: it is synchronous, and the console answers on this loop."""
    env: dict[str, str | None] = {"COLUMNS": "200", "TANDEM_URL": None, "TANDEM_TOKEN": None, **environment}
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=env)


@pytest.fixture
async def running(world):
    """The world's console behind a listener; gives what the command needs in its environment."""
    server = WebServer(world.app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    host, port = server.address
    yield {"TANDEM_URL": f"http://{host}:{port}", "TANDEM_TOKEN": await world.token("responder")}
    await server.stop(5)


async def test_a_token_is_shown_once_works_and_can_be_revoked(world, running):
    where = {"TANDEM_DATABASE_URL": world.database.dsn}

    made = await invoke(tokens.app, "create", "ci", "--party", "msp", "--role", "viewer", "--tenant", "acme", **where)
    text = made.stdout.strip().splitlines()[0]
    listed = json.loads((await invoke(tokens.app, "list", "--output", "json", **where)).stdout)
    found = next(row for row in listed if row["name"] == "ci")
    before = await invoke(incidents.app, "list", **{**running, "TANDEM_TOKEN": text})
    revoked = await invoke(tokens.app, "revoke", found["id"], **where)
    after = await invoke(incidents.app, "list", **{**running, "TANDEM_TOKEN": text})
    again = await invoke(tokens.app, "revoke", found["id"], **where)

    assert made.exit_code == 0, made.output
    assert text.startswith("tdm_")
    assert text[20:84] not in json.dumps(listed)
    assert (before.exit_code, revoked.exit_code, after.exit_code, again.exit_code) == (0, 0, 1, 1)
    assert "the token is missing or no longer valid" in after.stderr


async def test_somebody_is_let_in_by_the_command_line_and_shut_out_again(world):
    where = {"TANDEM_DATABASE_URL": world.database.dsn}
    add = ["add", "nora", "--party", "msp", "--role", "responder", "--tenant", "*"]

    made = await asyncio.to_thread(CliRunner().invoke, users.app, add, input="a long pass phrase\n", env=where)
    short = await asyncio.to_thread(CliRunner().invoke, users.app, ["add", "sam", *add[2:]], input="short\n", env=where)
    listed = json.loads((await invoke(users.app, "list", "--output", "json", **where)).stdout)
    known = await world.console.accounts.user_of("nora")
    gone = await invoke(users.app, "disable", "nora", **where)
    again = await invoke(users.app, "disable", "nora", **where)

    assert (made.exit_code, short.exit_code, gone.exit_code, again.exit_code) == (0, 2, 0, 1), made.output
    assert "pass phrase" not in made.output
    assert next(row for row in listed if row["name"] == "nora")["role"] == "responder"
    assert known is not None
    assert await world.console.accounts.user_of("nora") is None


async def test_a_token_without_tenants_is_wrong_usage(world):
    answer = await invoke(tokens.app, "create", "ci", "--party", "msp", TANDEM_DATABASE_URL=world.database.dsn)

    assert answer.exit_code == 2
    assert "--tenant" in answer.stderr


async def test_incidents_are_listed_shown_and_explained(world, running):
    made = await world.bus.add(incident())
    await world.rows.clock(made)
    one = str(made.incident_id)

    listed = json.loads((await invoke(incidents.app, "list", "--priority", "P2", "--output", "json", **running)).stdout)
    none = json.loads((await invoke(incidents.app, "list", "-q", "fn:nothing", "--output", "json", **running)).stdout)
    shown = await invoke(incidents.app, "show", one, **running)
    whole = json.loads((await invoke(incidents.app, "show", one, "--output", "json", **running)).stdout)
    why = await invoke(incidents.app, "explain", one, **running)

    assert [row["id"] for row in listed] == [one]
    assert none == []
    assert "#1 P2 open: Disk C: is 97 % full" in shown.stdout
    assert "20 min left" in shown.stdout
    assert whole[0]["clocks"][0]["clock"] == "response"
    assert "not servers-msp-night: site is not hamburg" in why.stdout


async def test_one_acknowledges_and_the_second_is_told_who_was_first(world, running):
    made = str((await world.bus.add(incident())).incident_id)

    stale = await invoke(incidents.app, "ack", made, "--if-version", "9", **running)
    first = await invoke(incidents.app, "ack", made, **running)
    second = await invoke(incidents.app, "ack", made, **running)
    resolved = await invoke(incidents.app, "resolve", made, "--text", "cleaned up", "--output", "json", **running)

    assert (stale.exit_code, first.exit_code, second.exit_code, resolved.exit_code) == (2, 0, 1, 0)
    assert "acknowledged (version 2)" in first.stdout
    assert "internal-responder (Internal IT) acknowledged" in second.stderr
    assert json.loads(resolved.stdout)[0]["state"] == "resolved"


async def test_two_incidents_are_linked_and_merged_by_who_may_steer(world, running):
    one, other = [str((await world.bus.add(incident(title=title))).incident_id) for title in ("Disk", "Array")]
    steering = {**running, "TANDEM_TOKEN": await world.token("lead")}

    linked = await invoke(incidents.app, "link", one, other, **steering)
    merged = await invoke(incidents.app, "merge", one, other, "--reason", "same array", "--output", "json", **steering)
    nonsense = await invoke(incidents.app, "merge", other, "that one", **steering)

    assert (linked.exit_code, merged.exit_code, nonsense.exit_code) == (0, 0, 2)
    assert json.loads(merged.stdout)[0]["merged_into"] == other
    assert [str(command.detail.other_incident) for command in world.bus.commands] == [other, other]


async def test_one_raises_an_incident_and_is_told_what_is_missing(world, running):
    bare = await invoke(incidents.app, "raise", "--title", "Phones are dead", **running)
    made = await invoke(
        incidents.app, "raise", "--title", "Phones are dead", "--function", "voice", "--output", "json", **running
    )

    assert (bare.exit_code, made.exit_code) == (2, 0)
    assert "name a function or an asset" in bare.stderr
    assert json.loads(made.stdout)[0]["title"] == "Phones are dead"


async def test_where_nobody_answers_the_exit_code_is_3_and_the_line_says_what_to_do():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        answers = [
            await invoke(incidents.app, "list", "--url", url, "--token", "x") for url in (nobody, "ftp://x", "http://")
        ]
    odd = await invoke(incidents.app, "list", "--url", "http://127.0.0.1:1", "--token", "a\nb")

    assert [answer.exit_code for answer in answers] == [3, 2, 2]
    assert "is the console running?" in answers[0].stderr
    assert len(answers[0].stderr.strip().splitlines()) == 1
    assert odd.exit_code in {2, 3}
