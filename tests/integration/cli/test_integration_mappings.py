"""``tandem integrations mapping`` on a real database: set, shown, tried on what came in, taken away again."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from tandem.cli.integrations import app
from tandem.clock import SystemClock
from tandem.db.pool import engine
from tandem.policy.integrations import load_integrations

GOOD = 'alert: {title: "{$.what} on {$.where}", severity: $.how}\n# kept as written\n'
KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def desk(database, tmp_path):
    """Type a command as somebody with this database would."""

    async def type_(*words: object) -> Result:
        env = {"COLUMNS": "300", "TANDEM_DATABASE_URL": database.dsn, "TANDEM_SECRET_KEY": KEY}
        return await asyncio.to_thread(CliRunner().invoke, app, [str(word) for word in words], env=env)

    return type_


@pytest.fixture
def good(tmp_path):
    file = tmp_path / "good.yaml"
    file.write_text(GOOD)
    return file


async def came_in(database, raw: bytes, ago: timedelta = timedelta(minutes=5)) -> None:
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute(
        "insert into router.alert (id, tenant, integration, dedup_key, received_at, body, raw)"
        " values ($1, 'acme', 'nas', 'k', $2, '{}', $3)",
        uuid4(),
        SystemClock().now() - ago,
        raw,
    )
    await admin.close()


async def mapping_in(database) -> str | None:
    policy = engine(database.dsn, "tandem_ingest", pooled=False)
    (one,) = await load_integrations(policy, b"k" * 32, SystemClock().now())
    await policy.dispose()
    return one.mapping


async def test_a_way_in_is_added_with_its_mapping_and_ingest_reads_it(database, desk, good):
    added = await desk("add", "nas", "--tenant", "acme", "--vendor", "custom", "--mapping", good)

    assert added.exit_code == 0, added.output
    assert await mapping_in(database) == GOOD
    assert (await desk("mapping", "nas", "--show")).stdout == GOOD


async def test_a_mapping_is_tried_on_the_last_bodies_before_it_is_set(database, desk, good):
    await desk("add", "nas", "--tenant", "acme", "--vendor", "custom")
    await came_in(database, b'{"what": "old", "where": "nas1"}', timedelta(hours=1))
    await came_in(database, b"what=RAID&where=nas1&how=major")

    before = await desk("mapping", "nas", "--output", "json")
    tried = await desk("mapping", "nas", "--try", good, "--output", "json", "--last", "2")
    people = await desk("mapping", "nas", "--try", good, "--last", "1")

    assert "has no mapping yet" in json.loads(before.stdout.splitlines()[0])["quarantined"]
    titles = [json.loads(line)["alerts"][0]["title"] for line in tried.stdout.splitlines()]
    assert titles == ["RAID on nas1", "old on nas1"]
    assert "firing    high" in people.stdout
    assert await mapping_in(database) is None


async def test_set_and_reset(database, desk, good):
    await desk("add", "nas", "--tenant", "acme", "--vendor", "custom")

    assert (await desk("mapping", "nas", "--set", good)).exit_code == 0
    assert await mapping_in(database) == GOOD
    assert (await desk("mapping", "nas", "--reset")).exit_code == 0
    assert await mapping_in(database) is None
    assert (await desk("mapping", "nas", "--show")).exit_code == 1


async def test_a_faulty_mapping_is_told_and_not_stored(database, desk, good, tmp_path):
    await desk("add", "nas", "--tenant", "acme", "--vendor", "custom", "--mapping", good)
    bad = tmp_path / "bad.yaml"
    bad.write_text("alert: {titel: $.a}\n")

    for words in (
        ("mapping", "nas", "--set", bad),
        ("add", "two", "--tenant", "acme", "--vendor", "custom", "--mapping", bad),
    ):
        said = await desk(*words)
        assert said.exit_code == 1
        assert f"{bad}:1:9" in said.stderr

    assert await mapping_in(database) == GOOD


async def test_a_name_nobody_has_is_said(desk, good):
    said = await desk("mapping", "nobody", "--set", good)

    assert said.exit_code == 1
    assert "there is no integration 'nobody'" in said.stderr
