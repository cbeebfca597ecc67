"""``GET /api/v1/stream``: what happens, as server-sent events. A hint: the pages and the API are the truth.

``id`` is the feed's position; ``Last-Event-ID`` resumes strictly after it. An unknown or expired id gives one ``reset``
event, after which the reader loads what it shows again.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from tandem.clock import monotonic
from tandem.errors import Reason, Refused, Unavailable
from tandem.web.text import Text
from tandem_console.access import Principal, Scope
from tandem_console.api.allowed import Gate, bearer_of
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.store.records import FeedRow, RecordStore
from tandem_console.stream.tail import BATCH, Tail, Watcher

MOST_STREAMS = 500
"""Streams of one process."""
MOST_REPLAYED = 5000
"""A reader further behind than this resets."""
CHECKED_EVERY_S = 5.0
"""How soon a stream notices that its token was revoked or its session ended."""
RETRY_MS = 2000


@dataclass(frozen=True, slots=True)
class Streaming:
    """What the route needs."""

    gate: Gate
    records: RecordStore
    tail: Tail


def router(parts: Streaming) -> APIRouter:
    """The stream's route."""
    api = APIRouter(prefix="/api/v1", tags=["stream"], responses=PROBLEMS)

    async def room(principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.READ))]) -> Principal:
        if parts.tail.watchers >= MOST_STREAMS:
            raise Refused(Reason.TOO_MANY, "too many open streams here")
        if not await parts.tail.started():
            raise Unavailable("stream")
        return principal

    @api.get("/stream", response_class=EventSourceResponse)
    async def stream(
        request: Request,
        principal: Annotated[Principal, Depends(room)],
        last_event_id: Annotated[Text | None, Header(max_length=100)] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """Events incident, sla, page and suppression of the caller's tenants, as they happen."""
        watcher = parts.tail.watch(principal.tenants)
        try:
            yield ServerSentEvent(comment="tandem", retry=RETRY_MS)
            async for event in _events(parts, watcher, principal, bearer_of(request), last_event_id):
                yield event
        finally:
            parts.tail.leave(watcher)

    return api


async def _events(
    parts: Streaming, watcher: Watcher, principal: Principal, bearer: str | None, last: str | None
) -> AsyncIterator[ServerSentEvent]:
    position = None
    if last is not None:
        position = await _resumed(parts, last)
        if position is None:
            yield _reset()
        else:
            async for row in _replayed(parts, principal, position):
                position = row.position
                yield _event(row)
    checked = monotonic()
    while not watcher.ended:
        for row in await watcher.take(CHECKED_EVERY_S):
            if position is None or row.position > position:
                position = row.position
                yield _event(row)
        if watcher.lost:
            watcher.lost = False
            yield _reset()
        if monotonic() - checked >= CHECKED_EVERY_S:
            checked = monotonic()
            if not await _still(parts, principal, bearer):
                return


async def _resumed(parts: Streaming, last: str) -> int | None:
    """The position to resume after; None when it is not one of ours, or what followed it is gone."""
    if not (last.isascii() and last.isdigit() and len(last) < 19):
        return None
    position = int(last)
    first, newest = await parts.records.feed_bounds()
    known = first - 1 <= position <= newest
    return position if known and newest - position <= MOST_REPLAYED else None


async def _replayed(parts: Streaming, principal: Principal, position: int) -> AsyncIterator[FeedRow]:
    while rows := await parts.records.feed_after(position, BATCH):
        position = rows[-1].position
        for row in rows:
            if row.tenant in principal.tenants:
                yield row
        if len(rows) < BATCH:
            return


async def _still(parts: Streaming, principal: Principal, bearer: str | None) -> bool:
    try:
        return await parts.gate.still(principal, bearer)
    except Unavailable:
        return True  # a database that is away ends no stream; nothing new comes from it either


def _event(row: FeedRow) -> ServerSentEvent:
    body: dict[str, Any] = {"position": row.position, **row.body}
    return ServerSentEvent(event=row.kind, id=str(row.position), data=body)


def _reset() -> ServerSentEvent:
    return ServerSentEvent(event="reset", data={"reason": "load again what you show"})
