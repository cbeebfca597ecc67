"""Pages and API of quarantine, connecting and checks over plain HTTP: what they do, for whom, hostile text stays text."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from tandem.cli import quarantine
from tandem.db.pool import engine as make_engine
from tandem.model.alert import Alert
from tandem.model.integration import AuthKind
from tandem.policy.mappings import set_mapping
from tandem.web.server import WebServer, bind
from tandem.wire import codec
from tests.integration.console.test_pages import HOSTILE, active
from tests.support.console import World, close_world, csrf_of, make_world
from tests.support.ways import KEY, Asides, Dialects, Door, checked, connected, provided, put_aside, resulted, waits

READABLE = b'{"title": "Tank 3 is empty", "dedup_key": "tank-3"}'


@pytest.fixture
async def world(database) -> AsyncIterator[World]:
    policy = make_engine(database.dsn, "tandem_policy", pool_size=2)
    asides = Asides()
    made = await make_world(
        database, policy=policy, dialects=Dialects(), trials=Door(), aside=asides, ingest_url="https://in.example",
        secret=KEY,
    )  # fmt: skip
    real = asides.begin(made)
    await made.user("mia", "lead", "msp", ["acme", "globex"])
    try:
        yield made
    finally:
        await real.close()
        await close_world(made)
        await policy.dispose()


async def form(browser) -> dict[str, str]:
    return {"csrf": csrf_of((await browser.get("/quarantine")).text.replace("/sign-out", ""))}


async def on_their_way(world: World) -> list[Alert]:
    admin = await world.database.admin()
    rows = await admin.fetch("select value from ingest.waiting order by position")
    return [codec.decode(Alert, row["value"]) for row in rows]


async def test_bodies_are_filtered_by_client_and_integration_and_paged(world):
    await connected(world, "acme-plant", vendor="generic")
    await connected(world, "globex-own", tenant="globex", vendor="generic")
    for number in range(30):
        await put_aside(world, "acme-plant", b"body %d" % number, ago=timedelta(minutes=number))
    await put_aside(world, "globex-own", b"theirs", tenant="globex")
    await world.user("ana", "lead", "internal", ["acme"])
    browser, other = await world.signed_in("mia"), await world.signed_in("ana")

    first = (await browser.get("/quarantine?integration=acme-plant")).text
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    rest = (await browser.get(older)).text
    foreign = (await other.get("/quarantine")).text
    badge = [(await each.get("/quarantine/count")).text for each in (browser, other)]

    shown = [len(re.findall(r"body \d+</pre>", page)) for page in (first, rest)]
    assert (shown, "theirs</pre>" in first) == ([25, 5], False)
    assert ("theirs</pre>" in foreign, badge) == (False, ["31", "30"])
    assert "30 bodies could not be read" in (await browser.get("/integrations/acme-plant")).text
    await browser.aclose()
    await other.aclose()


async def test_what_is_marked_is_replayed_or_discarded_with_a_reason_that_both_parties_see(world):
    await connected(world, "acme-plant", vendor="generic")
    good = await put_aside(world, "acme-plant", READABLE, ago=timedelta(minutes=2))
    bad = await put_aside(world, "acme-plant", b"{", ago=timedelta(minutes=1))
    browser = await world.signed_in("mia")
    data = await form(browser)

    both = await browser.post("/quarantine/replay", data={**data, "id": [str(good), str(bad), "no id"]})
    silent = await browser.post("/quarantine/discard", data={**data, "id": str(bad), "reason": "  "})
    done = await browser.post("/quarantine/discard", data={**data, "id": str(bad), "reason": "a vendor's test"})
    listed = (await browser.get("/quarantine?state=discarded")).text

    assert (both.status_code, silent.status_code, done.status_code) == (409, 409, 200)
    assert "1 body read: 1 alert on the way." in both.text
    assert "1 body could not be read: it still cannot be read as" in both.text
    assert "Say why they need not be read" in silent.text
    assert "a vendor&#39;s test" in listed
    assert [(each.dedup_key, each.status.value) for each in await on_their_way(world)] == [
        ("tank-3", "firing"),
        ("unreadable:acme-plant", "resolved"),
    ]
    async with await world.api("lead") as api:
        audit = (await api.get("/api/v1/audit")).json()["items"]
        item = (await api.get("/api/v1/quarantine?state=discarded")).json()["items"]
    deeds = sorted(((deed["action"], deed["detail"].get("why")) for deed in audit), key=str)
    assert deeds == [("quarantine.discard", "a vendor's test"), *[("quarantine.replay", None)] * 2]
    assert [(each["id"], each["discarded"]) for each in item] == [(str(bad), "a vendor's test")]
    await browser.aclose()


async def test_a_body_of_an_unknown_customer_goes_where_its_headers_say_once_its_mapping_is_mended(world):
    await provided(world, "acme", "globex")
    await connected(world, "house", vendor="custom", provider="brightwater", tenant_from="customer")
    by_header = await waits(
        world, "house", "", raw=b'{"msg": "Tank 3"}', quarantined="no mapping", headers={"x-customer": "Globex Ltd"}
    )
    unknown = await waits(
        world, "house", "", raw=b'{"msg": "Tank 4"}', quarantined="no mapping", headers={"x-customer": "99"}
    )
    policy = world.console.connecting.policy
    await set_mapping(policy, "house", "alert: {title: $.msg, customer: \"$header['x-customer']\"}")
    browser = await world.signed_in("mia")
    shown = (await browser.get("/quarantine")).text

    answer = await browser.post("/quarantine/replay", data={**await form(browser), "every": "house"})

    assert shown.count("its customer is not known") == 2
    assert str(by_header) in shown
    assert "2 bodies read: 1 alert on the way." in answer.text
    assert "1 alert of customers nobody knows" in answer.text
    assert [(each.tenant, each.title) for each in await on_their_way(world)] == [("globex", "Tank 3")]
    admin = await world.database.admin()
    (left,) = await admin.fetch("select customer, quarantined from ingest.unknown_tenant")
    assert (left["customer"], left["quarantined"]) == ("99", None)
    assert str(unknown) not in (await browser.get("/quarantine")).text
    await browser.aclose()


async def test_what_waits_of_a_customer_is_given_to_a_client_the_provider_maps_and_to_no_other(world):
    await provided(world, "acme", "globex")
    await connected(world, "house", vendor="custom", provider="brightwater", tenant_from="customer")
    await waits(world, "house", "Site 18")
    await world.user("lee", "lead", "internal", ["globex"])
    browser, stranger = await world.signed_in("mia"), await world.signed_in("lee")
    asked = {"name": "house", "customer": "site 18"}

    wrong = await browser.post("/quarantine/assign", data={**await form(browser), **asked, "to": "umbrella"})
    foreign = await stranger.post("/quarantine/assign", data={**await form(stranger), **asked, "to": "globex"})
    given = await browser.post("/quarantine/assign", data={**await form(browser), **asked, "to": "globex"})

    admin = await world.database.admin()
    assert [each.status_code for each in (wrong, foreign, given)] == [409, 409, 200]
    assert "1 alert on the way to globex" in given.text
    assert await admin.fetchval("select customer from ingest.unknown_tenant") == "globex ltd"
    assert await admin.fetchval("select outcome from console.audit where action = 'quarantine.assign'") == "1 alerts"
    await browser.aclose()
    await stranger.aclose()


async def test_by_the_command_line_what_waits_of_a_customer_is_listed_and_given_to_a_client(world):
    await provided(world, "acme", "globex")
    await connected(world, "house", vendor="custom", provider="brightwater", tenant_from="customer")
    await waits(world, "house", "Site 18")
    server = WebServer(world.app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    where = {
        "TANDEM_URL": "http://{}:{}".format(*server.address),
        "TANDEM_TOKEN": await world.token("lead", tenants=("acme", "globex")),
        "COLUMNS": "200",
    }

    async def say(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, quarantine.app, list(words), env=where)

    listed = await say("customers", "--integration", "house")
    nobody = await say("assign", "house", "--to", "acme")
    given = await say("assign", "house", "--customer", "Site 18", "--to", "globex")
    await server.stop(5)

    assert [each.exit_code for each in (listed, nobody, given)] == [0, 1, 0]
    assert "Site 18" in listed.stdout
    assert "nothing waits for this customer" in nobody.stderr
    assert given.stdout == "1 alerts on their way to globex\n"
    admin = await world.database.admin()
    assert await admin.fetchval("select customer from ingest.unknown_tenant") == "globex ltd"


async def test_a_tool_is_connected_by_form_and_its_secret_shown_once(world):
    browser = await world.signed_in("mia")
    data = {**await form(browser), "tenant": "acme", "auth": "header"}

    wrong = await browser.post("/connect/ninjaone", data={**data, "name": "Acme Ninja!", "tenant": "umbrella"})
    named = await browser.post("/connect/ninjaone", data={**data, "name": "Acme Ninja!", "secret": "a" * 20})
    made = await browser.post("/connect/ninjaone", data={**data, "name": "acme-ninja"})
    again = await browser.post("/connect/ninjaone", data={**data, "name": "acme-ninja"})
    topicless = await browser.post("/connect/cloudwatch", data={**data, "name": "acme-aws", "auth": "sns"})
    nobody = await browser.get("/connect/no-such-tool")

    assert [each.status_code for each in (wrong, named, made, again, topicless, nobody)] == [
        422,
        422,
        200,
        422,
        422,
        404,
    ]
    assert "Choose one of your clients" in wrong.text
    assert "A name has 1 to 64 of a-z" in named.text
    assert "a" * 20 not in named.text
    secret = made.text.split('id="made"')[1].split("<code>")[1].split("</code>")[0]
    assert secret not in (await browser.get("/integrations/acme-ninja")).text
    assert made.headers["cache-control"] == "no-store"
    assert "There is an integration acme-ninja already" in again.text
    assert "Name the topics that may post" in topicless.text
    admin = await world.database.admin()
    assert await admin.fetchval("select object from console.audit where action = 'integration.add'") == "acme-ninja"
    await browser.aclose()


async def test_one_tool_for_several_clients_is_connected_by_form_with_the_providers_customers(world):
    await provided(world, "acme", "globex")
    browser = await world.signed_in("mia")
    shown = (await browser.get("/connect/ninjaone")).text
    data = {**await form(browser), "tenant": "acme", "auth": "header", "name": "house"}
    shared = {"provider": "brightwater", "tenant_from": "labels.site"}

    wrong = {
        told: (await browser.post("/connect/ninjaone", data={**data, **given})).text
        for told, given in (
            ("A provider is missing", {"tenant_from": "customer"}),
            ("The field that names the customer is missing", {"provider": "brightwater"}),
            ("A tenant comes from customer or labels.NAME", {**shared, "tenant_from": "$.site"}),
            ("None of your clients has this provider", {**shared, "provider": "somebody"}),
        )
    }
    made = await browser.post("/connect/ninjaone", data={**data, **shared})

    assert "globex ltd</span> to globex" in shown
    assert [told for told, page in wrong.items() if told not in page] == []
    assert made.status_code == 200
    admin = await world.database.admin()
    row = await admin.fetchrow("select provider, tenant_from from agreement.integration where name = 'house'")
    assert tuple(row) == ("brightwater", "labels.site")
    detail = await admin.fetchval("select detail from console.audit where action = 'integration.add'")
    assert (detail["provider"], detail["tenant_from"]) == ("brightwater", "labels.site")
    await browser.aclose()


async def test_nobody_opens_a_way_into_clients_that_are_not_his(world):
    await provided(world, "acme", "globex")
    await world.user("one", "lead", "msp", ["acme"])
    await world.user("ana", "lead", "internal", ["acme", "globex"])
    data = {
        "tenant": "acme", "auth": "header", "name": "house", "provider": "brightwater", "tenant_from": "customer",
    }  # fmt: skip
    answers = []
    for name in ("one", "ana"):
        browser = await world.signed_in(name)
        answers.append(await browser.post("/connect/ninjaone", data={**await form(browser), **data}))
        await browser.aclose()

    assert [each.status_code for each in answers] == [422, 422]
    assert "1 client that is none of yours" in answers[0].text
    assert "made by the provider&#39;s own people" in answers[1].text
    assert "globex ltd" not in answers[1].text
    admin = await world.database.admin()
    assert await admin.fetchval("select count(*) from agreement.integration") == 0


async def test_by_the_api_faults_name_their_field_and_a_responder_connects_nothing(world):
    body = {"name": "acme-own", "tenant": "acme", "vendor": "ninjaone"}
    async with await world.api("lead") as api:
        wrong = await api.post("/api/v1/integrations", json={**body, "header": "no header", "auth": "header"})
        made = await api.post("/api/v1/integrations", json=body)
    async with await world.api("responder") as api:
        refused = await api.post("/api/v1/integrations", json={**body, "name": "another"})

    assert (wrong.status_code, made.status_code, refused.status_code) == (400, 201, 403)
    assert wrong.json()["errors"] == [{"pointer": "/header", "detail": "'no header' is no header's name"}]
    assert made.json()["secret"] in made.json()["headers"][0]


async def test_checks_are_shown_with_state_counts_and_where_their_signal_goes(world):
    await connected(world, "acme-scripts", vendor="generic", auth=AuthKind.PATH)
    now = world.clock.now()
    for n, outcome in enumerate(("ok", "ok", "failed", "missing")):
        await resulted(world, "verify-fs01", outcome, asset="fs01", ago=timedelta(days=n), note=f"{HOSTILE[0]} {n}")
    down = {"sort": "backup", "asset": "fs01", "phase": "down", "trouble": "failed"}
    await checked(world, "verify-fs01", **down, state={"trouble_since": now.isoformat()})
    await checked(world, "nightly", name="Export", phase="new", state={"last_signal_at": None})
    await checked(world, "theirs", tenant="globex")
    await world.user("vic", "viewer", "internal", ["acme"])
    browser = await world.signed_in("vic")

    every = (await browser.get("/checks")).text
    never = (await browser.get("/checks?state=never")).text
    one = (await browser.get("/checks/acme/verify-fs01")).text
    job = (await browser.get("/checks/acme/nightly")).text
    foreign = await browser.get("/checks/globex/theirs")

    assert "1 of 2 checks in trouble" in every
    assert "<b>2</b> verified" in every
    assert "theirs" not in every
    assert ("verify-fs01</a>" in never, "Export</a>" in never) == (False, True)
    assert active(one) == []
    assert "https://in.example/v1/heartbeats/acme-scripts/nightly/YOUR-SECRET" in job
    assert foreign.status_code == 404
    await browser.aclose()


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_stays_text_on_the_new_pages(world, text):
    await connected(world, "acme-plant", vendor="generic")
    await put_aside(world, "acme-plant", text.encode(), reason=text[:200])
    waiting = await waits(world, "acme-plant", text[:100], raw=text.encode(), quarantined=text[:200])
    await checked(world, "c", name=text[:100], asset=text[:60], state={"period": text[:100]})
    await resulted(world, "c", "failed", note=text)
    browser = await world.signed_in("mia")
    data = {
        **await form(browser),
        "name": text,
        "tenant": text,
        "topics": text,
        "customer": text,
        "to": text,
        "provider": text,
        "tenant_from": text,
    }

    pages = [
        await browser.get("/quarantine"),
        await browser.get(f"/quarantine/{waiting}"),
        await browser.get("/checks"),
        await browser.get("/checks/acme/c"),
        await browser.get("/quarantine", params={"tenant": text[:64], "integration": text[:64], "state": text[:20]}),
        await browser.get("/checks", params={"q": text[:100], "state": text[:64], "period": text[:64]}),
        await browser.get("/connect", params={"q": text[:100]}),
        await browser.post("/connect/ninjaone", data=data),
        await browser.post("/quarantine/assign", data=data),
        await browser.post("/quarantine/discard", data={**data, "id": text, "reason": text}),
    ]

    for page in pages:
        assert active(page.text) == [], page.url
        assert "62615533" not in page.text, "a template was run"
        assert page.status_code < 500, page.url
    assert [page.status_code for page in pages[:4]] == [200] * 4
    await browser.aclose()
