"""``tandem integrations limit``: how much a way in may post."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from typer.testing import CliRunner, Result

from tandem.cli.integrations import app
from tandem.db.pool import engine
from tandem.model.integration import AuthKind, Integration
from tandem.policy.integrations import add_integration, load_integrations

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = b"k" * 32


async def test_a_rate_is_set_kept_apart_from_none_and_given_back(database):
    policy = engine(database.dsn, "tandem_policy", pooled=False)
    way = Integration(name="rmm", tenant="acme", vendor="generic", auth=AuthKind.BEARER)
    await add_integration(policy, way, key=KEY, now=NOW)

    async def limit(*words: str) -> Result:
        env = {"TANDEM_DATABASE_URL": database.dsn, "TANDEM_SECRET_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}
        return await asyncio.to_thread(CliRunner().invoke, app, ["limit", *words], env=env)

    rates = []
    for words in (("rmm", "--rate", "2.5"), ("rmm", "--rate", "0"), ("rmm",)):
        done = await limit(*words)
        assert done.exit_code == 0, done.output
        (known,) = await load_integrations(policy, KEY, NOW)
        rates.append(known.rate)
    unknown = await limit("nobody", "--rate", "1")
    await policy.dispose()

    assert rates == [2.5, 0.0, None]
    assert (unknown.exit_code, "there is no integration" in unknown.stderr) == (1, True)
