"""The demo's phones: one page that shows every page as it arrives and lets the visitor answer it.

It takes pages as any receiver would, over HTTP with a signature, and keeps the newest in memory.
"""

from __future__ import annotations

import html
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from tandem.clock import Clock

KEPT = 500
PATH = "/demo/inbox"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """One page, as it was posted."""

    phone: str
    at: datetime
    body: dict[str, Any]


@dataclass(slots=True)
class Inbox:
    """What arrived, oldest first; a page that came twice is here twice."""

    clock: Clock
    queue_url: str = "/"
    """Where the console is; it may be another address."""
    pages: deque[Arrived] = field(default_factory=lambda: deque(maxlen=KEPT))

    def put(self, phone: str, body: Any) -> None:  # noqa: ANN401 - whatever was posted
        """Keep a page."""
        if isinstance(body, dict):
            self.pages.append(Arrived(phone, self.clock.now(), body))

    def router(self) -> APIRouter:
        """The phones' address and the page that plays them."""
        router = APIRouter(include_in_schema=False)

        @router.post(PATH + "/{person}")
        async def receive(person: str, request: Request) -> Response:
            try:
                body = msgspec.json.decode(await request.body())
            except msgspec.DecodeError:
                return JSONResponse({"detail": "not JSON"}, status_code=400)
            self.put(person, body)
            return Response(status_code=204)

        @router.get(PATH)
        async def show(request: Request) -> Response:
            if "application/json" in request.headers.get("accept", ""):
                return JSONResponse([page.body for page in self.pages], headers={"Cache-Control": "no-store"})
            return HTMLResponse(render(list(self.pages), self.clock.now(), self.queue_url), headers=_HEADERS)

        return router


def render(pages: list[Arrived], now: datetime, queue_url: str) -> str:
    """The page, newest first; it loads itself again every three seconds and needs no script."""
    once = {page.body.get("page_id"): page for page in reversed(pages)}  # sent at least once, shown once
    cards = "\n".join(_card(page, now) for page in list(once.values())[:60])
    empty = '<p class="empty">No page yet. The first arrives a moment after the first alert.</p>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pager inbox · Tandem demo</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="3">'
        '<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="/demo/inbox.css"></head><body>'
        "<header><h1>Pager inbox</h1><p>These are the phones of the demo: what people are paged and told. "
        f'Answer as they would. <a href="{html.escape(queue_url)}">Back to the queue</a></p></header>'
        f"<main>{cards or empty}</main></body></html>"
    )


def _card(arrived: Arrived, now: datetime) -> str:
    page = arrived.body
    text = {key: html.escape(str(page.get(key) or "")) for key in ("title", "priority", "party", "track")}
    text["person"] = html.escape(str(page.get("person_name") or page.get("person") or arrived.phone))
    seconds = max(0, int((now - arrived.at).total_seconds()))
    age = f"{seconds} s ago" if seconds < 90 else f"{seconds // 60} min ago"
    link = page.get("ack_url")
    answer = (
        f'<form method="post" action="{html.escape(str(link))}"><button>Acknowledge as {text["person"]}</button></form>'
        if link
        else '<span class="told">told, no answer needed</span>'
    )
    return (
        f'<article class="{text["priority"].lower()}"><div class="who"><b>{text["person"]}</b>'
        f"<span>{text['party']} · {text['track']}</span><time>{age}</time></div>"
        f'<p><span class="prio">{text["priority"]}</span> {text["title"]}</p>{answer}</article>'
    )
