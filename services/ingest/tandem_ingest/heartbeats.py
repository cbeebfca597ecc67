"""Check-ins: ``/v1/heartbeats/{integration}/{check}[/{secret}][/start|/fail|/log|/EXIT CODE]`` on the hot lane.

What healthchecks-style pings send works as it is: GET, HEAD or POST, a body as the note, ``?rid=`` to join a start
with its end. 200 ``OK`` only once the signal is durable. What its silence means is the router's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import urandom
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from tandem.bus.port import Record
from tandem.bus.topics import SIGNALS, signal_key
from tandem.clock import Clock
from tandem.errors import PoisonRecord, Reason, Refused, Unavailable
from tandem.ids import uuid7
from tandem.model.integration import Integration
from tandem.model.signal import NOTE_BYTES, Signal, SignalKind
from tandem.web import problems
from tandem.web.body import DEADLINE_S, decompress
from tandem.web.problems import HttpProblem, send_problem
from tandem.web.request_id import request_id_of
from tandem.wire import codec
from tandem_ingest import signature, text
from tandem_ingest.accept import Acceptance
from tandem_ingest.arriving import Arriving, headers_of
from tandem_ingest.integrations import NOT_LOOKED_UP, IntegrationBook
from tandem_ingest.metrics import Counts, Result

PREFIX = "/v1/heartbeats/"
ARRIVING_BYTES = 16 << 20
"""Of all notes that are not complete yet."""
METHODS = frozenset({"GET", "HEAD", "POST"})
_ACTIONS = {"start": SignalKind.START, "fail": SignalKind.FAIL, "log": SignalKind.LOG}
_CHECK = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_.-")
_LONGEST = 64
_MOST_CODE = 255
_NOT_METHOD = problems.of_status(405, "a check-in is a GET, HEAD or POST", {"allow": "GET, HEAD, POST"})
_NOWHERE = "there is nothing at this address"


@dataclass(frozen=True, slots=True)
class Ping:
    """What the address of a check-in says."""

    integration: str
    check: str
    kind: SignalKind
    secret: str | None = None
    exit_code: int | None = None


class HeartbeatLane:
    """Serves the check-ins and hands everything else to the application behind it."""

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
        """``deadline_s`` is how long a note may take to arrive."""
        self._app = app
        self._book = book
        self._acceptance = acceptance
        self._clock = clock
        self._counts = counts
        self._arriving = Arriving(ARRIVING_BYTES, deadline_s=deadline_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        refused = await self._answer(scope, receive)
        if refused is not None:
            await send_problem(send, refused, request_id_of(scope))
            return
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"2"),
            (b"ping-body-limit", b"%d" % NOTE_BYTES),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else b"OK"})

    async def _answer(self, scope: Scope, receive: Receive) -> HttpProblem | None:
        """None once the signal is durable."""
        ping = place(scope["path"])
        integration = self._book.get(ping.integration) if ping is not None else None
        try:
            if ping is None:
                raise Refused(Reason.NOT_FOUND, _NOWHERE)
            if scope["method"] not in METHODS:
                return _NOT_METHOD
            headers = headers_of(scope["headers"])
            body = await self._arriving.body(scope, receive)
            await self._take(ping, integration, headers, body, scope.get("query_string", b""))
        except Refused as refusal:
            if self._book.cannot_tell(refusal):
                self._counts.heard(integration, Result.UNAVAILABLE)
                return problems.of(NOT_LOOKED_UP)
            self._counts.heard(integration, refusal.reason.value)
            if refusal.reason is Reason.UNAUTHENTICATED and ping is not None and ping.secret is not None:
                return problems.of(Refused(Reason.NOT_FOUND, _NOWHERE))
            return problems.of(refusal)
        except Unavailable as fault:
            self._counts.heard(integration, Result.UNAVAILABLE)
            return problems.of(fault)
        self._counts.heard(integration, ping.kind.value)
        return None

    async def _take(
        self, ping: Ping, integration: Integration | None, headers: Mapping[str, str], body: bytes, query: bytes
    ) -> None:
        """Verify, then make the signal durable."""
        if not self._book.loaded:
            raise Unavailable("integrations", "not loaded yet")
        now = self._clock.now()
        signature.verify(integration, headers, ping.secret, body, now, query=query.decode("latin-1"))
        if integration is None:  # verify has refused it; the type checker cannot know
            raise Refused(Reason.UNAUTHENTICATED, "")
        signal = Signal(
            signal_id=uuid7(now, urandom(16)),
            tenant=integration.tenant,
            check=ping.check,
            kind=ping.kind,
            received_at=now,
            integration=integration.name,
            run_id=run_id_of(query),
            exit_code=ping.exit_code,
            note=note_of(body, headers.get("content-encoding", "")),
        )
        try:
            value = codec.encode(signal)
        except PoisonRecord as fault:  # nothing that came through text.py should get here
            raise Refused(Reason.INVALID, "the note has no wire form") from fault
        await self._acceptance.append([Record(SIGNALS.name, signal_key(signal.tenant, signal.check), value)])


def place(path: str) -> Ping | None:
    """What an address under PREFIX says; None when there is nothing at it. The check's name is read without case."""
    parts = path[len(PREFIX) :].rstrip("/").split("/")
    if not 2 <= len(parts) <= 4 or not all(parts):
        return None
    integration, check, *rest = parts
    kind, exit_code = _action(rest[-1]) if rest else (None, None)
    secrets = rest[:-1] if kind is not None else rest
    if len(secrets) > 1 or not _is_name(check.lower()):
        return None
    return Ping(
        integration=integration,
        check=check.lower(),
        kind=kind or SignalKind.SUCCESS,
        secret=secrets[0] if secrets else None,
        exit_code=exit_code,
    )


def _action(word: str) -> tuple[SignalKind | None, int | None]:
    """What the last part of an address says of the run; (None, None) when it is a secret."""
    if word.lower() in _ACTIONS:
        return _ACTIONS[word.lower()], None
    if word.isascii() and word.isdigit() and len(word) <= len(str(_MOST_CODE)) and int(word) <= _MOST_CODE:
        return SignalKind.FAIL if int(word) else SignalKind.SUCCESS, int(word)
    return None, None


def run_id_of(query: bytes) -> str:
    """``rid`` of a query string; one that could not be an id counts as none."""
    try:
        found = parse_qs(query.decode("ascii", "replace"), max_num_fields=20).get("rid", [""])[0]
    except ValueError:
        return ""
    return found if _CHECK.issuperset(found.lower()) and len(found) <= _LONGEST else ""


def _is_name(check: str) -> bool:
    """Whether an agreement could call a check so (``fields.Id``)."""
    return _CHECK.issuperset(check) and check[:1].isalnum() and len(check) <= _LONGEST


def note_of(body: bytes, encoding: str) -> str | None:
    """The first NOTE_BYTES of a body as harmless text; None without one."""
    try:
        plain = decompress(body, encoding)
    except Refused as refusal:
        if refusal.reason is not Reason.INVALID:
            raise
        plain = body
    said, _ = text.block(plain[:NOTE_BYTES].decode("utf-8", "replace"), NOTE_BYTES)
    return said or None
