"""Builds the one ASGI application of a process from the routers and lanes of its targets.

Order, outermost first: request ids, refusals to problems, lanes, the body limit, FastAPI. A lane is for what FastAPI's
request machinery (about 100 microseconds) is too slow: it answers paths of its own and passes everything else on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import Counter
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tandem.errors import Reason, Refused, TandemError
from tandem.metrics import Metrics
from tandem.web import problems
from tandem.web.body import LIMIT
from tandem.web.health import Check, health_router
from tandem.web.problems import HttpProblem, send_problem
from tandem.web.request_id import RequestIds, request_id_of

Lane = Callable[[ASGIApp], ASGIApp]
"""Wraps the next application: answers paths with its own prefix, passes on everything else, lifespan included."""

OPENAPI_URL = "/api/v1/openapi.json"

_log = structlog.stdlib.get_logger(__name__)


def build_app(
    *,
    routers: Iterable[APIRouter],
    lanes: Iterable[Lane] = (),
    metrics: Metrics,
    checks: Mapping[str, Check],
    title: str = "Tandem",
    docs: bool = True,
    body_limit: int = LIMIT,
) -> ASGIApp:
    """The application of one listener.

    Args:
        routers: in order; health routes come first and cannot be shadowed.
        lanes: the first is asked first.
        checks: dependency -> check for ``/readyz``, looked up at every request.
        docs: serve the OpenAPI document at ``/api/v1/openapi.json``; no page that loads scripts from elsewhere exists.
        body_limit: bytes of a request body on FastAPI's routes; lanes bound their own.
    """
    api = FastAPI(title=title, openapi_url=OPENAPI_URL if docs else None, docs_url=None, redoc_url=None)
    api.include_router(health_router(metrics, checks))
    for router in routers:
        api.include_router(router)
    _handle_errors(api)
    app: ASGIApp = BodyLimit(api, body_limit)
    for lane in reversed(list(lanes)):
        app = lane(app)
    return RequestIds(Edge(app, metrics.http_responses))


def _handle_errors(api: FastAPI) -> None:
    """Whatever ends a request early becomes a problem; Starlette logs the last kind with its trace."""
    api.add_exception_handler(TandemError, _answer(problems.of))
    api.add_exception_handler(RequestValidationError, _answer(lambda error: problems.of_validation(error.errors())))
    api.add_exception_handler(
        HTTPException, _answer(lambda error: problems.of_status(error.status_code, error.detail, error.headers))
    )
    api.add_exception_handler(Exception, _answer(lambda _: problems.INTERNAL))


def _answer(problem_of: Callable[[Any], HttpProblem]) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        return Response(problem.body(request_id_of(request.scope)), problem.status, dict(problem.header_list()))

    return handle


class Edge:
    """Turns errors of lanes into problems and counts every answer."""

    def __init__(self, app: ASGIApp, responses: Counter) -> None:
        self.app = app
        self.responses = responses
        self._by_status: dict[int, Counter] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def counted(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._counter_of(message["status"]).inc()
            await send(message)

        try:
            await self.app(scope, receive, counted)
        except TandemError as error:
            problem = problems.of(error)
            if problem is problems.INTERNAL or started:
                _log.exception("request failed", path=scope["path"])
            if not started:
                await send_problem(counted, problem, request_id_of(scope))

    def _counter_of(self, status: int) -> Counter:
        """The counter of one status, looked up once."""
        found = self._by_status.get(status)
        if found is None:
            found = self._by_status[status] = self.responses.labels(status)
        return found


class BodyLimit:
    """Counts body bytes while they are read; what is above the limit never reaches memory, the answer is 413.

    FastAPI turns whatever ``receive`` raises into a 400 of its own, so that answer is dropped and replaced.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _announced(scope["headers"]) > self.limit:
            raise self._too_large()
        size = 0
        started = False

        async def counted_receive() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self.limit:
                raise self._too_large()
            return message

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if size <= self.limit or started:
                started = True
                await send(message)

        await self.app(scope, counted_receive, guarded_send)
        if size > self.limit and not started:
            raise self._too_large()

    def _too_large(self) -> Refused:
        return Refused(Reason.TOO_LARGE, f"the body exceeds {self.limit} bytes")


def _announced(headers: Sequence[tuple[bytes, bytes]]) -> int:
    """Content-Length, 0 when there is none; the parser has refused what is no number."""
    value = next((value for name, value in headers if name == b"content-length"), b"0")
    return int(value) if value.isdigit() and len(value) < 20 else 0
