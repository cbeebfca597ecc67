"""The id of one request: in every log line of it, in every problem, in the answer. The application's edge says it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

from starlette.types import Scope

HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9_.:-]{8,64}")


def new_request_id() -> str:
    """Sixteen hexadecimal digits; identifies, proves nothing."""
    return f"{random.getrandbits(64):016x}"  # os.urandom would be a system call per request


def request_id_in(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """A sane ``X-Request-Id``, or a new one; names are in lower case."""
    given = dict(headers).get(HEADER)
    return given.decode("ascii") if given is not None and _SANE.fullmatch(given) else new_request_id()


def request_id_of(scope: Scope) -> str:
    """The id of the request of ``scope``; a new one where no edge has seen it (tests of a bare application)."""
    known: str | None = scope.get("state", {}).get("request_id")
    return known or new_request_id()
