"""One application with a route of each kind, served for real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from tandem.clock import wait_event
from tandem.errors import Reason, Refused, Unavailable
from tandem.metrics import Metrics
from tandem.web.application import build_app
from tandem.web.body import read_body
from tandem.web.text import STRICT, Text
from tests.support.web import serving


class Note(BaseModel):
    model_config = STRICT

    text: Text
    weight: float = 0.0


class Lane:
    """Answers /lane/ itself with the length of the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/lane/"):
            await self.app(scope, receive, send)
            return
        if scope["path"] == "/lane/down":
            raise Unavailable("database", "password=hunter2")
        body = await read_body(receive, deadline_s=5)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok" if body else b"no"})


def routes(stopping: asyncio.Event) -> APIRouter:
    router = APIRouter()

    @router.post("/api/v1/notes")
    async def add(note: Note) -> Note:
        return note

    @router.get("/api/v1/refuse/{reason}")
    async def refuse(reason: Reason) -> None:
        raise Refused(reason, "because", errors=("/text: too long",))

    @router.get("/api/v1/fault")
    async def fault() -> None:
        raise RuntimeError("select secret from hidden.table")

    @router.get("/api/v1/stream", response_class=EventSourceResponse)
    async def stream() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(data="hello")
        while not await wait_event(stopping, 5.0):
            yield ServerSentEvent(comment="ping")

    return router


@pytest.fixture(scope="module")
def stopping():
    return asyncio.Event()


@pytest.fixture(scope="module")
def checks():
    return {}


@pytest.fixture(scope="module")
def app(stopping, checks):
    return build_app(routers=[routes(stopping)], lanes=[Lane], metrics=Metrics(version="test"), checks=checks)


@pytest.fixture(scope="module")
async def server(app):
    """Shared by a module's tests; who stops a server makes one."""
    async with serving(app) as server:
        yield server
