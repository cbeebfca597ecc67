"""A lead connects a tool at a browser: copies, rotates, sends a test and sees it travel, tries a mapping, mends a gap."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.ways import arrived, connected, counted, decided, unnamed

MAPPING = """alert:
  title: "{$.message} on {$.host}"
  status: {from: $.state, resolved: [ok]}
  host: $.host
"""
HOUR = timedelta(hours=1)


def connect(site, name="acme-ninja", **changes):
    return site.do(connected(site.world, name, **changes))


def busy_day(site):
    """A way in that has seen a day, with refusals, a gap and a word nobody knows."""
    connect(site)
    connect(site, "acme-veeam", vendor="veeam")
    for back in range(24):
        n = 30 + 17 * (back % 5)
        site.do(counted(site.world, "acme-ninja", "accepted", n, ago=back * HOUR + timedelta(minutes=1)))
    site.do(counted(site.world, "acme-ninja", "unauthenticated", 21, ago=3 * HOUR))
    site.do(counted(site.world, "acme-ninja", "quarantined", 4, ago=2 * HOUR))
    found = {"function": "printing", "site": "berlin", "category": None}
    site.do(
        unnamed(
            site.world, "acme-ninja", "function printing at berlin",
            title="no row of the matrix names function printing at berlin", classification=found,
        )
    )  # fmt: skip
    site.do(
        unnamed(
            site.world, "acme-ninja", "ninjaone/acme-ninja: toner low on HOST", vendor="ninjaone",
            alert_title="", title="no rule and no asset says what this is: Toner low on prn-2-04",
        )
    )  # fmt: skip


def test_the_list_leads_to_a_page_with_address_header_and_shell_line(site, visitor):
    connect(site)
    page = visitor().sign_in("mia")

    page.get_by_role("link", name="Integrations").click()
    expect(page.get_by_role("row", name="acme-ninja")).to_contain_text("waits for the first")
    page.get_by_role("link", name="acme-ninja").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("acme-ninja")
    expect(page.locator("code", has_text="https://alerts.example.com/v1/alerts/acme-ninja").first).to_be_visible()
    expect(page.locator("code", has_text="X-Tandem-Key: YOUR-SECRET").first).to_be_visible()
    expect(
        page.get_by_text("Register the webhook", exact=False).or_(page.get_by_text("register the webhook"))
    ).to_be_visible()


def test_who_may_not_see_integrations_is_not_led_there(site, visitor):
    connect(site)
    ana = visitor()
    page = ana.sign_in("ana")

    expect(page.get_by_role("link", name="Integrations")).to_have_count(0)
    ana.expected = {403}
    ana.go("/integrations/acme-ninja")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("acme-ninja")


def test_a_new_secret_is_shown_once(site, visitor):
    connect(site)
    mia = visitor()
    page = mia.sign_in("mia")
    mia.go("/integrations/acme-ninja")

    page.get_by_label("The secrets before stay valid for").select_option(label="7 days")
    page.get_by_role("button", name="Make a new secret").click()

    fresh = page.get_by_role("region", name="The new secret, this once")
    secret = fresh.locator("code").first.inner_text()
    expect(fresh).to_contain_text(f"X-Tandem-Key: {secret}")
    expect(page.get_by_role("region", name="Secrets", exact=True).get_by_role("listitem")).to_have_count(2)
    mia.go("/integrations/acme-ninja")
    assert secret not in page.content()


def test_a_test_alert_is_seen_travelling_without_a_reload(site, visitor, door):
    connect(site)
    mia = visitor()
    page = mia.sign_in("mia")
    mia.go("/integrations/acme-ninja")
    expect(page.get_by_text("Waits for the first event…")).to_be_visible()
    door.routes = False

    page.get_by_role("button", name="Send a test alert").click()

    steps = page.get_by_role("region", name="Test alert").get_by_role("listitem")
    expect(steps.nth(0)).to_have_class("done")
    expect(steps.nth(1)).to_have_class("waiting")
    page.evaluate("window.kept = true")
    site.do(decided(site.world, page.url.rpartition("test=")[2]))
    expect(steps.nth(1)).to_have_class("done")
    expect(steps.nth(2)).to_contain_text("nobody: a test pages no one")
    expect(page.get_by_text("Last event")).to_be_visible()
    assert page.evaluate("window.kept") is True
    door.routes = True


def test_a_mapping_is_tried_on_the_last_body_without_leaving_the_page(site, visitor):
    connect(site)
    site.do(arrived(site.world, "acme-ninja"))
    mia = visitor()
    page = mia.sign_in("mia")
    mia.go("/integrations/acme-ninja")

    page.get_by_label("Mapping document").fill(MAPPING)
    page.get_by_role("button", name="Preview on the last body").click()

    preview = page.locator("#preview")
    expect(preview).to_contain_text("Disk C: is full on fs01")
    expect(preview).to_contain_text("1 alert")
    page.get_by_label("Mapping document").fill("alert: {titel: $.x}")
    page.get_by_role("button", name="Preview on the last body").click()
    expect(preview).to_contain_text("This mapping cannot be used")
    expect(preview).to_contain_text("mapping:1:")
    expect(page.get_by_label("Mapping document")).to_have_value("alert: {titel: $.x}")


def test_everything_works_without_scripts(site, visitor):
    connect(site)
    site.do(arrived(site.world, "acme-ninja"))
    mia = visitor(java_script_enabled=False)
    page = mia.sign_in("mia")

    mia.go("/integrations/acme-ninja")
    page.get_by_label("Mapping document").fill(MAPPING)
    page.get_by_role("button", name="Preview on the last body").click()
    expect(page.locator("#preview")).to_contain_text("Disk C: is full on fs01")
    mia.go("/integrations/acme-ninja")
    page.get_by_role("button", name="Send a test alert").click()
    expect(page.get_by_role("region", name="Test alert").get_by_role("listitem")).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_are_accessible_and_fit(site, visitor, pictures, scheme, width):
    busy_day(site)
    site.do(arrived(site.world, "acme-ninja"))
    mia = visitor(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = mia.sign_in("mia")
    for name, path in (("integrations", "/integrations"), ("integration", "/integrations/acme-ninja")):
        mia.go(path)
        if name == "integration":
            page.get_by_label("Mapping document").fill(MAPPING)
            page.get_by_role("button", name="Preview on the last body").click()
            expect(page.locator("#preview")).to_contain_text("fs01")
        if pictures:
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=pictures / f"{name}-{scheme}-{width}.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
