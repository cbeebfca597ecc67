"""The pages of ways in over plain HTTP: what they show to whom, forms, that hostile text stays text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from tandem.db.pool import engine as make_engine
from tests.integration.console.test_pages import HOSTILE, active
from tests.support.console import World, close_world, csrf_of, make_world
from tests.support.ways import KEY, Dialects, Door, arrived, connected, counted, unnamed

PAGE = "/integrations/acme-ninja"


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
    await made.user("mia", "lead", "msp", ["acme"])
    try:
        yield made
    finally:
        await close_world(made)
        await policy.dispose()


async def form(browser) -> dict[str, str]:
    """The session's CSRF token, as a form sends it."""
    return {"csrf": csrf_of((await browser.get("/integrations")).text.replace("/sign-out", ""))}


async def test_the_pages_are_the_leads_and_the_navigation_says_so(world):
    await connected(world)
    await world.user("ana", "responder")
    await world.user("gil", "admin", tenants=["globex"])
    lead, responder, other = [await world.signed_in(name) for name in ("mia", "ana", "gil")]

    shown, refused, foreign = [await browser.get(PAGE) for browser in (lead, responder, other)]
    queues = [(await browser.get("/")).text for browser in (lead, responder)]

    assert [page.status_code for page in (shown, refused, foreign)] == [200, 403, 404]
    assert "acme-ninja" not in refused.text + foreign.text + (await other.get("/integrations")).text
    assert ['href="/integrations"' in page for page in queues] == [True, False]
    for browser in (lead, responder, other):
        await browser.aclose()


async def test_a_page_shows_rate_refusals_and_what_is_missing_and_says_when_nothing_came_yet(world):
    await connected(world)
    browser = await world.signed_in("mia")
    quiet = (await browser.get(PAGE)).text
    await counted(world, "acme-ninja", "accepted", 40)
    await counted(world, "acme-ninja", "unauthenticated", 7)
    await unnamed(world, "acme-ninja", "ninjaone: MAJOR", kind="unknown_word", title="no table knows MAJOR")
    await arrived(world, "acme-ninja", quarantined="not JSON")

    busy = (await browser.get(PAGE)).text
    part = (await browser.get(PAGE, headers={"hx-request": "true"})).text

    assert "Waits for the first event" in quiet
    assert 'data-again="5000"' in quiet
    assert "7 posts were refused in 24 hours" in busy
    assert "No table knows MAJOR" in busy
    assert "not JSON" in busy
    assert "<html" not in part
    assert 'data-again="15000"' in part
    assert "<em>Administration</em>" in busy
    await browser.aclose()


async def test_a_form_makes_a_secret_that_no_later_page_shows(world):
    await connected(world)
    browser = await world.signed_in("mia")
    sent = await browser.post(f"{PAGE}/rotate", data={**await form(browser), "overlap": "1"})

    secret = sent.text.split('id="made"')[1].split("<code>")[1].split("</code>")[0]
    after = await browser.get(PAGE)

    assert (sent.status_code, sent.headers["cache-control"]) == (200, "no-store")
    assert len(secret) > 30
    assert secret not in after.text
    assert after.text.count("digest ends in") == 2
    await browser.aclose()


async def test_a_secret_that_could_be_guessed_is_refused_on_the_page(world):
    await connected(world)
    browser = await world.signed_in("mia")

    answer = await browser.post(f"{PAGE}/rotate", data={**await form(browser), "secret": "a" * 20})

    assert answer.status_code == 409
    assert "This secret could be guessed" in answer.text
    assert "a" * 20 not in answer.text
    await browser.aclose()


async def test_the_test_button_leads_to_the_way_of_the_alert_or_says_what_is_wrong(world, door):
    await connected(world)
    browser = await world.signed_in("mia")
    sent = await browser.post(f"{PAGE}/test", data=await form(browser))
    page = await browser.get(sent.headers["location"])
    door.fault = "nobody answers at http://ingest:8080"

    failed = await browser.post(f"{PAGE}/test", data=await form(browser))

    assert sent.status_code == 303
    assert page.text.count('<li class="done">') == 3
    assert "nobody: a test pages no one" in page.text
    assert (failed.status_code, "nobody answers at" in failed.text) == (409, True)
    await browser.aclose()


async def test_a_preview_comes_with_the_page_or_alone(world):
    await connected(world)
    await arrived(world, "acme-ninja")
    browser = await world.signed_in("mia")
    data = {**await form(browser), "mapping": "title: <b>mine</b>\r\n"}

    page = (await browser.post(f"{PAGE}/preview", data=data)).text
    part = (await browser.post(f"{PAGE}/preview", data=data, headers={"hx-request": "true"})).text
    wrong = (await browser.post(f"{PAGE}/preview", data={**data, "mapping": "<i>"})).text

    assert "Disk C: is full" in part
    assert "<html" not in part
    assert "title: &lt;b&gt;mine&lt;/b&gt;\n</textarea>" in page
    assert "mapping:1:1: no title for &lt;i&gt;" in wrong
    await browser.aclose()


async def test_a_mapping_is_used_by_a_button_and_a_faulty_one_stays_in_the_form(world):
    await connected(world)
    browser = await world.signed_in("mia")
    data = {**await form(browser), "mapping": "title: x\r\n"}

    used = await browser.post(f"{PAGE}/mapping", data=data)
    page = (await browser.get(used.headers["location"])).text
    wrong = await browser.post(f"{PAGE}/mapping", data={**data, "mapping": "nothing <i>"})

    assert "The mapping is in use within two seconds." in page
    assert "title: x\n</textarea>" in page
    assert wrong.status_code == 409
    assert "no title for nothing &lt;i&gt;" in wrong.text
    assert "nothing &lt;i&gt;</textarea>" in wrong.text
    await browser.aclose()


async def test_forms_without_the_pages_token_change_nothing(world, door):
    await connected(world)
    browser = await world.signed_in("mia")

    answers = [
        await browser.post(f"{PAGE}/{act}", data={"csrf": "0"}) for act in ("rotate", "test", "preview", "mapping")
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert door.posted == []
    await browser.aclose()


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_stays_text_on_the_pages_of_a_way_in(world, text):
    await connected(world)
    alert_id = await unnamed(
        world, "acme-ninja", f"function {text}"[:60], title=text, host=text, severity_word=text, alert_id=uuid4(),
        classification={"function": text, "site": text, "category": text}, raw=text.encode(),
    )  # fmt: skip
    await arrived(world, "acme-ninja", quarantined=text, raw=text.encode(), at=world.clock.now() + timedelta(seconds=1))
    admin = await world.database.admin()
    await admin.execute(
        "insert into ingest.unknown_tenant (tenant, integration, alert_id, customer, said, received_at, value)"
        " values ('acme', 'acme-ninja', $1, $2, $2, $3, '')", alert_id, text, world.clock.now(),
    )  # fmt: skip
    browser = await world.signed_in("mia")
    data = {**await form(browser), "mapping": f"title: {text}", "customer": text, "secret": text}

    pages = [
        await browser.get("/integrations"),
        await browser.get(PAGE, params={"test": str(alert_id)}),
        await browser.get(PAGE, params={"test": text}),
        await browser.get(f"/integrations/{text}"),
        await browser.post(f"{PAGE}/preview", data=data),
        await browser.post(f"{PAGE}/preview", data={**data, "mapping": text}),
        await browser.post(f"{PAGE}/rotate", data=data),
    ]

    for page in pages:
        assert active(page.text) == [], page.url
        assert "62615533" not in page.text, "a template was run"
    assert [page.status_code for page in pages[:2]] == [200, 200]
    await browser.aclose()
