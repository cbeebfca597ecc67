"""Ways in over the API: who sees them, what came by them, rotating, testing and trying a mapping."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tandem.db.pool import engine as make_engine
from tandem.model.integration import AuthKind, HmacScheme
from tandem.policy.integrations import load_integrations
from tests.support.console import BASE, World, close_world, make_world
from tests.support.ways import KEY, Dialects, Door, arrived, connected, counted, decided, unnamed

LIST, ONE = "/api/v1/integrations", "/api/v1/integrations/acme-ninja"


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
async def world(database, door) -> AsyncIterator[World]:
    policy = make_engine(database.dsn, "tandem_policy", pool_size=2)
    made = await make_world(
        database, policy=policy, dialects=Dialects(), trials=door, ingest_url="https://in.example", secret=KEY
    )
    door.world = made
    try:
        yield made
    finally:
        await close_world(made)
        await policy.dispose()


async def test_the_list_says_what_came_by_each_way_in_and_nothing_of_a_secret(world):
    secret = await connected(world)
    await counted(world, "acme-ninja", "accepted", 40)
    await counted(world, "acme-ninja", "accepted", 2, ago=timedelta(hours=3))
    await counted(world, "acme-ninja", "quarantined", 1)
    await counted(world, "acme-ninja", "unauthenticated", 7)
    await counted(world, "acme-ninja", "refused_rate", 5)
    await unnamed(world, "acme-ninja", "function printing")
    world.clock.advance(timedelta(seconds=20))

    async with await world.api("lead") as api:
        answer = await api.get(LIST)

    [way] = answer.json()["items"]
    assert (way["last_hour"], way["last_day"]["accepted"]) == (
        {"accepted": 40, "quarantined": 1, "unauthenticated": 7, "refused_rate": 5},
        42,
    )
    assert (way["refused"], way["quarantined"], way["unmapped"]) == (12, 1, 1)
    assert way["last_event_at"] == "2026-11-20T15:00:00Z"
    assert [(each["age_days"], each["expires_at"]) for each in way["secrets"]] == [(0, None)]
    assert secret not in answer.text


@pytest.mark.parametrize("party", ["internal", "msp"])
async def test_both_parties_see_refusals_and_other_clients_see_nothing(world, party):
    await connected(world)
    await connected(world, "globex-ninja", tenant="globex")
    await counted(world, "acme-ninja", "unauthenticated", 7)

    async with await world.api("lead", party) as ours, await world.api("admin", party, tenants=["globex"]) as theirs:
        seen, other = (await ours.get(LIST)).json()["items"], (await theirs.get(LIST)).json()["items"]
        hidden = [
            await theirs.get(ONE),
            await theirs.post(f"{ONE}/rotate"),
            await theirs.post(f"{ONE}/test"),
            await theirs.post(f"{ONE}/preview"),
        ]

    assert [(way["name"], way["refused"]) for way in seen] == [("acme-ninja", 7)]
    assert [way["name"] for way in other] == ["globex-ninja"]
    assert [answer.status_code for answer in hidden] == [404, 404, 404, 404]


@pytest.mark.parametrize("role", ["viewer", "responder"])
async def test_who_may_not_oversee_gets_no_further_than_the_door(world, role, door):
    await connected(world)

    async with await world.api(role) as api:
        answers = [await api.get(LIST), await api.get(ONE)]
        answers += [await api.post(f"{ONE}/{act}") for act in ("rotate", "test", "preview")]

    assert [answer.status_code for answer in answers] == [403] * 5
    assert door.posted == []


async def test_one_way_in_says_how_to_connect_its_tool_with_a_word_for_the_secret(world):
    secret = await connected(world)
    await connected(world, "acme-am", auth=AuthKind.BASIC, user="am", vendor="alertmanager")
    await connected(world, "acme-url", auth=AuthKind.PATH)
    await connected(world, "acme-sig", auth=AuthKind.HMAC, hmac=HmacScheme())

    async with await world.api("lead") as api:
        header, basic, path, signed = [
            (await api.get(f"{LIST}/{name}")).json() for name in ("acme-ninja", "acme-am", "acme-url", "acme-sig")
        ]

    assert header["address"] == "https://in.example/v1/alerts/acme-ninja"
    assert header["headers"] == ["X-Tandem-Key: YOUR-SECRET"]
    assert "-H 'X-Tandem-Key: YOUR-SECRET'" in header["curl"]
    assert header["steps"].startswith("# Ninja")
    assert "-u 'am:YOUR-SECRET'" in basic["curl"]
    assert path["address"] == "https://in.example/v1/alerts/acme-url/YOUR-SECRET"
    assert "openssl dgst" in signed["curl"]
    assert len(header["hours"]) == 24
    assert secret not in str(header)


async def test_a_rotated_secret_is_shown_once_works_at_once_and_the_old_one_stays_for_a_while(world):
    old = await connected(world)

    async with await world.api("lead") as api:
        answer = await api.post(f"{ONE}/rotate", json={"overlap_hours": 2})
        after = await api.get(ONE)

    made = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert made["headers"] == [f"X-Tandem-Key: {made['secret']}"]
    assert made["old_valid_until"] == "2026-11-20T17:00:00Z"
    assert made["secret"] not in after.text
    [way] = await load_integrations(world.console.connecting.policy, KEY, world.clock.now())
    assert (len(way.secrets), old == made["secret"]) == (2, False)
    async with await world.api("lead") as api:
        audit = (await api.get("/api/v1/audit")).text
    assert "integration.rotate" in audit
    assert made["secret"] not in audit


async def test_a_repeated_rotation_is_another_one_and_no_secret_is_kept_for_its_idempotency_key(world):
    await connected(world)

    async with await world.api("lead") as api:
        answers = [await api.post(f"{ONE}/rotate", headers={"Idempotency-Key": "same"}) for _ in range(2)]

    admin = await world.database.admin()
    assert answers[0].json()["secret"] != answers[1].json()["secret"]
    assert await admin.fetchval("select count(*) from console.request") == 0


async def test_the_vendors_own_secret_is_taken_unless_it_could_be_guessed(world):
    await connected(world)

    async with await world.api("lead") as api:
        own = await api.post(f"{ONE}/rotate", json={"secret": "Zq4-vendor-made-this-83"})
        weak = await api.post(f"{ONE}/rotate", json={"secret": "aaaaaaaaaaaaaaaaaaaa"})

    assert own.json()["secret"] == "Zq4-vendor-made-this-83"
    assert (weak.status_code, weak.json()["detail"]) == (400, "this secret could be guessed; let Tandem make one")


async def test_a_test_alert_is_followed_from_the_door_to_its_decision(world, door):
    await connected(world)
    door.routes = False

    async with await world.api("lead") as api:
        sent = (await api.post(f"{ONE}/test")).json()
        await decided(world, sent["alert_id"])
        arrived_there = (await api.get(sent["status_url"])).json()

    assert [(stage["stage"], stage["ok"]) for stage in sent["stages"]] == [
        ("accepted", True),
        ("routed", None),
        ("paged", None),
    ]
    assert (sent["over"], arrived_there["over"]) == (False, True)
    assert [stage["ok"] for stage in arrived_there["stages"]] == [True, True, True]
    assert arrived_there["stages"][2]["said"] == "nobody: a test pages no one"


async def test_a_test_that_does_not_get_in_says_why(world, door):
    await connected(world)
    door.fault = "nobody answers at http://x; is ingest running there?"

    async with await world.api("lead") as api:
        answer = (await api.post(f"{ONE}/test")).json()

    assert (answer["alert_id"], answer["over"], answer["stages"][0]["ok"]) == (None, True, False)
    assert answer["stages"][0]["said"] == door.fault


async def test_tests_are_not_for_load(world):
    await connected(world)

    async with await world.api("lead") as api:
        answers = [(await api.post(f"{ONE}/test")).status_code for _ in range(8)]

    assert answers == [200] * 6 + [429] * 2


async def test_a_test_of_a_customer_nobody_knows_says_that_it_waits(world, door):
    await connected(world, tenant_from="customer", provider="northwind")
    admin = await world.database.admin()
    door.routes = False

    async with await world.api("lead") as api:
        sent = (await api.post(f"{ONE}/test", json={"customer": "Initech"})).json()
        await admin.execute("delete from router.alert")
        await admin.execute(
            "insert into ingest.unknown_tenant (tenant, integration, alert_id, customer, said, received_at, value)"
            " values ('acme', 'acme-ninja', $1, 'initech', 'Initech', $2, '')",
            sent["alert_id"], world.clock.now(),
        )  # fmt: skip
        waits = (await api.get(sent["status_url"])).json()
        page = (await api.get(ONE)).json()

    assert door.posted == [("acme-ninja", "Initech")]
    assert waits["stages"][1]["said"] == "waits: no client is mapped to 'Initech'"
    assert page["unknown_customers"][0]["proposal"] == 'provider:\n  customers:\n    "Initech": TENANT\n'


async def test_the_last_body_is_previewed_by_a_mapping_that_nobody_uses_yet(world):
    await connected(world)
    await arrived(world, "acme-ninja", raw=b"older", at=world.clock.now() - timedelta(days=3))
    await arrived(world, "acme-ninja", raw=b"the last", at=world.clock.now() - timedelta(days=2))
    await arrived(world, "acme-ninja", raw=b"of globex", tenant="globex")
    await arrived(world, "acme-ninja", raw=b"our own test", title="Test of the way in", test=True)

    async with await world.api("lead") as api:
        good = (await api.post(f"{ONE}/preview", json={"mapping": "title: x"})).json()
        bad = (await api.post(f"{ONE}/preview", json={"mapping": "nothing"})).json()
        own = (await api.post(f"{ONE}/preview")).json()
        large = await api.post(f"{ONE}/preview", json={"mapping": "x" * 65_537})

    assert [alert["title"] for alert in good["alerts"]] == ["the last"]
    assert good["body"] == "the last"
    assert good["received_at"] == "2026-11-18T15:00:00Z"
    assert (bad["alerts"], bad["problems"]) == ([], ["mapping:1:1: no title for nothing"])
    assert own["alerts"][0]["labels"]["by"] == "adapter"
    assert large.status_code == 422


async def test_a_mapping_is_taken_into_use_when_it_is_one_and_given_back(world):
    await connected(world)

    async with await world.api("lead") as api:
        wrong = await api.post(f"{ONE}/mapping", json={"mapping": "nothing"})
        before = (await api.get(ONE)).json()["mapping"]
        used = await api.post(f"{ONE}/mapping", json={"mapping": "title: x"})
        after = (await api.get(ONE)).json()["mapping"]
        await api.post(f"{ONE}/mapping", json={"mapping": None})
        reset = (await api.get(ONE)).json()["mapping"]
        audit = (await api.get("/api/v1/audit")).text
    async with await world.api("lead", tenants=["globex"]) as theirs:
        foreign = await theirs.post(f"{ONE}/mapping", json={"mapping": "title: x"})

    problem = {"pointer": "mapping:1:1", "detail": "no title for nothing"}
    assert (wrong.status_code, wrong.json()["errors"]) == (400, [problem])
    assert (used.status_code, before, after, reset) == (200, None, "title: x", None)
    assert audit.count("integration.mapping") == 2
    assert foreign.status_code == 404


async def test_without_a_body_the_mapping_itself_is_checked(world):
    await connected(world)

    async with await world.api("lead") as api:
        bad = (await api.post(f"{ONE}/preview", json={"mapping": "nothing"})).json()
        good = (await api.post(f"{ONE}/preview", json={"mapping": "title: x"})).json()

    assert bad["problems"] == ["mapping:1:1: no title for nothing"]
    assert (good["received_at"], good["alerts"], good["problems"]) == (None, [], [])


async def test_what_the_agreement_does_not_name_comes_with_a_row_to_paste(world):
    await connected(world)
    found = {"function": "printing", "site": "berlin", "category": None}
    await unnamed(world, "acme-ninja", "function printing at berlin", classification=found)
    await unnamed(world, "acme-ninja", "ninjaone: MAJOR", kind="unknown_word")
    await unnamed(world, "acme-other", "function else")

    async with await world.api("lead") as api:
        gaps = {gap["key"]: gap for gap in (await api.get(ONE)).json()["gaps"]}

    assert set(gaps) == {"function printing at berlin", "ninjaone: MAJOR"}
    assert gaps["function printing at berlin"]["section"] == "matrix"
    assert (
        'function: "printing"\n    site: "berlin"\n    owner: OWNER' in gaps["function printing at berlin"]["proposal"]
    )
    assert '"major": P3' in gaps["ninjaone: MAJOR"]["proposal"]


async def test_a_console_without_ports_says_so(database):
    plain = await make_world(database)
    admin = await database.admin()
    await admin.execute(
        "insert into agreement.integration (name, tenant, vendor, auth, header, created_at)"
        " values ('acme-ninja', 'acme', 'ninjaone', 'bearer', 'X', $1)", plain.clock.now(),
    )  # fmt: skip

    async with await plain.api("lead") as api:
        answers = [await api.post(f"{ONE}/{act}") for act in ("rotate", "test", "preview")]
        page = await api.get(ONE)

    assert [answer.status_code for answer in answers] == [503] * 3
    assert page.status_code == 200
    await close_world(plain)


async def test_a_cookie_alone_rotates_nothing(world):
    await connected(world)
    await world.user(role="lead")
    browser = await world.signed_in("ana")

    answer = await browser.post(f"{ONE}/rotate", headers={"origin": BASE})

    assert answer.status_code == 403
    [way] = await load_integrations(world.console.connecting.policy, KEY, world.clock.now())
    assert len(way.secrets) == 1
    await browser.aclose()
