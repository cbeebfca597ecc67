"""A lead at a browser: finds what could not be read and replays it, connects a tool, sees which signals are missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.ways import checked, connected, provided, put_aside, resulted, waits

HOSTILE = b'\x1b[2J<script>alert(1)</script> {"title": \xff"Tank 3 is empty"'
READABLE = b'{"title": "Tank 3 is empty", "host": "plc-3", "dedup_key": "tank-3"}'


def busy(site):
    """Bodies of two clients, customers nobody knows, checks in every state."""
    world = site.world
    for name, tenant in (("acme-plant", "acme"), ("globex-own", "globex")):
        site.do(connected(world, name, tenant=tenant, vendor="generic"))
    site.do(put_aside(world, "acme-plant", HOSTILE, ago=timedelta(minutes=40)))
    site.do(put_aside(world, "acme-plant", READABLE, reason="this way in has no mapping yet", ago=timedelta(hours=3)))
    site.do(put_aside(world, "globex-own", b"<" * 3_000, tenant="globex", ago=timedelta(days=1)))
    site.do(waits(world, "acme-plant", "Site 18"))
    ago = {"last_success_at": (site.now() - timedelta(hours=5)).isoformat()}
    for asset, outcome in (("fs01", "ok"), ("sql01", "missing"), ("mail01", "failed")):
        trouble = None if outcome == "ok" else outcome
        phase = "up" if outcome == "ok" else "down"
        backup: dict[str, Any] = {"sort": "backup", "asset": asset, "phase": phase, "trouble": trouble, "state": ago}
        site.do(checked(world, f"verify-{asset}", **backup))
        site.do(resulted(world, f"verify-{asset}", outcome, asset=asset, note="exit 3 <b>disk</b>"))
    site.do(checked(world, "nightly-export", name="Export to the bank", phase="late"))
    site.do(checked(world, "rmm-talks", sort="volume", tenant="globex"))


def test_a_body_is_found_by_the_navigation_looked_at_and_replayed(site, visitor):
    busy(site)
    mia = visitor()
    page = mia.sign_in("mia")
    mia.expected = {409}  # a refusal without a reason

    link = page.get_by_role("link", name="Quarantine")
    expect(link).to_contain_text("3")
    link.click()
    page.get_by_role("link", name="acme-plant").first.click()
    bodies = page.get_by_role("region", name="Body of acme-plant")
    expect(bodies).to_have_count(2)
    bodies.first.locator("summary").click()
    expect(bodies.first.locator("pre")).to_contain_text("\\x1b[2J<script>alert(1)</script>")
    bodies.nth(1).get_by_role("button", name="Replay").click()

    expect(page.get_by_role("status").first).to_contain_text("1 body read")
    expect(page.get_by_text("firing: Tank 3 is empty")).to_be_visible()
    expect(bodies).to_have_count(1)
    page.get_by_label("Mark the body").check()
    page.get_by_role("button", name="Discard marked").click()
    expect(page.get_by_role("alert").last).to_contain_text("Say why")
    page.get_by_label("Mark bodies below").check()
    page.get_by_label("Reason to discard").fill("a broken template, mended since")
    page.get_by_role("button", name="Discard marked").click()
    expect(page.get_by_role("status").first).to_contain_text("1 body discarded")
    expect(bodies).to_have_count(0)


def test_a_tool_is_connected_by_keyboard_and_its_faults_are_told_beside_the_field(site, visitor):
    mia = visitor()
    page = mia.sign_in("mia")
    mia.expected = {422}
    mia.go("/integrations")
    page.get_by_role("link", name="Choose a tool").click()

    page.get_by_label("Find a tool").press_sequentially("veeam")
    expect(page.get_by_role("link", name="NinjaOne")).to_be_hidden()
    page.get_by_role("link", name="Veeam").first.press("Enter")
    page.get_by_label("Client").select_option("acme")
    page.get_by_label("Name", exact=True).fill("Acme Veeam")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("A name has 1 to 64 of a-z")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("acme-veeam")
    page.get_by_role("button", name="Make this way in").click()

    fresh = page.get_by_role("region", name="The new secret, this once")
    secret = fresh.locator("code").first.inner_text()
    expect(page.get_by_role("button", name="Send a test alert")).to_be_visible()
    mia.go("/integrations/acme-veeam")
    assert secret not in page.content()


def test_one_tool_for_several_clients_is_connected_and_whom_the_provider_maps_is_shown(site, visitor, pictures):
    site.do(provided(site.world, "acme", "globex"))
    mia = visitor()
    page = mia.sign_in("mia")
    mia.expected = {422}
    mia.go("/connect/ninjaone")
    page.get_by_label("Client").select_option("acme")
    page.get_by_label("Name", exact=True).fill("house-ninja")

    page.get_by_text("One tool for several clients").click()
    expect(page.get_by_text("globex ltd to globex")).to_be_visible()
    page.get_by_label("Whose customers").select_option("brightwater")
    page.get_by_role("button", name="Make this way in").click()
    field = page.get_by_label("Field that names the customer")
    expect(field).to_have_attribute("aria-invalid", "true")
    if pictures:
        page.screenshot(path=pictures / "connect-shared.png", full_page=True)
    assert Axe().run(page).violations_count == 0
    field.fill("customer")
    page.get_by_role("button", name="Make this way in").click()

    expect(page.get_by_role("region", name="The new secret, this once")).to_be_visible()


def test_checks_in_trouble_are_found_and_lead_to_their_history(site, visitor):
    busy(site)
    page = visitor().sign_in("vic")

    page.get_by_role("link", name="Checks").click()
    expect(page.get_by_role("region", name="Backups in")).to_contain_text("1 verified, 1 failed, 1 missing")
    page.get_by_role("link", name="Show them").click()
    expect(page.get_by_role("region", name="2 checks").get_by_role("row")).to_have_count(3)
    page.get_by_role("link", name="verify-mail01").click()
    expect(page.get_by_role("region", name="History")).to_contain_text("exit 3 <b>disk</b>")


def test_a_check_is_paused_and_resumed_by_a_lead_and_the_other_party_sees_who_did(site, visitor, pictures):
    busy(site)
    mia, vic = visitor(), visitor()
    page, other = mia.sign_in("mia"), vic.sign_in("vic")
    mia.expected = {409}  # an end in the past
    mia.go("/checks/acme/nightly-export")
    form = page.get_by_role("region", name="Pause it")

    form.get_by_label("Why").fill("The bank's server is replaced")
    form.get_by_label("Or until (UTC)").fill("2020-01-01T06:00")
    form.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("alert").last).to_contain_text("over already")
    form.get_by_label("Or until (UTC)").fill("")
    form.get_by_label("For how long").select_option("4h")
    if pictures:
        page.screenshot(path=pictures / "check-to-pause.png", full_page=True)
    form.get_by_role("button", name="Pause").click()

    expect(page.get_by_role("region", name="Where it stands")).to_contain_text("by mia (MSP) until")
    vic.go("/checks/acme/nightly-export")
    expect(other.get_by_role("region", name="Where it stands")).to_contain_text("The bank's server is replaced")
    expect(other.get_by_role("button", name="Resume")).to_have_count(0)
    if pictures:
        page.screenshot(path=pictures / "check-paused.png", full_page=True)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("region", name="Pause it")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_pages_are_accessible_and_fit(site, visitor, pictures, scheme, width):
    busy(site)
    mia = visitor(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = mia.sign_in("mia")
    for name, path in (
        ("quarantine", "/quarantine"), ("connect", "/connect"), ("connect-tool", "/connect/veeam"),
        ("checks", "/checks"), ("check", "/checks/acme/verify-mail01"), ("way", "/integrations/acme-plant"),
    ):  # fmt: skip
        mia.go(path)
        if pictures:
            page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
            page.screenshot(path=pictures / f"{name}-{scheme}-{width}.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
