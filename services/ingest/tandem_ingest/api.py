"""The hot lane: every address tools post to, as a bare ASGI class before the application.

A framework's request machinery costs more than everything done here together. Every input gets a deliberate answer:
202 once its alerts are durable, or a refusal in the words of its API; nothing is logged per post above debug level.
What an API asks for and answers is in doors/, how bodies are read in normalise.py, how they become durable in
accept.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from starlette.types import ASGIApp, Receive, Scope, Send

from tandem.clock import Clock, monotonic
from tandem.errors import Reason, Refused, TandemError, Unavailable
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem.web import problems
from tandem.web.body import DEADLINE_S, decompress
from tandem.web.problems import HttpProblem, send_problem
from tandem.web.request_id import request_id_of
from tandem_ingest import tenancy
from tandem_ingest.accept import Acceptance
from tandem_ingest.arriving import Arriving, headers_of
from tandem_ingest.doors.door import Answer, Asked, Door, Taken
from tandem_ingest.doors.table import Doors
from tandem_ingest.fairness.gate import TooMany
from tandem_ingest.integrations import NOT_LOOKED_UP, IntegrationBook
from tandem_ingest.metrics import Counts, Result
from tandem_ingest.normalise import Post
from tandem_ingest.sns import SnsDoor, cannot_fetch
from tandem_ingest.vendors.catalogue import vendor_of
from tandem_ingest.vendors.monitoring.alertmanager import TRUNCATED

ARRIVING_BYTES = 48 << 20
"""Of all bodies that are not complete yet: slow senders may not fill the memory together."""


_JSON = (b"content-type", b"application/json")
_ONE_ACCEPTED: Mapping[Result, int] = MappingProxyType({Result.ACCEPTED: 1})


class AlertLane:
    """Serves the doors' routes and hands everything else to the application behind it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        book: IntegrationBook,
        acceptance: Acceptance,
        clock: Clock,
        counts: Counts,
        sns: SnsDoor | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """``sns`` proves what Amazon signs; ``deadline_s`` is how long a body may take to arrive."""
        self._app = app
        self._doors = Doors(sns or SnsDoor(cannot_fetch))
        self._book = book
        self._acceptance = acceptance
        self._clock = clock
        self._counts = counts
        self._arriving = Arriving(ARRIVING_BYTES, deadline_s=deadline_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        door = self._doors.at(scope["path"]) if scope["type"] == "http" else None
        if door is None:
            await self._app(scope, receive, send)
            return
        asked = _asked(scope)
        answer = await self._answer(door, asked, scope, receive)
        if isinstance(answer, HttpProblem):
            await send_problem(send, answer, asked.request_id)
        else:
            await _send(send, answer)

    async def _answer(self, door: Door, asked: Asked, scope: Scope, receive: Receive) -> Answer | HttpProblem:
        """What the sender is told."""
        started = monotonic()
        try:
            found = door.find(asked, self._book)
            if found is not None:
                return found
            if not door.allows(asked):
                return _not_allowed(door)
            asked.body = await self._body(scope, receive, asked, door.limit)
            if not self._book.loaded:
                raise Unavailable("integrations", "not loaded yet")
            return await self._taken(door, asked, started)
        except Refused as refusal:
            if self._book.cannot_tell(refusal):
                self._counts.received(asked.integration, Result.UNAVAILABLE)
                return _worded(door.unavailable(asked, NOT_LOOKED_UP), asked)
            self._counts.received(asked.integration, refusal.reason.value)
            return _worded(door.refused(asked, refusal), asked)
        except Unavailable as fault:
            self._counts.received(asked.integration, fault.result if isinstance(fault, TooMany) else Result.UNAVAILABLE)
            return _worded(door.unavailable(asked, fault), asked)

    async def _taken(self, door: Door, asked: Asked, started: float) -> Answer:
        """Verify, read, accept, count."""
        now = self._clock.now()
        taken = await door.take(asked, self._book, now)
        if isinstance(taken, Answer):
            if taken.ignored:
                self._counts.received(asked.integration, Result.IGNORED)
            return taken
        alerts: Sequence[Alert] = ()
        if taken.reading.alerts or taken.reading.quarantined is not None:
            content_type = asked.headers.get("content-type")
            post = Post(
                integration=taken.integration, vendor=taken.vendor, body=taken.body, content_type=content_type,
                received_at=now, headers=asked.headers,
            )  # fmt: skip
            alerts, known = await self._acceptance.accept(post, taken.reading, taken.delivery_id)
            self._count(taken, alerts, known=known)
            self._counts.took(monotonic() - started)
        elif not taken.faults:
            self._counts.received(taken.integration, Result.IGNORED)
        if taken.faults:
            self._counts.received(taken.integration, Reason.INVALID.value, len(taken.faults))
        return door.accepted(asked, taken, alerts)

    async def _body(self, scope: Scope, receive: Receive, asked: Asked, limit: int) -> bytes:
        """The whole body as it was sent.

        Raises:
            Refused: TOO_LARGE, TOO_SLOW, or INVALID when the sender hung up.
            Unavailable: too many bodies are on their way at once.
        """
        if _announced(asked.headers.get("content-length", "")) > limit:
            raise Refused(Reason.TOO_LARGE, f"the body exceeds {limit} bytes")
        return await self._arriving.body(scope, receive, limit=limit)

    def _count(self, taken: Taken, alerts: Sequence[Alert], *, known: bool) -> None:
        if known:
            self._counts.received(taken.integration, Result.DUPLICATE, len(alerts))
            return
        for result, number in _results(taken.integration, alerts).items():
            self._counts.received(taken.integration, result, number)
        missing = alerts[0].labels.get(TRUNCATED, "")
        if missing and alerts[0].vendor == "alertmanager":
            self._counts.received(taken.integration, Result.TRUNCATED, _announced(missing))


def _results(integration: Integration, alerts: Sequence[Alert]) -> Mapping[Result, int]:
    """What became of each alert of a new delivery; most deliveries are one alert."""
    if integration.tenant_from is None and len(alerts) == 1 and alerts[0].quarantined is None:
        return _ONE_ACCEPTED
    return Counter(
        Result.UNKNOWN_TENANT if tenancy.waits(integration, alert)
        else Result.ACCEPTED if alert.quarantined is None
        else Result.QUARANTINED
        for alert in alerts
    )  # fmt: skip


def _asked(scope: Scope) -> Asked:
    return Asked(
        method=scope["method"],
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers_of(scope["headers"]),
        request_id=request_id_of(scope),
        inflate=decompress,
    )


def _announced(number: str) -> int:
    """A count as a sender writes it, 0 when it is none."""
    return int(number[:9]) if number.isascii() and number.isdigit() else 0


def _worded(answer: Answer | TandemError, asked: Asked) -> Answer | HttpProblem:
    """The door's own answer, or ours: a problem; overload is 503, or what the dialect retries on."""
    if isinstance(answer, Answer):
        return answer
    problem = problems.of(answer)
    if isinstance(answer, TooMany):
        problem = problem.saying(str(answer))
    if isinstance(answer, Unavailable) and asked.integration is not None:
        return replace(problem, status=vendor_of(asked.integration.vendor).overload)
    return problem


def _not_allowed(door: Door) -> HttpProblem:
    allowed = ", ".join(door.methods)
    return problems.of_status(405, f"this address takes {allowed}", {"allow": allowed})


async def _send(send: Send, answer: Answer) -> None:
    media = _JSON if answer.media == "application/json" else (b"content-type", answer.media.encode("latin-1"))
    headers = [media, (b"content-length", b"%d" % len(answer.body))]
    if answer.headers:
        headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
