"""The id of one request: in every log line of it, in every problem, in the answer. Pure ASGI, a few microseconds."""

from __future__ import annotations

import os
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tandem.logging import request_id_said

HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9_.:-]{8,64}")


def new_request_id() -> str:
    """Sixteen hexadecimal digits; identifies, proves nothing."""
    return os.urandom(8).hex()


def request_id_of(scope: Scope) -> str:
    """The id of the request of ``scope``; a new one where no middleware has run (tests of a bare application)."""
    known: str | None = scope.get("state", {}).get("request_id")
    return known or new_request_id()


class RequestIds:
    """Takes a sane ``X-Request-Id`` or makes one, and sends it back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == HEADER), b"")
        request_id = given.decode("ascii") if _SANE.fullmatch(given) else new_request_id()
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id.encode("ascii"))]
            await send(message)

        # structlog's own bound_contextvars costs a tenth of a whole webhook.
        before = request_id_said.set(request_id)
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            request_id_said.reset(before)
