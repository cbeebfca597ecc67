"""What a person sees and does at a browser: live lanes, acknowledging by click and key, the incident, phone, both schemes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tandem.model.events import FactKind

MINUTES = timedelta(minutes=1)
SCHEMES = ["light", "dark"]


def fill(site):
    """A believable afternoon."""
    rows = {
        "disk": site.open(clocks={"response": 32 * MINUTES, "resolution": 480 * MINUTES}),
        "outage": site.open(
            title="Core switch unreachable: 3 sites offline", owner="shared", priority="P1", function="network", host="sw-core-01",
            affected_users=140, tenant_users=400, ago=25 * MINUTES,
            clocks={"response": 20 * MINUTES, "joint_call/internal": 60 * MINUTES, "joint_call/msp": 60 * MINUTES, "resolution": 240 * MINUTES},
        ),
        "siem": site.open(
            title="Wazuh: multiple failed logins followed by success", owner="shared", priority="P2", function="identity",
            track="soc", host="dc01", tenant="globex", responsible_party="msp", clocks={"response": 60 * MINUTES}, ago=2 * MINUTES,
        ),
        "backup": site.open(
            title="Veeam job “SQL nightly” failed: repository full", owner="msp", priority="P3", function="backup", host="veeam-01",
            clocks={"response": 600 * MINUTES}, ago=130 * MINUTES,
        ),
        "cert": site.open(title="Certificate expires in 14 days", owner="msp", priority="P4", function="web", host="www", tenant="globex", ago=3000 * MINUTES),
        "printer": site.open(title="Printer toner low", priority="P5", function="workplace", host="prn-2-04", ago=400 * MINUTES),
    }  # fmt: skip
    site.do(site.world.rows.page(rows["disk"]))
    site.do(
        site.world.rows.page(rows["disk"], person="jonas", channel="email", state="failed", reason="timeout", attempt=3)
    )
    return rows


def row(page, made):
    return page.locator(f"#i-{made.incident_id}")


def test_one_signs_in_and_sees_three_lanes(site, visitor):
    fill(site)
    page = visitor().sign_in("mia")

    expect(page.get_by_role("heading", level=2)).to_have_text(["Internal", "MSP", "Shared"])
    expect(page.locator(".lane .count")).to_have_text(["2", "2", "2"])
    expect(page.locator("#lane-shared .row").first).to_contain_text("Core switch")
    expect(page.locator("#lane-shared")).to_contain_text("1 breached")
    expect(page.locator("#lane-shared .client").first).to_be_visible()


def test_a_wrong_password_is_told_and_nothing_else(visitor):
    ana = visitor()
    ana.expected = {403}
    page = ana.go("/")
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    expect(page.get_by_label("Name")).to_have_value("ana")


def test_a_new_incident_appears_by_itself(site, visitor):
    page = visitor().sign_in("ana")
    expect(page.get_by_role("heading", name="All quiet")).to_be_visible()
    page.mouse.move(5, 5)

    made = site.open(title="Disk D: is full", clocks={"response": 30 * MINUTES})

    expect(row(page, made)).to_contain_text("Disk D: is full")
    expect(row(page, made).locator("[data-due]")).to_have_text(re.compile(r"^(20|19) min left$"))


def test_new_rows_wait_while_the_pointer_is_in_the_list(site, visitor):
    first = site.open(title="The one I read")
    page = visitor().sign_in("ana")
    page.mouse.move(5, 5)
    row(page, first).hover()
    before = row(page, first).bounding_box()

    second = site.open(title="More urgent", priority="P1", clocks={"response": 15 * MINUTES})

    held = page.locator("#held")
    expect(held).to_have_text("1 new")
    expect(row(page, second)).to_have_count(0)
    assert row(page, first).bounding_box() == before
    held.click()
    expect(row(page, second)).to_be_visible()
    expect(held).to_be_hidden()


def test_acknowledging_by_a_click_shows_who_holds_it_without_leaving_the_queue(site, visitor):
    made = site.open(clocks={"response": 30 * MINUTES})
    page = visitor().sign_in("ana")

    row(page, made).get_by_role("button", name="Acknowledge").click()

    expect(page.locator("#notice")).to_have_text("Acknowledged.")
    expect(row(page, made)).to_contain_text("ana")
    expect(row(page, made).get_by_role("button", name="Acknowledge")).to_have_count(0)
    assert page.url == f"{site.url}/"


def test_the_slower_one_is_told_who_was_first(site, visitor):
    made = site.open()
    ana = visitor()
    ana.expected = {409}
    page = ana.sign_in("ana")
    button = row(page, made).get_by_role("button", name="Acknowledge")
    expect(button).to_be_visible()
    site.do(site.world.user("ben"))
    ana.provoked = {"ERR_FAILED"}
    page.route("**/queue**", lambda route: route.abort())

    async def faster():
        async with await site.world.api("responder") as api:
            return await api.post(f"/api/v1/incidents/{made.incident_id}/acknowledge")

    assert site.do(faster()).status_code == 200
    button.click()

    expect(page.locator("#notice")).to_have_text(
        re.compile(r"^Internal-responder \(Internal IT\) acknowledged (\d+ s ago|now)\.$")
    )


def test_keys_move_open_acknowledge_filter_and_help(site, visitor):
    made = [site.open(title=f"Row {n}", clocks={"response": (20 + n) * MINUTES}) for n in range(3)]
    page = visitor().sign_in("ana")
    title = [page.locator(f"#t-{each.incident_id}") for each in made]

    page.keyboard.press("j")
    expect(title[0]).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(title[1]).to_be_focused()
    page.keyboard.press("a")
    expect(row(page, made[1])).to_contain_text("ana")
    expect(title[1]).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("aj?")
    expect(page.get_by_role("searchbox")).to_have_value("aj?")
    title[1].focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/incidents/{made[1].incident_id}")


def test_keys_can_be_turned_off(site, visitor):
    site.open()
    page = visitor().sign_in("ana")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Keys are on in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()

    page.keyboard.press("?")

    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_filter_is_in_the_address_and_stays_while_it_is_live(site, visitor):
    site.open(title="Disk full")
    page = visitor().sign_in("ana")
    page.get_by_role("searchbox").fill("fn:backup")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("heading", name="Nothing fits this filter")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=fn%3Abackup$"))

    site.open(title="Another disk")
    made = site.open(title="Job failed", function="backup")

    expect(row(page, made)).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)


def test_the_incidents_page_tells_everything_and_lets_one_act(site, visitor):
    rows = fill(site)
    page = visitor().sign_in("mia")
    page.get_by_role("link", name="Core switch unreachable").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Core switch unreachable: 3 sites offline")
    expect(page.get_by_role("region", name="Clocks of both parties")).to_contain_text("Joint call")
    expect(page.get_by_role("heading", name="Why here")).to_be_visible()
    expect(page.locator(".rejected")).to_contain_text("servers-msp-night site is not hamburg")
    page.get_by_label("Note or reason").fill("Called the carrier <b>now</b>")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".timeline blockquote")).to_have_text("Called the carrier <b>now</b>")
    expect(page.get_by_label("Note or reason")).to_have_value("")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".timeline")).to_contain_text("mia (MSP) acknowledged")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    assert rows


def test_typing_a_note_survives_what_happens_meanwhile(site, visitor):
    made = site.open()
    page = visitor().sign_in("ana")
    visitor_page = page
    visitor_page.goto(f"{site.url}/incidents/{made.incident_id}")
    box = page.get_by_label("Note or reason")
    box.fill("half a sen")

    async def meanwhile():
        async with await site.world.api("responder") as api:
            return await api.post(f"/api/v1/incidents/{made.incident_id}/acknowledge")

    site.do(meanwhile())
    expect(page.locator(".timeline")).to_contain_text("acknowledged")

    expect(box).to_have_value("half a sen")
    expect(box).to_be_focused()


def test_a_broken_stream_is_said_and_mends_itself(site, visitor):
    ana = visitor()
    page = ana.sign_in("ana")
    expect(page.locator("#broken")).to_be_hidden()
    ana.provoked = {"ERR_FAILED"}
    ana.context.route("**/api/v1/stream", lambda route: route.abort())
    site.do(site.cut_streams())

    expect(page.locator("#broken")).to_be_visible()
    expect(page.locator("#broken")).to_contain_text("Live updates are interrupted")
    ana.context.unroute("**/api/v1/stream")
    expect(page.locator("#broken")).to_be_hidden()
    made = site.open(title="After the break")
    expect(row(page, made)).to_be_visible()


def test_without_scripts_one_reads_and_acknowledges(site, visitor):
    made = site.open()
    page = visitor(java_script_enabled=False).sign_in("ana")

    row(page, made).get_by_role("button", name="Acknowledge").click()

    page.wait_for_url(f"**/incidents/{made.incident_id}")
    expect(page.locator(".timeline")).to_contain_text("ana (Internal IT) acknowledged")


def test_hostile_titles_run_nothing(site, visitor):
    text = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'onload=alert(3)"
    made = site.open(title=text, host=text, function="f<script>")
    ana = visitor()
    ana.page.on("dialog", lambda dialog: ana.errors.append(f"dialog {dialog.message}"))
    page = ana.sign_in("ana")

    expect(row(page, made)).to_contain_text("<script>alert(2)</script>")
    page.goto(f"{site.url}/incidents/{made.incident_id}")
    site.do(site.feed(made, FactKind.NOTED))
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_a_viewer_sees_no_buttons_and_signing_out_ends_it(site, visitor):
    site.open()
    page = visitor().sign_in("vic")
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(site.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_welcome_ends_with_a_line_to_paste(visitor):
    page = visitor(permissions=["clipboard-read", "clipboard-write"]).sign_in("ana")
    page.get_by_role("link", name="Welcome").click()

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl -sS -H")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1440, 390], ids=["wide", "phone"])
def test_pages_are_accessible_and_fit(site, visitor, pictures, scheme, width):
    """axe finds nothing, nothing is wider than the screen; with TANDEM_PICTURES the pages are left as pictures."""
    rows = fill(site)
    someone = visitor(color_scheme=scheme, viewport={"width": width, "height": 900})
    someone.expected = {404}
    page = someone.go("/sign-in")
    seen = {"sign-in": None, "queue": "/", "empty": "/?q=nothing", "incident": f"/incidents/{rows['outage'].incident_id}",
            "paged": f"/incidents/{rows['disk'].incident_id}", "welcome": "/welcome", "missing": "/nowhere"}  # fmt: skip
    found: dict[str, list[str]] = {}
    for name, path in seen.items():
        if path == "/":
            page = someone.sign_in("mia")
        elif path:
            page = someone.go(path)
        if pictures:
            page.screenshot(path=pictures / f"{name}-{scheme}-{width}.png", full_page=True)
        results = Axe().run(page)
        found |= {
            f"{name}: {each['id']}": [node["html"][:160] for node in each["nodes"]]
            for each in results.response["violations"]
        }
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than the screen"

    assert found == {}
