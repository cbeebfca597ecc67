"""Lanes around the routes: security headers on every answer, and problems as pages for people.

A browser that may not see a page is sent to the sign-in; every other refusal of a page is a page that says what
happened. Programs keep their problem+json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tandem.clock import Clock
from tandem_console.pages.render import Templates

HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""A route that sets one of these itself keeps its own."""
STRICT_TRANSPORT = ("strict-transport-security", "max-age=31536000")
SIGN_IN = "/sign-in"
_UNAUTHENTICATED = 401


class Shield:
    """The lane; see the module."""

    def __init__(self, app: ASGIApp, *, templates: Templates, clock: Clock, secure: bool) -> None:
        """``secure``: people reach us by https."""
        self._app = app
        self._templates = templates
        self._clock = clock
        self._headers = [*HEADERS.items(), *([STRICT_TRANSPORT] if secure else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        by_person = _is_page(scope)
        held: list[Message] = []

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(message)
                if by_person and _is_problem(message):
                    held.append(message)
                    return
            if not held:
                await send(message)
                return
            held.append(message)
            if not message.get("more_body", False):
                await self._as_page(scope, held, send)

        await self._app(scope, receive, shielded)

    def _add_headers(self, message: Message) -> None:
        present = {name.lower() for name, _ in message.get("headers", ())}
        more = [(name.encode(), value.encode()) for name, value in self._headers if name.encode() not in present]
        message["headers"] = [*message.get("headers", ()), *more]

    async def _as_page(self, scope: Scope, held: list[Message], send: Send) -> None:
        start = held[0]
        problem = json.loads(b"".join(message.get("body", b"") for message in held[1:]) or b"{}")
        kept = [
            (name, value)
            for name, value in start["headers"]
            if name.lower() not in {b"content-type", b"content-length"}
        ]
        status, body, more = self._answer(scope, start["status"], problem)
        headers = [
            *kept,
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            *more,
        ]
        await send({**start, "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(
        self, scope: Scope, status: int, problem: dict[str, object]
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        by_htmx = Headers(scope=scope).get("hx-request") == "true"
        if status == _UNAUTHENTICATED:
            where = f"{SIGN_IN}?next={quote(_path(scope), safe='')}".encode("ascii")
            return (200, b"", [(b"hx-redirect", where)]) if by_htmx else (303, b"", [(b"location", where)])
        name = "_notice.html" if by_htmx else "problem.html"
        body = self._templates.text(name, problem=problem, status=status, principal=None, now=self._clock.now())
        return status, body.encode(), []


def _is_page(scope: Scope) -> bool:
    return not scope["path"].startswith("/api/") and "text/html" in Headers(scope=scope).get("accept", "")


def _is_problem(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"application/problem+json")
        for name, value in message["headers"]
    )


def _path(scope: Scope) -> str:
    """Where the reader wanted to go; only pages can be gone to."""
    if scope["method"] != "GET":
        return "/"
    query = scope.get("query_string", b"").decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "")
