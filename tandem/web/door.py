"""What a listener answers before its application is there, alive, not ready, and why; and when it is about to go."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tandem.errors import Unavailable
from tandem.web import problems
from tandem.web.problems import NOT_READY, send_problem
from tandem.web.request_id import request_id_of

_ALIVE = b'{"status":"ok"}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_ALIVE))]


class Door:
    """An ASGI application that becomes another one by ``open``."""

    def __init__(self, leaving: asyncio.Event | None = None) -> None:
        """While ``leaving`` is set each answer ends its connection: who keeps one would not look elsewhere."""
        self._leaving = leaving or asyncio.Event()
        self._app: ASGIApp | None = None
        self._why = "starting"

    def say(self, why: str) -> None:
        """What ``/readyz`` tells from now on; for an operator, and never a secret."""
        self._why = why

    def open(self, app: ASGIApp) -> None:
        """Hand every further request to ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if self._leaving.is_set():
            send = _last(send)
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, send)

    async def _answer(self, scope: Scope, send: Send) -> None:
        if scope["path"] == "/livez":
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": _ALIVE})
            return
        problem = NOT_READY.saying(self._why) if scope["path"] == "/readyz" else problems.of(Unavailable("tandem"))
        await send_problem(send, problem, request_id_of(scope))


def _last(send: Send) -> Send:
    """``send``, for the last answer on a connection."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return closing
