"""``tandem clients list|show`` and ``tandem agreement pull`` on a real database: what is in force, and what differs."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tandem.agreement.load import load_tenant, tenant_source
from tandem.cli.agreements import app as agreements
from tandem.cli.clients import app as clients

EXAMPLES = Path(__file__).parents[3] / "deploy" / "agreement"


@pytest.fixture
async def desk(database, tmp_path):
    """Type a command as somebody with this database would."""
    directory = tmp_path / "agreement"
    directory.mkdir()
    for name in ("brightwater.yaml", "northwind.yaml"):
        shutil.copy(EXAMPLES / name, directory / name)
    provider, client = directory / "brightwater.yaml", directory / "northwind.yaml"
    provider.write_text(provider.read_text("utf-8").replace("  id: brightwater\n", "  id: brightwater\n  version: 1\n"))
    text = client.read_text("utf-8").replace("use: brightwater ", "use: brightwater@1 ")
    client.write_text(text.replace("\nsites:", "\ninventory: more.csv\n\nsites:", 1), "utf-8")
    (directory / "more.csv").write_text(
        "id,hosts,site,users\nnw-print,nw-print,newark,3\nnw-ups1,other,newark,99\n", "utf-8"
    )

    async def type_(app: typer.Typer, *words: object) -> Result:
        env = {"COLUMNS": "300", "TANDEM_DATABASE_URL": database.dsn}
        return await asyncio.to_thread(CliRunner().invoke, app, [str(word) for word in words], env=env)

    applied = await type_(agreements, "apply", directory, "--author", "ann", "--note", "first")
    assert applied.exit_code == 0, applied.output
    return type_


async def test_show_says_who_does_what_and_what_differs_from_the_standard(desk):
    said = await desk(clients, "show", "northwind", "--output", "json")

    (seen,) = json.loads(said.stdout)
    assert (seen["mode"], seen["provider"], seen["version"]) == ("live", "brightwater", 1)
    assert "storage" in seen["functions"]["internal"]
    assert "patching" in seen["functions"]["msp"]
    assert "network (but msp by network-trenton)" in seen["functions"]["shared"]
    assert "storage: owner msp -> internal" in seen["deviations"]


async def test_show_for_people_is_a_few_lines(desk):
    said = await desk(clients, "show", "northwind")

    assert said.exit_code == 0, said.output
    lines = said.stdout.splitlines()
    assert lines[0] == "Northwind Medical Supply (northwind, co-managed), version 1"
    assert lines[1].startswith("mode       live")
    assert any(line.endswith(" rows unlike the provider's standard") for line in lines)


async def test_a_client_that_is_not_there_is_said_so(desk):
    said = await desk(clients, "show", "nobody")

    assert said.exit_code == 1
    assert "nobody" in said.stderr


async def test_what_is_pulled_loads_with_the_assets_of_its_inventory(desk, tmp_path):
    printed = await desk(agreements, "pull", "northwind")
    written = await desk(agreements, "pull", "northwind", "--out", tmp_path / "back")
    again = await desk(agreements, "pull", "northwind", "--out", tmp_path / "back")

    whole = load_tenant(printed.stdout)
    assert {"nw-print", "nw-ups1"} <= {asset.id for asset in whole.assets}
    assert next(asset.users for asset in whole.assets if asset.id == "nw-ups1") == 0
    assert written.exit_code == 0, written.output
    assert tenant_source(tmp_path / "back" / "northwind.yaml").document == whole
    assert (tmp_path / "back" / "more.csv").is_file()
    assert again.exit_code == 1
    assert "is there already" in again.stderr
