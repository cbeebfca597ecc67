"""The public corpora of hostile bodies and texts, posted to every way in: each gets a deliberate answer.

In process and without sockets, so that an exception in the lane fails the test instead of becoming an answer.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.types import Message

from tandem.bus.port import Record
from tandem.clock import ManualClock
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import AuthKind, HmacScheme
from tandem.wire import codec
from tandem_ingest.accept import Acceptance
from tandem_ingest.api import AlertLane
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts
from tandem_ingest.vendors.catalogue import CATALOGUE
from tests.support.corpora import json_suite, naughty_strings
from tests.support.integrations import digest, integration

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = "s3cret-of-this-integration"
EVERY = 3
"""Of the bodies each dialect gets every third, another third than the dialect before."""
GROWTH = (64 << 20) // EVERY
"""For some 15,000 posts, as for all 45,000 the whole: a leak of 1.5 KiB a post is found. Measured: 7 MiB."""
BOMBS = {"n_structure_100000_opening_arrays", "n_structure_open_array_object", "i_structure_500_nested_arrays"}
CONTENT_TYPES = ("application/json", "application/x-www-form-urlencoded", "text/xml", "multipart/form-data; boundary=x")


class LastBatch:
    """A bus that is always there and keeps its last batch only: memory that grows is then not the test's own."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    async def append(self, records: Sequence[Record]) -> None:
        self.records = list(records)


@dataclass(frozen=True)
class Answer:
    """Status and body of one answer."""

    status: int
    body: bytes


class Ways:
    """The lane with an integration per dialect and one per way to prove who one is."""

    def __init__(self) -> None:
        self.bus = LastBatch()
        book = IntegrationBook()
        book.replace(
            [integration(slug, vendor=slug) for slug in CATALOGUE]
            + [integration(f"by-{kind}", auth=kind, scheme=HmacScheme()) for kind in AuthKind]
        )
        self._lane = AlertLane(
            refuse,
            book=book,
            acceptance=Acceptance(self.bus, encode=codec.encode),
            clock=ManualClock(NOW),
            counts=Counts(Metrics()),
        )

    async def post(self, path: str, body: bytes, *headers: tuple[bytes, bytes]) -> Answer:
        arriving = iter([{"type": "http.request", "body": body, "more_body": False}])
        sent: list[Message] = []

        async def receive() -> Message:
            return next(arriving, {"type": "http.disconnect"})

        async def send(message: Message) -> None:
            sent.append(message)

        await self._lane(
            {"type": "http", "method": "POST", "path": f"/v1/alerts/{path}", "headers": list(headers)}, receive, send
        )
        return Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent))

    def last(self) -> list[Alert]:
        return [codec.decode(Alert, record.value) for record in self.bus.records]


async def refuse(scope, receive, send) -> None:
    raise AssertionError("the lane handed on a post that is its own")


@pytest.fixture
def ways() -> Ways:
    return Ways()


def proofs(body: bytes) -> Iterator[tuple[str, tuple[bytes, bytes]]]:
    """Each way in, with what proves the sender."""
    basic = b"Basic dTpzM2NyZXQtb2YtdGhpcy1pbnRlZ3JhdGlvbg=="
    yield "by-bearer", (b"authorization", b"Bearer " + SECRET.encode())
    yield "by-header", (b"x-tandem-key", SECRET.encode())
    yield "by-basic", (b"authorization", basic)
    yield f"by-path/{SECRET}", (b"accept", b"*/*")
    signature = b"sha256=" + digest(SECRET.encode(), body).hex().encode()
    yield "by-hmac", (b"x-tandem-signature", signature)


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


BEARER = (b"authorization", b"Bearer " + SECRET.encode())


@pytest.mark.parametrize("vendor", CATALOGUE)
async def test_json_that_breaks_parsers_is_accepted_or_a_bomb_in_every_dialect(ways: Ways, vendor: str) -> None:
    for name, body in json_suite().items():
        answer = await ways.post(vendor, body, BEARER)

        expected = {202, 422} if name in BOMBS else {202}
        assert answer.status in expected, (name, answer)


@pytest.mark.parametrize("vendor", CATALOGUE)
@pytest.mark.parametrize("content_type", CONTENT_TYPES)
async def test_naughty_strings_as_whole_bodies_are_never_refused(ways: Ways, vendor: str, content_type: str) -> None:
    for text in naughty_strings():
        answer = await ways.post(vendor, text.encode(), BEARER, (b"content-type", content_type.encode()))

        assert answer.status == 202, (text, answer)
        assert all(alert.title for alert in ways.last())


@pytest.mark.parametrize("vendor", CATALOGUE)
async def test_naughty_strings_in_every_place_of_a_real_body_lose_no_alert(ways: Ways, vendor: str) -> None:
    golden = Path(__file__).parents[2] / "golden" / "ingest" / f"{vendor}.json"
    case = json.loads(golden.read_text(encoding="utf-8"))[0]
    headers = [(name.encode(), value.encode()) for name, value in case.get("headers", {}).items()]
    frame = case["text"] if "text" in case else json.dumps(case["body"])
    is_json = "text" not in case
    for text in naughty_strings():
        body = json.dumps(everywhere(json.loads(frame), text)) if is_json else frame + text

        answer = await ways.post(vendor, body.encode(), BEARER, *headers)

        assert answer.status == 202, (text, answer)
        assert answer.body != b'{"accepted":[],"quarantined":0}' or CATALOGUE[vendor].silent, text


def everywhere(value: object, text: str) -> object:
    """``value`` with ``text`` behind every text in it that is no word of the dialect."""
    if isinstance(value, dict):
        return {name: everywhere(inner, text) for name, inner in value.items()}
    if isinstance(value, list):
        return [everywhere(inner, text) for inner in value]
    return f"{value} {text}" if isinstance(value, str) and " " in value else value


async def test_a_naughty_title_is_an_alert_with_its_title_and_never_quarantined(ways: Ways) -> None:
    for text in naughty_strings():
        answer = await ways.post("generic", json.dumps({"title": f"Disk full {text}"}).encode(), BEARER)

        (alert,) = ways.last()
        assert answer.status == 202
        assert alert.quarantined is None, text
        assert alert.title.startswith("Disk full")


async def test_every_way_in_takes_every_body(ways: Ways) -> None:
    bodies = [*json_suite().items(), *((text, text.encode()) for text in naughty_strings())]
    for name, body in bodies:
        for path, header in proofs(body):
            answer = await ways.post(path, body, header)

            assert answer.status == 202 or (answer.status == 422 and name in BOMBS), (path, name, answer)


async def test_what_cannot_be_read_is_kept_as_it_came(ways: Ways) -> None:
    once = {body: name for name, body in json_suite().items()}  # the suite has some bodies twice: those are retries
    for body, name in once.items():
        answer = await ways.post("generic", body, BEARER)

        if answer.status == 202 and json.loads(answer.body)["quarantined"]:
            assert ways.last()[0].raw == body, name


async def test_naughty_secrets_names_and_ids_are_plain_refusals_or_plain_ids(ways: Ways) -> None:
    for text in naughty_strings():
        raw = text.encode()
        wrong = await ways.post("generic", b'{"title":"t"}', (b"authorization", b"Bearer x" + raw))
        nowhere = await ways.post(f"x{text}", b'{"title":"t"}', BEARER)
        named = await ways.post("generic", b'{"title":"t"}', BEARER, (b"webhook-id", raw), (b"idempotency-key", raw))
        typed = await ways.post("generic", b'{"title":"t"}', BEARER, (b"content-type", raw), (b"content-encoding", raw))

        assert wrong.status == 401, text
        assert nowhere.status in {401, 404}, text
        assert named.status == 202, text
        assert typed.status == 202, text


async def test_naughty_attributes_of_a_binary_cloudevent_lose_no_alert(ways: Ways) -> None:
    for text in naughty_strings():
        raw = text.encode()
        attributes = [(b"ce-" + name, raw) for name in (b"id", b"source", b"type", b"subject", b"time", b"severity")]
        answer = await ways.post("cloudevents", b'{"title":"Door open"}', BEARER, *attributes)

        assert answer.status == 202, text
        assert json.loads(answer.body)["accepted"], text


async def test_memory_does_not_grow_with_hostile_posts(ways: Ways) -> None:
    bodies = [*json_suite().values(), *(text.encode() for text in naughty_strings())]
    for body in bodies:  # what is made once, of any size, is made here
        await ways.post("generic", body, BEARER)
    for vendor in CATALOGUE:  # and what each dialect makes once
        for body in bodies[::20]:
            await ways.post(vendor, body, BEARER)
    gc.collect()
    before = resident()

    for turn, vendor in enumerate(CATALOGUE):
        for number, body in enumerate(bodies[turn % EVERY :: EVERY]):
            await ways.post(vendor, body + b" %d" % number, BEARER)
    gc.collect()

    assert resident() - before < GROWTH
