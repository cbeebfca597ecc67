"""Browser tests: one site and one Chromium for all, a fresh context for each; what a page must never do is checked always.

A process of its own (tests/conftest.py): synchronous Playwright leaves an event loop running.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tandem.app.dialects import Dialects
from tandem_console.welcome import WelcomeStep
from tests.support.console import PASSWORD
from tests.support.console_site import Site
from tests.support.quick_passwords import quick_passwords
from tests.support.requirements import chromium
from tests.support.ways import Asides, Door

PATIENCE_MS = 30_000
"""Of whatever waits for a page; what Playwright gives its assertions by itself, five seconds, is a busy machine's pause."""
expect.set_options(timeout=PATIENCE_MS)
FLAGS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
STEPS = [
    WelcomeStep(title="Look at the queue", text="Three lanes.", link="/", link_text="Open the queue"),
    WelcomeStep(
        title="See your own alert come in",
        text="Paste this into a shell; the incident appears on the queue at once.",
        command="curl -sS -H 'Authorization: Bearer x' -d '{\"title\": \"My alert\"}' http://127.0.0.1:8080/v1/alerts/acme-own",
    ),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(str(item.fspath)).parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": chromium(), "args": FLAGS}


@pytest.fixture(scope="session")
def door() -> Door:
    """Takes test alerts of the console as ingest and router would."""
    return Door()


@pytest.fixture(scope="session")
def site(door: Door) -> Iterator[Site]:
    asides = Asides()
    ports = {"dialects": Dialects(), "trials": door, "aside": asides, "ingest_url": "https://alerts.example.com"}
    with quick_passwords(), Site(welcome_steps=STEPS, **ports) as running:
        door.world = running.world
        asides.begin(running.world)
        for name, party, role in (
            ("ana", "internal", "responder"),
            ("mia", "msp", "lead"),
            ("vic", "internal", "viewer"),
        ):
            tenants = ["acme", "globex"] if party == "msp" else ["acme"]
            running.do(running.world.user(name, role, party, tenants))
        yield running


@pytest.fixture(autouse=True)
def empty(site: Site) -> None:
    """Every test begins with an empty queue."""

    async def clear() -> None:
        admin = await site.world.database.admin()
        tables = (
            "router.incident, router.event, router.alert, router.decision, router.command, sla.clock, notifier.page"
        )
        await admin.execute(
            f"truncate {tables}, router.governance_item, router.check_state, router.check_result,"
            " ingest.intake, ingest.unknown_tenant, ingest.replay, ingest.waiting, console.feed"
        )
        await admin.execute("truncate agreement.integration, agreement.version, agreement.provider_version cascade")
        site.world.bus.incidents.clear()
        site.world.console.fragments.forget()

    site.do(clear())


class Visitor:
    """A person at a browser; remembers everything that should not happen."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.context = context
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.abroad: list[str] = []
        self.expected: set[int] = set()
        """Statuses of answers that the test provokes: Chromium logs each as an error."""
        self.provoked: set[str] = set()
        """Parts of messages that the test provokes by other means, for as long as it lasts."""
        self.page.on("console", self._logged)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        context.on("request", self._requested)

    def _logged(self, message: Any) -> None:
        expected = {f"status of {each}" for each in self.expected} | self.provoked
        if message.type in {"error", "warning"} and not any(each in message.text for each in expected):
            self.errors.append(message.text)

    def _requested(self, request: Any) -> None:
        if urlsplit(request.url).hostname not in {"127.0.0.1", None}:
            self.abroad.append(request.url)

    def sign_in(self, name: str) -> Page:
        """Sign in by the form."""
        self.page.goto(self.url)
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.url}/")
        return self.page

    def go(self, path: str) -> Page:
        """Open a path."""
        self.page.goto(f"{self.url}{path}")
        return self.page


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Iterator[Any]:
    """Makes visitors; after the test none of them saw an error or asked another host."""
    made: list[Visitor] = []

    def visit(**options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MS)
        made.append(Visitor(context, site.url))
        return made[-1]

    yield visit
    for each in made:
        each.context.close()
    assert [error for each in made for error in each.errors] == []
    assert [url for each in made for url in each.abroad] == []


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where to leave pictures for people to look at: TANDEM_PICTURES, else nowhere."""
    folder = os.environ.get("TANDEM_PICTURES")
    if not folder:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return Path(folder)
