"""The three routes every process has: is it alive, may it get work, what does it count."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Request, Response

from tandem.errors import TandemError
from tandem.metrics import Metrics, expose
from tandem.redaction import clean
from tandem.web.problems import NOT_READY
from tandem.web.request_id import request_id_of

Check = Callable[[], Awaitable[None]]
"""Returns when the dependency answers, else raises a TandemError whose text an operator can act on."""

CHECK_WITHIN_S = 2.0


def health_router(metrics: Metrics, checks: Mapping[str, Check], *, within_s: float = CHECK_WITHIN_S) -> APIRouter:
    """``/livez``, ``/readyz`` and ``/metrics``.

    Args:
        checks: dependency (``database``, ``kafka``) -> check; read at every request, so targets may add theirs later.
        within_s: deadline of each check; they run side by side.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """The event loop turns; nothing else is asked."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz(request: Request) -> Response:
        """Names every dependency that fails, with its reason."""
        names = list(checks)
        faults = await asyncio.gather(*(_fault(checks[name], within_s) for name in names))
        failing = {name: fault for name, fault in zip(names, faults, strict=True) if fault is not None}
        return _readiness(failing, request_id_of(request.scope))

    @router.get("/metrics")
    async def exposition(request: Request) -> Response:
        """Prometheus text, or OpenMetrics on request."""
        content_type, body = expose(metrics, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    return router


async def _fault(check: Check, within_s: float) -> str | None:
    """What is wrong with one dependency, or None."""
    try:
        async with asyncio.timeout(within_s):
            await check()
    except TimeoutError:
        return f"no answer within {within_s:g} s"
    except (TandemError, OSError) as error:
        return str(clean(str(error)))[:300]
    return None


def _readiness(failing: Mapping[str, str], request_id: str) -> Response:
    if not failing:
        return Response(b'{"status":"ready"}', media_type="application/json")
    errors = tuple({"pointer": name, "detail": fault} for name, fault in failing.items())
    detail = "; ".join(f"{name}: {fault}" for name, fault in failing.items())
    problem = NOT_READY.saying(detail, errors)
    return Response(problem.body(request_id), problem.status, dict(problem.header_list()))
