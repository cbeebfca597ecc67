"""Check-ins over a real listener: what curl, wget and PowerShell send, who is refused, and that 200 means durable."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.clock import ManualClock
from tandem.metrics import Metrics
from tandem.model.integration import AuthKind
from tandem.model.signal import Signal, SignalKind
from tandem.web.application import build_app
from tandem.web.server import WebServer, bind
from tandem.wire import codec
from tandem_ingest.accept import Acceptance
from tandem_ingest.heartbeats import HeartbeatLane, note_of, place, run_id_of
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts
from tests.support.fake_bus import FakeBus
from tests.support.integrations import basic, integration
from tests.support.web import NO_TLS

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = "s3cret-of-this-integration"
BEARER = {"authorization": f"Bearer {SECRET}"}
KNOWN = (
    integration("scripts", auth=AuthKind.PATH),
    integration("agents"),
    integration("nas", auth=AuthKind.BASIC),
    integration("plain", auth=AuthKind.QUERY),
    integration("off", enabled=False),
)


@dataclass
class Door:
    """A listener with the lane in front of an empty application, and the bus behind it."""

    http: httpx.AsyncClient
    bus: FakeBus
    book: IntegrationBook
    metrics: Metrics
    url: str

    @property
    def signals(self) -> list[Signal]:
        return [codec.decode(Signal, record.value) for record in self.bus.records]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    bus, clock, book, metrics = FakeBus(), ManualClock(NOW), IntegrationBook(), Metrics()
    book.replace(KNOWN)
    acceptance = Acceptance(bus, encode=codec.encode)

    def lane(app) -> HeartbeatLane:
        return HeartbeatLane(
            app, book=book, acceptance=acceptance, clock=clock, counts=Counts(metrics), deadline_s=30.0
        )

    server = WebServer(
        build_app(routers=[], lanes=[lane], metrics=metrics, checks={}),
        listening=bind("127.0.0.1", 0),
        stopping=asyncio.Event(),
    )
    await server.start()
    url = "http://{}:{}".format(*server.address)
    async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False, verify=NO_TLS) as http:
        yield Door(http, bus, book, metrics, url)
    await server.stop(5)


async def test_a_secret_in_the_query_proves_a_check_in_and_is_not_kept(door: Door):
    right = await door.http.get(f"/v1/heartbeats/plain/nightly?key={SECRET}&rid=run-7")
    wrong = await door.http.get("/v1/heartbeats/plain/nightly?key=guessed")

    assert (right.status_code, wrong.status_code) == (200, 401)
    (signal,) = door.signals
    assert (signal.run_id, signal.note) == ("run-7", None)
    assert SECRET.encode() not in door.bus.records[0].value


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_a_ping_is_durable_before_it_is_answered_200(door: Door, method: str):
    answer = await door.http.request(method, f"/v1/heartbeats/scripts/nightly/{SECRET}")

    assert (answer.status_code, answer.text) == (200, "" if method == "HEAD" else "OK")
    (signal,) = door.signals
    assert (signal.tenant, signal.check, signal.kind, signal.received_at) == (
        "acme", "nightly", SignalKind.SUCCESS, NOW,
    )  # fmt: skip
    assert (signal.integration, signal.note, signal.run_id) == ("scripts", None, "")


@pytest.mark.parametrize(
    ("ending", "kind", "code"),
    [
        ("/start", SignalKind.START, None),
        ("/fail", SignalKind.FAIL, None),
        ("/log", SignalKind.LOG, None),
        ("/0", SignalKind.SUCCESS, 0),
        ("/2", SignalKind.FAIL, 2),
        ("/255", SignalKind.FAIL, 255),
        ("/", SignalKind.SUCCESS, None),
    ],
)
async def test_the_end_of_the_address_says_what_became_of_the_run(door: Door, ending: str, kind: SignalKind, code):
    one = await door.http.post(f"/v1/heartbeats/scripts/Nightly/{SECRET}{ending}?rid=7f-1", content=b"12 files\r\nok")
    two = await door.http.post(f"/v1/heartbeats/agents/nightly{ending}", headers=BEARER)

    assert (one.status_code, two.status_code) == (200, 200)
    assert [(signal.kind, signal.exit_code) for signal in door.signals] == [(kind, code)] * 2
    assert (door.signals[0].run_id, door.signals[0].note, door.signals[0].check) == ("7f-1", "12 files\nok", "nightly")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/heartbeats/agents/nightly", {}, 401),
        ("/v1/heartbeats/agents/nightly", {"authorization": "Bearer wrong"}, 401),
        ("/v1/heartbeats/nobody/nightly", BEARER, 401),
        ("/v1/heartbeats/off/nightly", BEARER, 401),
        ("/v1/heartbeats/nas/nightly/fail", {"authorization": basic("u", "wrong")}, 401),
        ("/v1/heartbeats/scripts/nightly/wrong", {}, 404),
        ("/v1/heartbeats/nobody/nightly/wrong/fail", {}, 404),
        ("/v1/heartbeats/agents/nightly/" + SECRET, BEARER, 404),
        ("/v1/heartbeats/agents/", BEARER, 404),
        ("/v1/heartbeats/agents/not%20a%20name", BEARER, 404),
        ("/v1/heartbeats/agents/a/b/c/d", BEARER, 404),
    ],
)
async def test_who_cannot_prove_it_is_refused_as_at_the_alerts_door(door: Door, path: str, headers, status: int):
    answer = await door.http.get(path, headers=headers)

    assert (answer.status_code, door.signals) == (status, [])
    assert answer.headers["content-type"] == "application/problem+json"


async def test_refusals_are_the_same_whether_the_integration_exists(door: Door):
    one = await door.http.get("/v1/heartbeats/agents/nightly")
    two = await door.http.get("/v1/heartbeats/nobody/nightly")

    assert {**one.json(), "request_id": ""} == {**two.json(), "request_id": ""}


async def test_another_method_is_told_which_ones_there_are(door: Door):
    answer = await door.http.delete(f"/v1/heartbeats/scripts/nightly/{SECRET}")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


async def test_a_long_note_is_cut_and_a_bomb_is_refused(door: Door):
    url = f"/v1/heartbeats/scripts/nightly/{SECRET}"

    long = await door.http.post(url, content=b"x" * 200_000)
    bomb = await door.http.post(url, content=b"x" * (1024 * 1024 + 1))

    assert (long.status_code, bomb.status_code) == (200, 413)
    assert len(door.signals[0].note or "") == 10_000


async def test_what_cannot_be_made_durable_is_503_and_the_sender_comes_again(door: Door):
    door.bus.away()

    answer = await door.http.get(f"/v1/heartbeats/scripts/nightly/{SECRET}")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_check_ins_are_counted_by_what_they_said(door: Door):
    await door.http.get(f"/v1/heartbeats/scripts/nightly/{SECRET}/fail")
    await door.http.get("/v1/heartbeats/scripts/nightly/wrong")

    def count(result: str) -> float | None:
        labels = {"integration": "scripts", "result": result}
        return door.metrics.registry.get_sample_value("tandem_heartbeats_total", labels)

    assert (count("fail"), count("unauthenticated")) == (1, 1)


@pytest.mark.parametrize(
    "command", [["curl", "-fsS", "-m", "10", "--retry", "5"], ["wget", "-q", "-O", "-", "-T", "10"]]
)
async def test_the_commands_of_the_documentation_work(door: Door, command: list[str]):
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} here")

    done = await asyncio.to_thread(
        subprocess.run,
        [*command, f"{door.url}/v1/heartbeats/scripts/nightly/{SECRET}/3"],
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (0, b"OK")
    assert door.signals[0].exit_code == 3


@given(st.text(max_size=80))
def test_any_address_says_something_or_nothing(path: str):
    ping = place(f"/v1/heartbeats/{path}")

    assert ping is None or (ping.integration and ping.check and ping.secret != "")


@given(st.binary(max_size=200), st.binary(max_size=100), st.sampled_from(["", "gzip", "deflate", "br"]))
def test_any_note_and_any_query_are_harmless(body: bytes, query: bytes, encoding: str):
    note = note_of(body, encoding)

    assert note is None or (note and "\x00" not in note)
    assert len(run_id_of(query)) <= 64
