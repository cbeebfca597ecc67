"""``GET /api/v1/alerts/{id}/explain``: for the caller's tenants only, whatever shape the stored trace has."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.console_rows import DETAIL_TRACE, NOW, incident


async def stored(world: Any, trace: Any, tenant: str = "acme", incident_id: UUID | None = None, **body: Any) -> UUID:
    """An alert and its decision, as the router stores them."""
    alert_id = uuid4()
    said = {"vendor": "ninjaone", "title": "Disk full", "status": "firing", "severity": "critical", **body}
    await world.rows.router.execute(
        "insert into router.alert (id, tenant, incident_id, integration, dedup_key, received_at, body)"
        " values ($1, $2, $3, 'acme-ninja', 'disk', $4, $5)",
        *(alert_id, tenant, incident_id, NOW, said),
    )
    await world.rows.router.execute(
        "insert into router.decision (alert_id, tenant, incident_id, at, agreement_version, trace)"
        " values ($1, $2, $3, $4, 3, $5)",
        *(alert_id, tenant, incident_id, NOW, trace),
    )
    return alert_id


async def test_a_reader_gets_the_decision_in_words_and_its_trace(world):
    made = await world.bus.add(incident())
    alert_id = await stored(
        world, {"outcome": "opened", "because": ["it is a disk"], **DETAIL_TRACE}, incident_id=made.incident_id
    )

    async with await world.api("viewer") as api:
        answer = await api.get(f"/api/v1/alerts/{alert_id}/explain")

    said = answer.json()
    assert answer.status_code == 200, answer.text
    assert (said["outcome"], said["incident_number"], said["agreement_version"]) == ("opened", 1, 3)
    assert said["sentence"].startswith("P2 servers, owned by internal; ")
    assert said["sentence"].endswith(": it is a disk.")
    assert "row            servers-internal: internal" in said["lines"]
    assert said["trace"]["row"]["id"] == "servers-internal"


async def test_another_clients_alert_and_one_that_never_came_are_the_same_404(world):
    foreign = await stored(world, {"outcome": "opened", **DETAIL_TRACE}, tenant="globex")

    async with await world.api("viewer") as api:
        answers = [await api.get(f"/api/v1/alerts/{each}/explain") for each in (foreign, uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert len({answer.json()["detail"] for answer in answers}) == 1


@pytest.mark.parametrize(
    "trace",
    [
        {},
        {"outcome": "held", "because": "one text", "suppression": {"held": True}},
        {"outcome": 7, "priority": [], "row": "x", "parties": None, "hours": 1, "raci": {"accountable": [1]}},
        {"priority": {"share_limit": "many"}, "row": {"runners_up": {"row": 1}}, "paths": [], "track": None},
    ],
    ids=["nothing", "half", "other shapes", "odd values"],
)
async def test_a_trace_of_another_release_is_no_fault(world, trace):
    alert_id = await stored(world, trace, severity=None)

    async with await world.api("viewer") as api:
        answer = await api.get(f"/api/v1/alerts/{alert_id}/explain")

    assert answer.status_code == 200, answer.text
    assert answer.json()["sentence"]


async def test_without_a_token_nobody_reads_it(world):
    alert_id = await stored(world, {"outcome": "opened", **DETAIL_TRACE})

    answer = await world.browser().get(f"/api/v1/alerts/{alert_id}/explain")

    assert answer.status_code == 401
