"""Web pages over plain HTTP: what they show, that hostile text stays text, that they work without scripts."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from tandem.model.incident import Acknowledgement, Face
from tandem.model.ownership import Owner, Party, Track
from tandem.model.priority import Priority
from tandem_console.pages.shield import HEADERS
from tandem_console.welcome import WelcomeStep
from tests.support.console import BASE, close_world, csrf_of, make_world
from tests.support.console_rows import NOW, incident

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "{{ 7919*7907 }}${7919*7907}<%= 7919*7907 %>",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "</textarea></pre></style><iframe src=//evil.test>",
    "<b hx-get=/x hx-trigger=load>",
]


class Active(HTMLParser):
    """Collects what a browser would run or load that we did not put there."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.links = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        ours = (given.get("src") or "").startswith("/static/")
        if tag in {"iframe", "object", "embed", "img", "base", "style"} or (tag == "script" and not ours):
            self.found.append((tag, given))
        self.found += [(tag, name) for name in given if name.startswith("on") or name in {"style", "srcdoc"}]
        self.found += [(tag, name) for name in ("hx-get", "hx-on", "hx-trigger") if name in given]
        if "href" in given:
            self.links.append(given["href"])


def active(page: str) -> list:
    parser = Active()
    parser.feed(page)
    bad = [link for link in parser.links if not link.startswith(("/", "#"))]
    return parser.found + bad


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_stays_text_on_every_page(world, text):
    await world.user(tenants=["acme", "globex"])
    cut = text[:60]
    made = await world.bus.add(
        incident(title=text, host=text, function=cut, because=(text,), row=cut, site=text, flags=(cut,), category=text),
        trace={
            "classification": {"rule": text, "function": text, "asset": text},
            "row": {"id": text, "owner": text, "runners_up": [{"row": text, "why_not": text}]},
            "priority": {"priority": text, "floor": text, "floor_source": text, "wide_outage": text},
            "hours": {"local": text},
            "clocks": [{"clock": text, "target_s": text}],
            "mode": text,
        },
    )
    await world.rows.alert(made, title=text, host=text, vendor=text, url=text, labels={text: text}, description=text)
    await world.rows.page(made, person=text, channel=text, reason=text)
    browser = await world.signed_in("ana")
    csrf = csrf_of((await browser.get("/")).text)
    await browser.post(f"/incidents/{made.incident_id}/note", data={"csrf": csrf, "text": text})

    pages = [
        await browser.get(path, params=query)
        for path, query in (
            ("/", {}),
            ("/", {"q": text}),
            ("/queue", {"q": text}),
            (f"/incidents/{made.incident_id}", {}),
            (f"/incidents/{made.incident_id}/live", {}),
            (f"/nothing/{text}", {}),
        )
    ]
    form = await world.browser().get("/sign-in", params={"next": text})

    for page in [*pages, form]:
        assert active(page.text) == [], page.url
        assert "62615533" not in page.text, "a template was run"
    assert pages[0].status_code == 200
    await browser.aclose()


async def test_security_headers_stand_on_every_kind_of_answer(world):
    await world.user()
    browser = await world.signed_in("ana")

    answers = [
        await browser.get("/"),
        await browser.get("/static/console.css"),
        await browser.get("/favicon.ico"),
        await browser.get("/nowhere"),
        await browser.get("/api/v1/incidents"),
        await browser.get("/api/v1/incidents/x"),
        await browser.post("/api/v1/incidents", content=b"{"),
        await world.browser().get("/"),
        await world.browser().get("/sign-in"),
        await browser.get("/livez"),
    ]

    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS), answer.url
    assert "unsafe" not in HEADERS["content-security-policy"]
    await browser.aclose()


async def test_the_queue_has_three_lanes_with_counts_and_what_is_due_first_on_top(world):
    await world.user(tenants=["acme", "globex"])
    later = await world.bus.add(incident(title="later"))
    sooner = await world.bus.add(incident(title="sooner"))
    over = await world.bus.add(incident(title="over", owner="msp"))
    await world.bus.add(incident(title="shared one", owner="shared", tenant="globex"))
    await world.bus.add(incident(title="done", state="resolved", resolved_at=NOW))
    await world.rows.clock(later, target=timedelta(hours=2))
    await world.rows.clock(sooner, target=timedelta(minutes=22))
    await world.rows.clock(over, target=timedelta(minutes=5), state="breached", breached=True)
    browser = await world.signed_in("ana")

    page = (await browser.get("/")).text

    internal, msp, shared = page.split('<section class="lane"')[1:4]
    assert internal.index("sooner") < internal.index("later")
    assert "12 min left" in internal
    assert ("1 breached" in msp, "5 min over" in msp) == (True, True)
    assert '<span class="client">globex</span>' in shared
    assert "done" not in page
    await browser.aclose()


async def test_who_sees_one_client_has_no_client_column(world):
    await world.user()
    await world.bus.add(incident())
    browser = await world.signed_in("ana")

    assert 'class="client"' not in (await browser.get("/")).text
    await browser.aclose()


async def test_without_scripts_one_acknowledges_by_a_form_and_is_shown_the_incident(world):
    await world.user()
    made = await world.bus.add(incident())
    browser = await world.signed_in("ana")
    page = (await browser.get("/")).text
    where = f"/incidents/{made.incident_id}/acknowledge"
    assert f'formaction="{where}"' in page

    done = await browser.post(where, data={"csrf": csrf_of(page)})
    shown = await browser.get(done.headers["location"])
    again = await browser.post(where, data={"csrf": csrf_of(page)})

    assert (done.status_code, done.headers["location"]) == (303, f"/incidents/{made.incident_id}")
    assert "ana (Internal IT) acknowledged" in shown.text
    assert again.status_code == 409
    assert "Ana (Internal IT) acknowledged" in again.text or "ana (Internal IT) acknowledged" in again.text
    assert world.bus.commands[0].via == "console"
    await browser.aclose()


async def test_buttons_are_those_that_role_and_state_allow(world):
    await world.user("vic", role="viewer")
    await world.user("ana")
    made = await world.bus.add(incident(priority="P1"))
    await world.rows.clock(made, "joint_call", target=timedelta(hours=1))
    where = f"/incidents/{made.incident_id}"
    viewer, responder = await world.signed_in("vic"), await world.signed_in("ana")

    def buttons(page):
        return [
            action
            for action in ("acknowledge", "start", "join", "resolve", "reopen", "note")
            if f"{where}/{action}" in page
        ]

    fresh = buttons((await responder.get(where)).text)
    csrf = csrf_of((await responder.get("/")).text)
    await responder.post(f"{where}/resolve", data={"csrf": csrf})
    resolved = buttons((await responder.get(where)).text)

    assert buttons((await viewer.get(where)).text) == []
    assert "Acknowledge</button>" not in (await viewer.get("/")).text
    assert fresh == ["acknowledge", "start", "join", "resolve", "note"]
    assert resolved == ["reopen", "note"]
    await viewer.aclose()
    await responder.aclose()


async def test_an_incident_with_both_faces_shows_whom_each_track_paged_and_has_a_button_for_each(world):
    face = Face(
        track=Track.SOC,
        priority=Priority.P1,
        party=Party.MSP,
        owner=Owner.MSP,
        function="edr",
        row="edr",
        must_acknowledge=(Party.MSP, Party.INTERNAL),
        acknowledged={Party.MSP: Acknowledgement(person="ana-lyst", at=NOW)},
        opened_at=NOW,
        because=("soc track: pages msp and internal",),
    )
    await world.user()
    made = await world.bus.add(incident(second_face=face))
    await world.rows.page(made, person="an-operator", track="ops")
    await world.rows.page(made, person="ana-lyst", track="soc", party="msp")
    browser = await world.signed_in("ana")

    page = " ".join((await browser.get(f"/incidents/{made.incident_id}")).text.split())
    csrf = csrf_of(page)
    await browser.post(f"/incidents/{made.incident_id}/acknowledge?track=soc", data={"csrf": csrf})
    only_soc = await browser.get("/api/v1/incidents", params={"q": "track:soc"})

    legs = page.split('<p class="meta leg">')[1:]
    assert ("Operations" in legs[0], "paged so far: an-operator" in legs[0]) == (True, True)
    assert ("Security" in legs[1], "paged so far: ana-lyst" in legs[1]) == (True, True)
    assert "ana-lyst (MSP) acknowledged" in legs[1].partition("</p>")[0]
    assert "Also on the Security track" in page
    assert "acknowledge?track=ops" in page
    assert world.bus.commands[-1].detail.track is Track.SOC
    (listed,) = only_soc.json()["items"]
    assert (listed["track"], listed["second_face"]["track"]) == ("ops", "soc")
    await browser.aclose()


async def test_people_get_problems_as_pages_and_programs_as_documents(world):
    await world.user()
    browser = await world.signed_in("ana")

    page = await browser.get("/incidents/0193a1f0-0000-7000-8000-000000000001")
    document = await browser.get(
        "/incidents/0193a1f0-0000-7000-8000-000000000001", headers={"accept": "application/json"}
    )

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "there is no such incident among your tenants" in page.text
    assert document.headers["content-type"] == "application/problem+json"
    await browser.aclose()


async def test_a_fragment_is_rendered_once_for_all_who_see_the_same(world):
    await world.bus.add(incident())
    for name, party in (("ana", "internal"), ("ben", "internal"), ("mia", "msp")):
        await world.user(name, party=party)
    browsers = [await world.signed_in(name) for name in ("ana", "ben", "mia")]

    for _ in range(5):
        for browser in browsers:
            await browser.get("/queue")

    assert world.console.fragments.rendered <= 2 * 2
    for browser in browsers:
        await browser.aclose()


async def test_an_empty_queue_says_what_to_do_next(database):
    steps = [WelcomeStep(title="Yours", text="Paste this.", command='curl -d \'{"title":"<mine>"}\' http://x.test/v1')]
    world = await make_world(database, welcome_steps=steps)
    await world.user()
    browser = await world.signed_in("ana")

    queue, welcome = await browser.get("/"), await browser.get("/welcome")

    for page in (queue, welcome):
        assert "&lt;mine&gt;" in page.text
        assert "data-copy" in page.text
    assert active(welcome.text) == []
    await browser.aclose()
    await close_world(world)


async def test_over_https_cookies_have_the_host_prefix_and_transport_is_strict(database):
    world = await make_world(database, secure_cookies=True, public_url="https://tandem.test")
    await world.user()

    async with world.browser(origin="https://tandem.test") as browser:
        form = await browser.get("https://console.test/sign-in")
        data = {"csrf": csrf_of(form.text), "name": "ana", "password": "correct horse battery", "next": "/"}
        entered = await browser.post("https://console.test/sign-in", data=data)

    cookies = entered.headers.get_list("set-cookie")
    assert any(each.startswith("__Host-tandem-session=") and "Secure" in each for each in cookies)
    assert entered.headers["strict-transport-security"].startswith("max-age=")
    await close_world(world)


async def test_another_sites_form_cannot_sign_anybody_in(world):
    await world.user()

    async with world.browser() as browser:
        form = await browser.get("/sign-in")
        data = {"csrf": csrf_of(form.text), "name": "ana", "password": "correct horse battery"}
        foreign = await browser.post("/sign-in", data=data, headers={"origin": "https://evil.test"})
        browser.cookies.clear()
        unvisited = await browser.post("/sign-in", data=data, headers={"origin": BASE})

    assert (foreign.status_code, unvisited.status_code) == (403, 403)
