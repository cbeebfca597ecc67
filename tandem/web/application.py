"""Builds the one ASGI application of a process from the routers and lanes of its targets.

Order, outermost first: the edge (request ids, counts, refusals to problems), lanes, the body limit, FastAPI. A lane is
for what FastAPI's request machinery (about 100 microseconds) is too slow: it answers paths of its own and passes
everything else on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tandem.errors import Reason, Refused, TandemError
from tandem.logging import request_id_said
from tandem.metrics import Metrics
from tandem.web import problems
from tandem.web.body import LIMIT
from tandem.web.health import Check, health_router
from tandem.web.problems import HttpProblem, send_problem
from tandem.web.request_id import HEADER, request_id_in, request_id_of

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
    return Edge(app, metrics)


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
    """Gives every request its id, turns errors of lanes into problems and counts every answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self._responses = metrics.http_responses
        self._answered: dict[int, int] = {}
        """Status -> answers since the metrics were read."""
        metrics.registry.before_reading.append(self._hand_over)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_in(scope["headers"])
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        # One wrapper for the id and the count: every one more costs each answer two coroutines.
        async def answered(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                status = message["status"]
                self._answered[status] = self._answered.get(status, 0) + 1
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id.encode("ascii"))]
            await send(message)

        # structlog's own bound_contextvars costs a tenth of a whole webhook.
        before = request_id_said.set(request_id)
        try:
            await self.app(scope, receive, answered)
        except TandemError as error:
            problem = problems.of(error)
            if problem is problems.INTERNAL or started:
                _log.exception("request failed", path=scope["path"])
            if not started:
                await send_problem(answered, problem, request_id)
        finally:
            request_id_said.reset(before)

    def _hand_over(self) -> None:
        for status, answers in self._answered.items():
            self._responses.labels(status).inc(answers)
        self._answered.clear()


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
