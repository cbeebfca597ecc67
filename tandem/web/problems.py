"""What a caller is told when it does not get what it asked for: RFC 9457, and the only place that knows HTTP statuses.

Everything here is made of our own words and cleaned ones of others: no input, no stack trace, no SQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from starlette.types import Send

from tandem.errors import AgreementError, DeliveryFailed, PoisonRecord, Reason, Refused, TandemError, Unavailable
from tandem.redaction import clean

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
"""For 429 and 503 whose cause names no time of its own."""
ERRORS = 50
"""Field-level faults told at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpProblem:
    """One refusal as the caller sees it."""

    status: int
    kind: str
    """Last part of the type URI; stable, clients may look at it."""
    detail: str = ""
    errors: tuple[Mapping[str, str], ...] = ()
    """``{"pointer", "detail"}`` each."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def saying(self, detail: str, errors: tuple[Mapping[str, str], ...] = ()) -> HttpProblem:
        """The same problem about this occurrence."""
        return replace(self, detail=detail, errors=errors)

    def body(self, request_id: str) -> bytes:
        """The document, ASCII whatever it says."""
        document = {
            "type": f"urn:tandem:problem:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": clean(self.detail),
            "errors": [dict(error) for error in self.errors[:ERRORS]],
            "request_id": request_id,
        }
        return json.dumps(document).encode("ascii")

    def header_list(self) -> list[tuple[str, str]]:
        """Headers beside the length; a caller that may come again is told when."""
        found = {"content-type": MEDIA_TYPE, "cache-control": "no-store", **self.headers}
        if self.status in {429, 503}:
            found.setdefault("retry-after", str(RETRY_AFTER_S))
        return list(found.items())


BAD_REQUEST = HttpProblem(status=400, kind="invalid", detail="this is not HTTP/1.1")
BUSY = HttpProblem(status=503, kind="unavailable", detail="too many connections")
HEADERS_TOO_LARGE = HttpProblem(status=431, kind="headers_too_large", detail="URL and headers exceed the limit")
INTERNAL = HttpProblem(
    status=500, kind="internal", detail="this is our fault; the log of the server has it under request_id"
)
NOT_READY = HttpProblem(status=503, kind="not_ready", detail="not ready")
TOO_SLOW = HttpProblem(status=408, kind="too_slow", detail="the request did not arrive in time")

_REASONS: Mapping[Reason, int] = {
    Reason.UNAUTHENTICATED: 401,
    Reason.FORBIDDEN: 403,
    Reason.NOT_FOUND: 404,
    Reason.CONFLICT: 409,
    Reason.INVALID: 400,
    Reason.TOO_LARGE: 413,
    Reason.TOO_COMPLEX: 422,
    Reason.TOO_SLOW: 408,
    Reason.TOO_MANY: 429,
    Reason.PRECONDITION: 412,
}
_KINDS: Mapping[int, str] = {status: reason.value for reason, status in reversed(list(_REASONS.items()))} | {
    405: "method_not_allowed",
    415: "unsupported_media_type",
    422: "invalid",
    428: "precondition_required",
    503: "unavailable",
}


def of(error: TandemError) -> HttpProblem:
    """The problem an error of ours becomes at the edge."""
    match error:
        case Refused():
            return _refused(error)
        case Unavailable():
            return HttpProblem(status=503, kind="unavailable", detail=f"{error.what} does not answer now; try again")
        case AgreementError():
            faults = tuple(
                {"pointer": f"{each.file}:{each.line}:{each.column}", "detail": clean(each.message)}
                for each in error.problems[:ERRORS]
            )
            return HttpProblem(status=422, kind="invalid", detail="the agreement cannot be used", errors=faults)
        case PoisonRecord():
            return HttpProblem(status=422, kind="invalid", detail=error.reason)
        case DeliveryFailed():
            return HttpProblem(status=502, kind="delivery_failed", detail=error.reason.value)
        case _:
            return INTERNAL


def _refused(error: Refused) -> HttpProblem:
    headers = {"www-authenticate": "Bearer"} if error.reason is Reason.UNAUTHENTICATED else {}
    faults = tuple(_fault(text) for text in error.errors[:ERRORS])
    return HttpProblem(
        status=_REASONS[error.reason], kind=error.reason.value, detail=error.detail, errors=faults, headers=headers
    )


def _fault(text: str) -> Mapping[str, str]:
    pointer, _, detail = text.rpartition(": ") if ": " not in text else text.partition(": ")
    return {"pointer": clean(pointer), "detail": clean(detail)}


def of_status(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> HttpProblem:
    """The problem of a bare status, as the framework raises it (404, 405, ...)."""
    known = status if status in HTTPStatus.__members__.values() and status >= HTTPStatus.BAD_REQUEST else 500
    kind = _KINDS.get(known, HTTPStatus(known).name.lower())
    return HttpProblem(status=known, kind=kind, detail=detail, headers=headers or {})


def of_validation(faults: Iterable[Mapping[str, Any]]) -> HttpProblem:
    """The problem of a request that does not fit its route.

    ``faults`` are pydantic's; its ``input`` and ``ctx`` are left out: they repeat the caller, NaN included.
    """
    errors = tuple(
        {"pointer": _pointer(fault.get("loc", ())), "detail": clean(str(fault.get("msg", "")))} for fault in faults
    )
    return HttpProblem(status=422, kind="invalid", detail="the request does not fit this route", errors=errors[:ERRORS])


def _pointer(location: Iterable[object]) -> str:
    """``("body", "a/b", 0)`` as ``/body/a~1b/0``."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return str(clean("".join(f"/{part}" for part in parts)))


async def send_problem(send: Send, problem: HttpProblem, request_id: str) -> None:
    """Answer an ASGI request with ``problem``."""
    body = problem.body(request_id)
    headers = [*problem.header_list(), ("content-length", str(len(body)))]
    encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": problem.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def raw_answer(problem: HttpProblem, request_id: str) -> bytes:
    """A whole HTTP/1.1 answer that closes the connection, for where no application runs yet."""
    body = problem.body(request_id)
    headers = [*problem.header_list(), ("content-length", str(len(body))), ("connection", "close")]
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}", *(f"{n}: {v}" for n, v in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
