"""The live stream: what is published arrives, in order, once, for the right tenants; it resumes, resets and ends."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from tandem.bus.plan import Inbox
from tandem.bus.postgres import run
from tandem.clock import pause
from tandem.model.events import (
    ClockName,
    ClockState,
    Fact,
    FactKind,
    IncidentEvent,
    PageEvent,
    PageEventKind,
    SlaClock,
    SlaEvent,
    SlaEventKind,
)
from tandem.model.ownership import Party, Track
from tandem_console.stream import tail as tails
from tests.support.console_rows import NOW, incident


def opened(tenant="acme", **more):
    made = incident(tenant=tenant, **more)
    fact = Fact(
        tenant=tenant,
        incident_id=made.incident_id,
        version=1,
        kind=FactKind.OPENED,
        effective_at=NOW,
        received_at=NOW,
        priority=made.priority,
        owner=made.owner,
        responsible_party=made.responsible_party,
    )
    return IncidentEvent(fact=fact, incident=made)


def breached():
    clock = SlaClock(
        incident_id=uuid4(),
        clock=ClockName.RESPONSE,
        party=Party.MSP,
        cycle=1,
        priority=incident().priority,
        start=NOW,
        target=timedelta(minutes=30),
        due=NOW + timedelta(minutes=30),
        state=ClockState.BREACHED,
    )
    kind = SlaEventKind.BREACHED
    return SlaEvent(tenant="acme", incident_version=1, kind=kind, at=NOW, emitted_at=NOW, clock=clock)


def paged():
    kind = PageEventKind.DELIVERED
    return PageEvent(
        tenant="acme",
        incident_id=uuid4(),
        page_id=uuid4(),
        kind=kind,
        at=NOW,
        party=Party.MSP,
        track=Track.OPS,
        person="mia",
    )


async def feed(world, *payloads):
    """What the runner does with the console's stage."""
    pool = await world.database.pool("tandem_console", max_size=1)
    stage = world.console.stage
    inbox = Inbox(list(payloads))
    async with pool.acquire() as connection, connection.transaction():
        plan = stage.plan(inbox, await stage.load(connection, inbox, NOW), NOW)
        await run(connection, plan.writes)
    stage.committed(plan)


class Stream:
    """A client of the stream that speaks ASGI: the usual transports of tests wait for the whole body."""

    def __init__(self, world, headers):
        self._app = world.app
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._gone = asyncio.Event()
        self.text = ""
        self.status = 0
        self.ended = asyncio.Event()

    async def __aenter__(self):
        scope = {
            "type": "http", "method": "GET", "path": "/api/v1/stream", "raw_path": b"/api/v1/stream", "query_string": b"",
            "headers": [(b"host", b"console.test"), *self._headers], "scheme": "http", "http_version": "1.1",
            "server": ("console.test", 80), "client": ("127.0.0.1", 1), "root_path": "", "asgi": {"version": "3.0"},
        }  # fmt: skip
        self._task = asyncio.create_task(self._app(scope, self._receive, self._send))
        return self

    async def __aexit__(self, *_):
        self._gone.set()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = dict(message["headers"])
        elif message.get("more_body"):
            await self._chunks.put(message.get("body", b""))
        else:
            self.ended.set()

    async def until(self, words, seconds=60.0):
        """Read until ``words`` has come."""
        async with asyncio.timeout(seconds):
            while words not in self.text:
                self.text += (await self._chunks.get()).decode()

    def events(self):
        """(id, event, data) of what was read."""
        found = []
        for block in self.text.split("\n\n"):
            fields = dict(
                line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":")
            )
            if "event" in fields:
                found.append((fields.get("id"), fields["event"], msgspec.json.decode(fields["data"])))
        return found


@pytest.fixture
async def streaming(world):
    """The tail runs; yields a way to open streams."""
    stopping = asyncio.Event()
    task = asyncio.create_task(world.console.tail.run(stopping))
    async with asyncio.timeout(60):
        while not await world.console.tail.started():  # waits a while only, as a stream may
            pass

    async def stream(role="viewer", tenants=("acme",), **headers):
        bearer = f"Bearer {await world.token(role, 'internal', tenants)}"
        return Stream(
            world, {"authorization": bearer, **{name.replace("_", "-"): value for name, value in headers.items()}}
        )

    stream.stopping = stopping  # type: ignore[attr-defined]
    yield stream
    stopping.set()
    await asyncio.wait_for(task, 30)


async def test_incidents_clocks_and_pages_arrive_in_order_with_their_position(world, streaming):
    async with await streaming() as stream:
        await stream.until("tandem")
        await feed(world, opened(), breached())
        await feed(world, paged())
        await stream.until("event: page")

    events = stream.events()
    assert [(identity, kind) for identity, kind, _ in events] == [("1", "incident"), ("2", "sla"), ("3", "page")]
    assert (events[0][2]["fact"], events[1][2]["what"], events[2][2]["person"]) == ("opened", "breached", "mia")
    assert stream.headers[b"content-type"].startswith(b"text/event-stream")
    assert b"no-" in stream.headers[b"cache-control"]


async def test_nobody_hears_of_another_tenant(world, streaming):
    async with await streaming() as ours, await streaming(tenants=("acme", "globex")) as both:
        await ours.until("tandem")
        await both.until("tandem")
        await feed(world, opened("globex", title="a secret of globex"))
        await feed(world, opened("acme", title="ours"))
        await ours.until("ours")
        await both.until("ours")

    assert "globex" not in ours.text
    assert "a secret of globex" in both.text


async def test_a_reader_resumes_strictly_after_the_last_it_has(world, streaming):
    await feed(world, *(opened(title=f"n{number}") for number in range(1, 6)), opened("globex"))

    async with await streaming(last_event_id="2") as stream:
        await stream.until("n5")
        await feed(world, opened(title="live"))
        await stream.until("live")

    assert [identity for identity, _, _ in stream.events()] == ["3", "4", "5", "7"]


@pytest.mark.parametrize("last", ["0x1", "-1", "99", "abc", "9" * 18, "1"])
async def test_an_unknown_or_expired_id_gives_one_reset_and_then_what_is_new(world, streaming, last):
    await feed(world, opened(), opened(), opened())
    admin = await world.database.admin()
    await admin.execute("delete from console.feed where position <= 2")

    async with await streaming(last_event_id=last) as stream:
        await stream.until("event: reset")
        await feed(world, opened(title="fresh"))
        await stream.until("fresh")

    assert [kind for _, kind, _ in stream.events()] == ["reset", "incident"]


async def test_an_emptied_feed_still_knows_its_last_position(world, streaming):
    await feed(world, opened(), opened())
    admin = await world.database.admin()
    await admin.execute("delete from console.feed")

    async with await streaming(last_event_id="2") as stream:
        await stream.until("tandem")
        await feed(world, opened(title="third"))
        await stream.until("third")

    assert [identity for identity, _, _ in stream.events()] == ["3"]


async def test_a_reader_that_falls_behind_is_told_to_reset(world, streaming, monkeypatch):
    monkeypatch.setattr(tails, "HELD", 3)
    watcher = world.console.tail.watch(["acme"])

    await feed(world, *(opened() for _ in range(8)))
    async with asyncio.timeout(30):
        while world.console.tail.position < 8:
            await pause(0.01)

    assert watcher.lost
    assert 0 < len(await watcher.take(1)) <= 3


async def test_streams_end_when_the_process_stops(world, streaming):
    async with await streaming() as stream:
        await stream.until("tandem")
        streaming.stopping.set()
        async with asyncio.timeout(30):
            await stream.ended.wait()

    assert world.console.tail.watchers == 0


async def test_a_revoked_token_ends_its_stream(world, streaming, monkeypatch):
    from tandem_console.stream import events

    monkeypatch.setattr(events, "CHECKED_EVERY_S", 0.05)
    async with await streaming("responder") as stream:
        await stream.until("tandem")
        token = (await world.console.accounts.tokens())[0]
        await world.console.accounts.revoke_token(token.token_id, NOW)
        async with asyncio.timeout(30):
            await stream.ended.wait()


async def test_a_stream_without_a_token_is_401(world):
    async with Stream(world, {}) as stream, asyncio.timeout(30):
        await stream.ended.wait()

    assert stream.status == 401


async def test_positions_are_gapless_whoever_writes(world):
    await asyncio.gather(*(feed(world, opened(), breached()) for _ in range(4)))
    admin = await world.database.admin()

    positions = [row["position"] for row in await admin.fetch("select position from console.feed order by position")]

    assert positions == list(range(1, 9))


async def test_a_record_that_comes_again_adds_no_line_and_no_gap(world):
    """As after a relay that was killed between an append and its commit."""
    first, second, call = opened(title="one"), breached(), paged()
    await feed(world, first, second, first)
    await feed(world, second, first, call, call)
    await feed(world, first, second, call)
    admin = await world.database.admin()

    rows = await admin.fetch("select position, kind from console.feed order by position")

    assert [tuple(row) for row in rows] == [(1, "incident"), (2, "sla"), (3, "page")]
    assert await admin.fetchval("select position from console.feed_counter") == 3


async def test_what_is_old_is_dropped(world):
    await feed(world, opened())
    await world.user()
    await (await world.signed_in("ana")).aclose()
    admin = await world.database.admin()

    world.clock.advance(timedelta(days=6))
    await world.console.clean_once()
    kept = await admin.fetchval("select count(*) from console.feed")
    world.clock.advance(timedelta(days=40))
    await world.console.clean_once()

    left = [await admin.fetchval(f"select count(*) from console.{name}") for name in ("feed", "session")]
    assert (kept, left) == (1, [0, 0])


async def test_a_stream_waits_for_a_tail_that_has_not_started_so_that_nothing_is_missed(world, monkeypatch):
    monkeypatch.setattr(tails, "START_S", 0.05)
    bearer = f"Bearer {await world.token('viewer')}"

    async with Stream(world, {"authorization": bearer}) as stream, asyncio.timeout(30):
        await stream.ended.wait()

    assert stream.status == 503
