"""Nothing that is held is lost through kill -9: not while it waits, and not at the moment it is let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import pytest

from tandem.agreement.made import Made
from tandem.agreement.schema.suppression import SilenceSpec
from tandem.clock import SystemClock
from tandem.db.pool import engine
from tandem.model.ownership import Actor, Party
from tandem.model.suppression import SuppressionKind
from tandem.policy.silences import add
from tests.support.installation import Installation, installation

pytestmark = pytest.mark.chaos

QUIET_S = 18
ALERTS = 60
FOLLOWED_S = 2.5


@pytest.fixture
async def quiet() -> AsyncIterator[tuple[Installation, datetime]]:
    """An installation in which Cedarline is silenced for a while, and when that ends."""
    async with installation() as made:
        assert made.supervisor.ready is not None
        now = SystemClock().now() + made.ahead
        end = now + timedelta(seconds=QUIET_S)
        spec = SilenceSpec.model_validate(
            {"id": "night", "from": now, "to": end, "everything": True, "reason": "Test", "owner": "somebody"}
        )
        policy = engine(made.supervisor.ready.dsn, "tandem_policy", pooled=False)
        by = Actor(Party.MSP, "somebody")
        await add(
            policy,
            Made(
                kind=SuppressionKind.SILENCE, tenant="cedarline", id="night", spec=spec, made_by=by, made_at=now,
                expires_at=end,
            ),
        )  # fmt: skip
        await policy.dispose()
        await asyncio.sleep(FOLLOWED_S)
        yield made, end


async def outcomes(running: Installation) -> dict[str | None, int]:
    assert running.supervisor.ready is not None
    connection = await asyncpg.connect(running.supervisor.ready.admin_dsn)
    try:
        rows = await connection.fetch("select outcome, count(*) as many from router.held group by 1")
        return {row["outcome"]: row["many"] for row in rows}
    finally:
        await connection.close()


async def test_what_a_silence_holds_survives_kills_and_is_let_go_once(quiet: tuple[Installation, datetime]):
    running, end = quiet
    for _ in range(ALERTS):
        await running.deliver(running.alert())
    await running.settled()
    assert await outcomes(running) == {None: ALERTS // 2}

    await running.supervisor.kill()
    await running.supervisor.restart()
    left = (end - SystemClock().now() - running.ahead).total_seconds()
    await asyncio.sleep(max(0.0, left))
    await running.supervisor.kill()
    await running.supervisor.run_to("runner.before_commit:3")
    await running.supervisor.start()
    for _ in range(600):
        if await outcomes(running) == {"released": ALERTS // 2}:
            break
        await asyncio.sleep(0.1)

    assert await outcomes(running) == {"released": ALERTS // 2}
    await running.stands()
