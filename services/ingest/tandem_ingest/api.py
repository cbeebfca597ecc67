"""The hot lane: ``POST /v1/alerts/{integration}[/{secret}]`` as a bare ASGI class before the application.

A framework's request machinery costs more than everything done here together. Every input gets a deliberate answer:
202 once its alerts are durable, or a problem; nothing is logged per post above debug level. How bodies are read is in
normalise.py, how they become durable in accept.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tandem.clock import Clock, monotonic
from tandem.errors import Reason, Refused, Unavailable
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem.web import problems
from tandem.web.body import DEADLINE_S, LIMIT, decompress, read_body
from tandem.web.problems import HttpProblem, send_problem
from tandem.web.request_id import request_id_of
from tandem_ingest import normalise, signature
from tandem_ingest.accept import Acceptance
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts, Result
from tandem_ingest.normalise import Post, Reading
from tandem_ingest.vendors.alertmanager import TRUNCATED
from tandem_ingest.vendors.catalogue import Vendor, vendor_of

PREFIX = "/v1/alerts/"
ARRIVING_BYTES = 48 << 20
"""Of all bodies that are not complete yet: slow senders may not fill the memory together."""
_NOT_POST = problems.of_status(405, "alerts are sent by POST", {"allow": "POST"})
_encode = msgspec.json.Encoder().encode


class AlertLane:
    """Serves the alert routes and hands everything else to the application behind it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        book: IntegrationBook,
        acceptance: Acceptance,
        clock: Clock,
        counts: Counts,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """``deadline_s`` is how long a body may take to arrive."""
        self._app = app
        self._book = book
        self._acceptance = acceptance
        self._clock = clock
        self._counts = counts
        self._deadline_s = deadline_s
        self._arriving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        answer = await self._answer(scope, receive)
        if isinstance(answer, HttpProblem):
            await send_problem(send, answer, request_id_of(scope))
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, scope: Scope, receive: Receive) -> bytes | HttpProblem:
        """The body of the 202, or why there is none."""
        started = monotonic()
        place = _place(scope["path"])
        integration = self._book.get(place[0]) if place is not None else None
        try:
            if place is None:
                raise Refused(Reason.NOT_FOUND, "there is nothing at this address")
            if scope["method"] != "POST":
                return _NOT_POST
            headers = _headers(scope["headers"])
            body = await self._body(receive, headers)
            alerts, known = await self._take(integration, headers, place[1], body)
        except Refused as refusal:
            self._counts.received(integration, refusal.reason.value)
            return _refused(refusal, in_path=place is not None and place[1] is not None)
        except Unavailable as fault:
            self._counts.received(integration, Result.UNAVAILABLE)
            return _overloaded(fault, integration)
        self._count(integration, alerts, known=known)
        self._counts.took(monotonic() - started)
        return _accepted(alerts)

    async def _take(
        self, integration: Integration | None, headers: Mapping[str, str], path_secret: str | None, body: bytes
    ) -> tuple[list[Alert], bool]:
        """Verify, read, accept: the alerts, and whether they were durable before."""
        if not self._book.loaded:
            raise Unavailable("integrations", "not loaded yet")
        now = self._clock.now()
        signed_id = signature.verify(integration, headers, path_secret, body, now)
        if integration is None:  # verify has refused it; the type checker cannot know
            raise Refused(Reason.UNAUTHENTICATED, "")
        vendor = vendor_of(integration.vendor)
        plain, reading = _read(vendor, body, headers)
        content_type = headers.get("content-type")
        post = Post(integration=integration, vendor=vendor, body=plain, content_type=content_type, received_at=now)
        return await self._acceptance.accept(post, reading, signed_id)

    async def _body(self, receive: Receive, headers: Mapping[str, str]) -> bytes:
        """The whole body as it was sent.

        Raises:
            Refused: TOO_LARGE, TOO_SLOW, or INVALID when the sender hung up.
            Unavailable: too many bodies are on their way at once.
        """
        if _announced(headers.get("content-length", "")) > LIMIT:
            raise Refused(Reason.TOO_LARGE, f"the body exceeds {LIMIT} bytes")
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            size = len(message.get("body", b""))
            arrived += size
            self._arriving += size
            if self._arriving > ARRIVING_BYTES:
                raise Unavailable("intake", "too many bodies are arriving")
            return message

        try:
            return await read_body(counted, deadline_s=self._deadline_s)
        finally:
            self._arriving -= arrived

    def _count(self, integration: Integration | None, alerts: Sequence[Alert], *, known: bool) -> None:
        quarantined = _quarantined(alerts)
        if known:
            self._counts.received(integration, Result.DUPLICATE, len(alerts))
            return
        if quarantined:
            self._counts.received(integration, Result.QUARANTINED, quarantined)
        if len(alerts) > quarantined:
            self._counts.received(integration, Result.ACCEPTED, len(alerts) - quarantined)
        missing = alerts[0].labels.get(TRUNCATED, "")
        if missing and alerts[0].vendor == "alertmanager":
            self._counts.received(integration, Result.TRUNCATED, _announced(missing))


def _place(path: str) -> tuple[str, str | None] | None:
    """``/v1/alerts/NAME[/SECRET]`` -> name and secret; None when the path has another form."""
    name, slash, secret = path[len(PREFIX) :].partition("/")
    if not name or "/" in secret or bool(secret) != bool(slash):
        return None
    return name, secret if slash else None


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; one that comes twice is joined, so that a secret sent twice is a wrong one."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key, said = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]}, {said}" if key in found else said
    return found


def _announced(number: str) -> int:
    """A count as a sender writes it, 0 when it is none."""
    return int(number[:9]) if number.isascii() and number.isdigit() else 0


def _read(vendor: Vendor, body: bytes, headers: Mapping[str, str]) -> tuple[bytes, Reading]:
    """The body after decompression, and what it says."""
    try:
        plain = decompress(body, headers.get("content-encoding", ""))
    except Refused as refusal:
        if refusal.reason is not Reason.INVALID:
            raise
        return body, Reading(quarantined=refusal.detail)
    return plain, normalise.read(vendor, plain, headers)


def _accepted(alerts: Sequence[Alert]) -> bytes:
    each = [
        {"alert_id": str(alert.alert_id), "dedup_key": alert.dedup_key, "status": alert.status.value}
        for alert in alerts
    ]
    return _encode({"accepted": each, "quarantined": _quarantined(alerts)})


def _quarantined(alerts: Sequence[Alert]) -> int:
    return sum(alert.quarantined is not None for alert in alerts)


def _refused(refusal: Refused, *, in_path: bool) -> HttpProblem:
    """A URL with a wrong secret in it does not exist."""
    if refusal.reason is Reason.UNAUTHENTICATED and in_path:
        refusal = Refused(Reason.NOT_FOUND, "there is nothing at this address")
    return problems.of(refusal)


def _overloaded(fault: Unavailable, integration: Integration | None) -> HttpProblem:
    """503, or what the dialect retries on."""
    problem = problems.of(fault)
    return replace(problem, status=vendor_of(integration.vendor).overload) if integration is not None else problem
