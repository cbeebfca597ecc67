"""Reading incidents over the API: what one sees, in which order, in how many parts."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.support.console_rows import NOW, incident


async def test_a_reader_sees_the_incidents_of_its_tenants_newest_first(world):
    old = await world.bus.add(incident(opened_at=NOW - timedelta(hours=2)))
    new = await world.bus.add(incident(opened_at=NOW - timedelta(hours=1)))
    await world.bus.add(incident(tenant="globex"))

    async with await world.api("viewer") as api:
        answer = await api.get("/api/v1/incidents")

    assert answer.status_code == 200, answer.text
    assert [item["id"] for item in answer.json()["items"]] == [str(new.incident_id), str(old.incident_id)]
    assert "link" not in answer.headers


async def test_parts_of_a_list_are_disjoint_and_complete_while_incidents_keep_coming(world):
    made = [await world.bus.add(incident(opened_at=NOW - timedelta(minutes=n))) for n in range(7)]

    seen: list[str] = []
    async with await world.api("viewer") as api:
        url = "/api/v1/incidents?limit=3&priority=P2"
        while url:
            answer = await api.get(url)
            seen += [item["id"] for item in answer.json()["items"]]
            await world.bus.add(incident(opened_at=NOW + timedelta(minutes=len(seen))))
            url = answer.links.get("next", {}).get("url", "")

    assert seen == [str(each.incident_id) for each in made]


async def test_the_filter_is_frozen_inside_the_cursor(world):
    for _ in range(3):
        await world.bus.add(incident(priority="P1"))
        await world.bus.add(incident(priority="P4"))

    async with await world.api("viewer") as api:
        first = await api.get("/api/v1/incidents?limit=2&priority=P1")
        second = await api.get(first.links["next"]["url"] + "&priority=P4")

    assert {item["priority"] for item in second.json()["items"]} == {"P1"}


@pytest.mark.parametrize("cursor", ["x", "A" * 80, "é", "%00", "eyJ4IjoxfQ"])
async def test_a_foreign_cursor_is_refused(world, cursor):
    async with await world.api("viewer") as api:
        answer = await api.get("/api/v1/incidents", params={"cursor": cursor})

    assert answer.status_code in {400, 422}


FILTERED = {
    "owner=msp": {"b"},
    "party=internal": {"a", "c"},
    "priority=P1": {"c"},
    "priority=p1,P3": {"b", "c"},
    "state=resolved": {"c"},
    "function=backup": {"b"},
    "q=VEEAM": {"b"},
    "q=host:fs": {"a"},
    "q=-fn:backup": {"a", "c"},
    "q=100%25": {"b"},
    "q=fn:backup%20owner:internal": set(),
    "q=%22full%20a%22": {"a"},
    "q=-full": {"b", "c"},
    "tenant=globex": set(),
    "q='%20or%201=1%20--": set(),
    "owner=msp&owner=shared": {"b", "c"},
}


@pytest.mark.parametrize(("query", "expected"), FILTERED.items())
async def test_filters_select(world, query, expected):
    await world.bus.add(incident(title="Disk full a", host="fs01"))
    await world.bus.add(
        incident(title="Veeam job failed 100% b", owner="msp", function="backup", priority="P3", host="bk_1")
    )
    resolved = {"state": "resolved", "resolved_at": NOW}
    await world.bus.add(incident(title="Outage c", owner="shared", priority="P1", host=None, **resolved))

    async with await world.api("viewer") as api:
        answer = await api.get(f"/api/v1/incidents?{query}")

    assert answer.status_code == 200, answer.text
    assert {item["title"][-1] for item in answer.json()["items"]} == expected


async def test_one_incident_has_its_version_as_etag_and_answers_304(world):
    made = await world.bus.add(incident())

    async with await world.api("viewer") as api:
        first = await api.get(f"/api/v1/incidents/{made.incident_id}")
        again = await api.get(f"/api/v1/incidents/{made.incident_id}", headers={"if-none-match": first.headers["etag"]})

    assert first.headers["etag"] == '"1"'
    assert first.json()["number"] == 1
    assert again.status_code == 304


async def test_anothers_incident_is_as_missing_as_one_that_never_was(world):
    theirs = await world.bus.add(incident(tenant="globex"))

    async with await world.api("admin") as api:
        answers = [
            await api.get(f"/api/v1/incidents/{identity}{part}")
            for identity in (theirs.incident_id, uuid4())
            for part in ("", "/timeline", "/explain", "/clocks", "/pages")
        ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_the_timeline_merges_facts_clocks_and_pages_in_order(world):
    made = await world.bus.add(incident())
    await world.rows.page(made, acknowledged_at=NOW - timedelta(minutes=4))
    await world.rows.clock(made, target=timedelta(minutes=5), state="breached", breached=True)

    async with await world.api() as api:
        await api.post(f"/api/v1/incidents/{made.incident_id}/acknowledge")
        await api.post(f"/api/v1/incidents/{made.incident_id}/note", json={"text": "rebooted"})
        answer = await api.get(f"/api/v1/incidents/{made.incident_id}/timeline")

    items = answer.json()["items"]
    assert [(item["kind"], item["what"]) for item in items] == [
        ("fact", "opened"),
        ("page", "delivered"),
        ("sla", "breached"),
        ("page", "answered"),
        ("fact", "acknowledged"),
        ("fact", "noted"),
    ]
    assert items[0]["sentence"] == "Opened by acme-ninja on fs01: P2, Internal IT is responsible"
    assert items[4]["sentence"] == "internal-responder (Internal IT) acknowledged"
    assert items[5]["text"] == "rebooted"


async def test_the_explanation_names_the_row_the_values_and_what_came_close(world):
    made = await world.bus.add(incident())

    async with await world.api("viewer") as api:
        answer = (await api.get(f"/api/v1/incidents/{made.incident_id}/explain")).json()

    steps = {step["name"]: step for step in answer["steps"]}
    assert answer["sentence"].startswith("P2 for Internal IT on the Operations track, because rule disk-full")
    assert steps["Whose it is"]["rejected"] == [{"row": "servers-msp-night", "why_not": "site is not hamburg"}]
    assert steps["How urgent"]["values"]["users affected"] == "27 of 100 = 27 % (P1 above 20 %)"
    assert answer["agreement_version"] == 3
    assert answer["trace"]["row"]["id"] == "servers-internal"


async def test_clocks_have_the_documented_shape_and_what_is_left(world):
    made = await world.bus.add(incident())
    await world.rows.clock(made)

    async with await world.api("viewer") as api:
        clock = (await api.get(f"/api/v1/incidents/{made.incident_id}/clocks")).json()["items"][0]

    shape = [
        "incident_id",
        "clock",
        "party",
        "cycle",
        "start",
        "due",
        "state",
        "stop",
        "counted_s",
        "breached_at",
        "flags",
    ]
    assert list(clock)[: len(shape)] == shape
    assert (clock["left_s"], clock["words"], clock["share"]) == (1200, "20 min left", 0.3333)


async def test_pages_say_who_when_and_with_what_result(world):
    made = await world.bus.add(incident())
    await world.rows.page(made, state="failed", reason="timeout", step=1)

    async with await world.api("viewer") as api:
        page = (await api.get(f"/api/v1/incidents/{made.incident_id}/pages")).json()["items"][0]

    assert (page["person"], page["channel"], page["state"], page["reason"]) == ("mara", "webhook", "failed", "timeout")
    assert (page["step"], page["pass"]) == (1, 0)
