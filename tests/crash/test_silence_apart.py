"""Nobody acknowledges anywhere: the escalation walks to its end and begins again, and never ends silently (F22)."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest

from tests.support.apart import apart
from tests.support.effort import measured

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]

STEP_S = 600
STEPS = 40
LOOK_S = 2.0
PASSES = 2
PARTIES = {"northwind": {"internal", "msp"}, "cedarline": {"msp"}}
"""Who there is to hear of it: the fully managed client has nobody of its own."""


async def test_when_nobody_answers_the_path_is_walked_to_its_end_and_then_again():
    async with apart() as fleet:
        posts = [await fleet.deliver(fleet.alert(severity="critical")) for _ in range(2)]
        rows = await fleet.settled()
        ids = {str(row.id) for row in rows.incidents if row.dedup_key in {post.dedup_key for post in posts}}
        offset = float(fleet.supervisor.offset_file.read_text())
        passes: dict[str, set[int]] = defaultdict(set)
        for number in range(1, STEPS + 1):
            fleet.supervisor.offset_file.write_text(str(offset + number * STEP_S))
            await asyncio.sleep(LOOK_S)
            steps = await fleet.supervisor.server.ask(
                "select incident_id::text as incident, pass, max(step) as step from notifier.page"
                " where not told group by 1, 2 order by 1, 2"
            )
            for row in steps:
                passes[row["incident"]].add(row["pass"])
            if all(len(passes[each]) > PASSES for each in ids):
                break
        measured("F22 passes over the path that nobody answered", passes=min(len(passes[each]) for each in ids))
        for each in ids:
            assert len(passes[each]) > PASSES, dict(passes)
            pages = fleet.provider.of(each)
            assert {page.body["party"] for page in pages} == PARTIES[pages[0].body["tenant"]]
        last = await fleet.supervisor.server.ask(
            "select count(*) from notifier.timer where key = any($1::text[])", sorted(ids)
        )
        assert last[0][0] >= len(ids), "an incident that nobody has taken has its next step planned"
