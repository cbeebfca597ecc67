"""Acknowledge links: ``GET /a/{token}`` shows a page with a button, ``POST`` acknowledges.

Mail scanners and previews fetch links, so GET and HEAD never acknowledge anything. The token is the capability: no
session, no cookie, hence nothing for another site to ride on. The wish goes to ``commands`` like every other one; the
router alone decides what it means.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

import structlog
from fastapi import APIRouter, Response

from tandem.bus.port import Bus, Record
from tandem.bus.postgres import run
from tandem.bus.topics import COMMANDS, incident_key
from tandem.clock import Clock
from tandem.db.write import Writes
from tandem.errors import Unavailable
from tandem.wire import codec
from tandem_notifier.answering import Standing, View, command_of, view
from tandem_notifier.links import AckLink, read
from tandem_notifier.render import one_line
from tandem_notifier.store import Database, cases
from tandem_notifier.store.answers import put_answer

_STYLE = """
:root{color-scheme:light dark}
body{font:18px/1.5 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:1.5rem}
h1{font-size:1.4rem;line-height:1.3;overflow-wrap:anywhere}
.p{display:inline-block;border:2px solid;border-radius:.4rem;padding:0 .5rem;font-weight:700}
button,a.b{display:block;box-sizing:border-box;width:100%;min-height:4rem;margin:1rem 0;border-radius:.6rem;
font:700 1.25rem/4rem system-ui,sans-serif;text-align:center;text-decoration:none;cursor:pointer}
button{border:0;background:#0b5cad;color:#fff}
a.b{border:2px solid;color:inherit}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
log = structlog.get_logger("tandem.notifier")

_OK, _NOT_FOUND, _GONE, _UNAVAILABLE = 200, 404, 410, 503


def answer_routes(
    *,
    bus: Bus,
    clock: Clock,
    key: bytes,
    database: Database,
    public_url: str = "",
    timer_set: Callable[[datetime], None] = lambda _at: None,
) -> APIRouter:
    """The routes of the notifier.

    Args:
        key: signs links, as ``SenderSettings.key``.
        database: reads cases and stores answers with the notifier's role.
        public_url: console address for the second button; without one it is left out.
        timer_set: hears of timers set here, so that the runner of this process looks at once.
    """
    answers = _Answers(bus, clock, key, database, public_url.rstrip("/"), timer_set)
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/a/{token}", answers.show, methods=["GET", "HEAD"])
    routes.add_api_route("/a/{token}", answers.acknowledge, methods=["POST"])
    return routes


class _Answers:
    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        key: bytes,
        database: Database,
        public_url: str,
        timer_set: Callable[[datetime], None],
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._key = key
        self._database = database
        self._public_url = public_url
        self._timer_set = timer_set

    async def show(self, token: str) -> Response:
        link = read(self._key, token)
        refused = self._refused(link)
        if link is None or refused is not None:
            return refused or _nothing_here()
        return self._page(link, await self._view(link))

    async def acknowledge(self, token: str) -> Response:
        link = read(self._key, token)
        refused = self._refused(link)
        if link is None or refused is not None:
            return refused or _nothing_here()
        seen = await self._view(link)
        if seen.standing in {Standing.ALREADY, Standing.RESOLVED}:
            return self._page(link, seen)
        try:
            await self._send(link)
        except Unavailable:
            text = "<p>Please press the button again in a moment; paging goes on until then.</p>"
            body = _document("Not acknowledged: the service is not available", text + _button("Try again"))
            return _html(body, _UNAVAILABLE, {"retry-after": "5"})
        return _html(_document("Acknowledged", f"<p>{_said(seen)}</p>{self._console(link)}"), _OK)

    async def _send(self, link: AckLink) -> None:
        """The wish is durable before anybody is told that it was heard."""
        now = self._clock.now()
        command = command_of(link, now)
        key = incident_key(link.tenant, link.incident_id)
        await self._bus.append([Record(COMMANDS.name, key, codec.encode(command))])
        writes = Writes()
        put_answer(writes, link, command_id=command.command_id, via=command.via, at=now)
        try:
            async with self._database.use() as connection:
                await run(connection, writes)
        except Unavailable as fault:
            log.warning("answer not recorded, its command is", fault=str(fault))
        self._timer_set(now)

    async def _view(self, link: AckLink) -> View:
        """What we know; nothing, while the database is away: somebody at three in the morning gets their button."""
        try:
            async with self._database.use() as connection:
                return view(await cases.read(connection, link.incident_id), link)
        except Unavailable:
            return View(Standing.UNKNOWN)

    def _refused(self, link: AckLink | None) -> Response | None:
        if link is None:
            return _nothing_here()
        if link.expired(self._clock.now()):
            text = "<p>Links are valid for seven days. Please sign in to the console.</p>"
            return _html(_document("This link has expired", text + self._console(link)), _GONE)
        return None

    def _page(self, link: AckLink, seen: View) -> Response:
        if seen.standing is Standing.RESOLVED:
            return _html(_document("Already resolved", f"<p>{_said(seen)}</p>{self._console(link)}"), _OK)
        if seen.standing is Standing.ALREADY:
            who = f"by {_text(seen.by)} " if seen.by else ""
            text = f"<p>{_said(seen)}</p><p>Acknowledged {who}at {_when(seen.at)}.</p>"
            return _html(_document("Already acknowledged", text + self._console(link)), _OK)
        title = _text(seen.title) or "An incident waits for you"
        return _html(_document(title, _facts(seen) + _button("Acknowledge") + self._console(link), raw=True), _OK)

    def _console(self, link: AckLink) -> str:
        if not self._public_url:
            return ""
        return f'<a class="b" href="{escape(self._public_url)}/incidents/{link.incident_id}">Open the incident</a>'


def _nothing_here() -> Response:
    return _html(_document("Nothing here", "<p>This link is not complete or not one of ours.</p>"), _NOT_FOUND)


def _html(body: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, {**HEADERS, **(headers or {})}, media_type="text/html; charset=utf-8")


def _document(title: str, body: str, *, raw: bool = False) -> str:
    """``raw``: the title is escaped already."""
    safe = title if raw else escape(title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe}</title><style>{_STYLE}</style></head><body><main><h1>{safe}</h1>{body}</main></body></html>"
    )


def _button(label: str) -> str:
    # Without an action the form posts to the page's own address: the token is not repeated in the document.
    return f'<form method="post"><button type="submit">{label}</button></form>'


def _facts(seen: View) -> str:
    if seen.standing is Standing.UNKNOWN:
        return ""
    host = f" on {_text(seen.host)}" if seen.host else ""
    number = f", incident {seen.number}" if seen.number else ""
    return f'<p><span class="p">{_text(seen.priority)}</span>{host}{number}<br>since {_when(seen.since)}</p>'


def _said(seen: View) -> str:
    return _text(seen.title) or "The incident"


def _text(text: str | None) -> str:
    return escape(one_line(text or "")[:300])


def _when(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%a %d %b %H:%M UTC") if at else "just now"
