"""Acknowledge links: what a browser, a mail scanner and a phone get."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from tandem.bus.topics import COMMANDS
from tandem.clock import ManualClock
from tandem.model.events import Command, CommandKind, FactKind
from tandem.model.incident import Acknowledgement, IncidentState
from tandem.model.ownership import Actor
from tandem.wire import codec
from tandem_notifier.api import answer_routes
from tandem_notifier.render import ack_url
from tests.support.fake_bus import FakeBus
from tests.support.ladder import INTERNAL, event, incident
from tests.support.pager import KEY, pager_on

START = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
async def pager(database):
    async with pager_on(database, ManualClock(START)) as ready:
        yield ready


@asynccontextmanager
async def browsing(pager, bus=None):
    app = FastAPI()
    app.include_router(
        answer_routes(
            bus=bus or pager.bus, clock=pager.clock, key=KEY, database=pager.link, public_url="https://t.example",
            timer_set=pager.timers.append,
        )
    )  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://answer.example") as client:
        yield client


@pytest.fixture
async def browser(pager):
    async with browsing(pager) as client:
        yield client


async def link_of(pager, **fields) -> str:
    await pager.open(**fields)
    (page,) = pager.take()
    return ack_url(page, KEY, "") or ""


async def commands(pager) -> list[Command]:
    rows = await pager.admin.fetch("select value from bus.log where topic = $1", COMMANDS.name)
    return [codec.decode(Command, row["value"]) for row in rows]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_opening_the_link_never_acknowledges(pager, browser, method):
    link = await link_of(pager)

    answers = [await browser.request(method, link) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert await commands(pager) == []
    assert await pager.admin.fetchval("select count(*) from notifier.answer") == 0


async def test_the_page_is_small_has_two_buttons_and_no_script(pager, browser):
    link = await link_of(pager)

    answer = await browser.get(link)

    assert len(answer.content) < 30_000
    assert "Disk full on srv-1" in answer.text
    assert "P1" in answer.text
    assert re.findall(r'<button type="submit">(.*?)</button>', answer.text) == ["Acknowledge"]
    assert re.findall(r'<a class="b" href="(.*?)">', answer.text) == [f"https://t.example/incidents/{UUID(int=1)}"]
    assert "<script" not in answer.text
    assert "color-scheme:light dark" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


async def test_pressing_the_button_is_a_command_by_the_person_who_was_paged(pager, browser):
    link = await link_of(pager)

    answer = await browser.post(link)

    assert answer.status_code == 200
    assert "<h1>Acknowledged</h1>" in answer.text
    (command,) = await commands(pager)
    assert (command.kind, command.by, command.via) == (CommandKind.ACKNOWLEDGE, Actor(INTERNAL, "ina"), "link")
    assert command.incident_id == UUID(int=1)
    assert command.page_id == (await pager.rows("page_id"))[0][0]
    assert await pager.admin.fetchval("select count(*) from notifier.answer") == 1


async def test_pressing_twice_is_one_wish(pager, browser):
    link = await link_of(pager)

    await browser.post(link)
    await browser.post(link)

    assert len({command.command_id for command in await commands(pager)}) == 1
    assert await pager.admin.fetchval("select count(*) from notifier.answer") == 1


async def test_a_link_whose_party_has_acknowledged_says_who_and_when(pager, browser):
    link = await link_of(pager)
    at = START + timedelta(minutes=4)
    state = incident(
        incident_id=UUID(int=1), version=2, state=IncidentState.ACKNOWLEDGED, opened_at=START, detected_at=START,
        acknowledged={INTERNAL: Acknowledgement(person="ivo", at=at)},
    )  # fmt: skip
    await pager.commit(event(state, FactKind.ACKNOWLEDGED, at, by=Actor(INTERNAL, "ivo")))

    for answer in (await browser.get(link), await browser.post(link)):
        assert "Already acknowledged" in answer.text
        assert "by ivo at Fri 20 Nov 03:04 UTC" in answer.text
    assert await commands(pager) == []


async def test_a_resolved_incident_needs_no_answer(pager, browser):
    link = await link_of(pager)
    state = incident(incident_id=UUID(int=1), version=2, state=IncidentState.RESOLVED, opened_at=START)
    await pager.commit(event(state, FactKind.RESOLVED, START))

    answer = await browser.post(link)

    assert "Already resolved" in answer.text
    assert await commands(pager) == []


async def test_an_expired_link_is_gone_and_a_garbled_one_is_not_found(pager, browser):
    link = await link_of(pager)

    assert (await browser.post(link[:-2] + "xx")).status_code == 404
    assert (await browser.get("/a/" + "A" * 5000)).status_code == 404
    assert (await browser.get("/a/%00%ff")).status_code == 404
    pager.clock.advance(timedelta(days=7))
    for answer in (await browser.get(link), await browser.post(link)):
        assert answer.status_code == 410
    assert await commands(pager) == []


async def test_a_title_from_outside_is_text_and_nothing_else(pager, browser):
    link = await link_of(pager, title="<img src=x onerror=alert(1)>\r\n\x1b[31m & more")

    answer = await browser.get(link)

    assert "<img" not in answer.text
    assert "&lt;img" in answer.text
    assert "\x1b" not in answer.text


async def test_without_the_bus_the_answer_is_503_and_says_that_nothing_was_acknowledged(pager):
    link = await link_of(pager)
    away = FakeBus()
    away.away()

    async with browsing(pager, bus=away) as browser:
        answer = await browser.post(link)

    assert answer.status_code == 503
    assert "Not acknowledged" in answer.text
    assert answer.headers["retry-after"]


async def test_the_answer_to_a_page_that_came_again_stops_it(pager, browser):
    await link_of(pager)
    state = incident(
        incident_id=UUID(int=1), version=2, state=IncidentState.ACKNOWLEDGED, opened_at=START,
        acknowledged={INTERNAL: Acknowledgement(person="ina", at=START)},
    )  # fmt: skip
    await pager.commit(event(state, FactKind.ACKNOWLEDGED, START, by=Actor(INTERNAL, "ina")))
    pager.clock.advance(timedelta(minutes=30))
    await pager.commit()
    (again,) = pager.take()

    answer = await browser.post(ack_url(again, KEY, ""))
    assert pager.timers
    await pager.commit()
    pager.clock.advance(timedelta(minutes=20))
    await pager.commit()

    assert "<h1>Acknowledged</h1>" in answer.text
    assert pager.take() == []
