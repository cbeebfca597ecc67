"""The one tree of errors. The heart only tells; edges decide what a caller sees.

    TandemError
    ├── AgreementError    the agreement is wrong: file, line, column, message
    ├── Refused           the caller is wrong: a reason from a closed enum (a metric label)
    ├── Unavailable       try again: database, broker, channel
    │   ├── Fenced        somebody else now owns this partition: drop it, do not retry
    │   └── TopicAway     one topic of the bus takes nothing, the others may
    ├── PoisonRecord      never try again: the record goes to quarantine with its reason
    ├── DeliveryFailed    one channel, one attempt; says whether a retry may help
    └── StartFailed       the process cannot start; carries the exit code and what to do

HTTP status codes live in ``tandem/web/problems.py`` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TandemError(Exception):
    """Root of everything this project raises on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with an agreement document, where it stands and in the reader's words."""

    file: str
    line: int
    """1-based."""
    column: int
    """1-based."""
    message: str
    level: str = "error"
    """``error``, ``warning`` or ``note``; only errors make a document unusable, a note is nothing to mend."""
    witness: Mapping[str, Any] | None = field(default=None, compare=False)
    """An example: ``name`` (``gap-1``) and ``alert``, a body that ``tandem agreement explain --alert`` takes."""

    def __str__(self) -> str:
        """``file:line:column: message``, the form editors turn into links."""
        prefix = "" if self.level == "error" else f"{self.level}: "
        return f"{self.file}:{self.line}:{self.column}: {prefix}{self.message}"


class AgreementError(TandemError):
    """An agreement cannot be used; ``problems`` holds every reason at once, in file order."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep all problems; the message is one line per problem."""
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Reason(StrEnum):
    """Why a caller was refused. Closed, so that metric labels stay bounded."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"
    TOO_SLOW = "too_slow"
    TOO_MANY = "too_many"
    PRECONDITION = "precondition"


class Refused(TandemError):
    """The caller is wrong. ``detail`` is for a human and never holds a secret."""

    def __init__(self, reason: Reason, detail: str, *, errors: tuple[str, ...] = ()) -> None:
        """``errors`` lists field-level faults, each as ``pointer: what is wrong``."""
        self.reason = reason
        self.detail = detail
        self.errors = errors
        super().__init__(f"{reason.value}: {detail}")


class Unavailable(TandemError):
    """Something we need does not answer now; trying again may help."""

    def __init__(self, what: str, detail: str = "") -> None:
        """``what`` names the dependency as ``/readyz`` does (``database``, ``kafka``)."""
        self.what = what
        super().__init__(f"{what}: {detail}" if detail else what)


class Fenced(Unavailable):
    """Another consumer took over this partition; what we were about to commit was not committed."""


class TopicAway(Unavailable):
    """One topic takes nothing now: it is missing, or we may not write it. Nothing is said of the others."""

    def __init__(self, topic: str, detail: str) -> None:
        """``topic`` without the cluster's prefix."""
        self.topic = topic
        super().__init__("kafka", detail)


class PoisonRecord(TandemError):
    """A record no retry can make readable; it belongs in quarantine."""

    def __init__(self, reason: str, *, topic: str = "", partition: int = -1, offset: int = -1) -> None:
        """``reason`` is what an operator reads in the quarantine view."""
        self.reason = reason
        self.topic = topic
        self.partition = partition
        self.offset = offset
        super().__init__(f"{topic}[{partition}]@{offset}: {reason}" if topic else reason)


class DeliveryReason(StrEnum):
    """Why one attempt to reach a person failed. Closed, it is a metric label."""

    TIMEOUT = "timeout"
    CONNECT = "connect"
    TLS = "tls"
    DNS = "dns"
    STATUS_4XX = "status_4xx"
    STATUS_5XX = "status_5xx"
    THROTTLED = "throttled"
    BLOCKED_TARGET = "blocked_target"
    NO_CONTACT = "no_contact"
    REJECTED = "rejected"


class DeliveryFailed(TandemError):
    """One channel, one attempt."""

    def __init__(self, reason: DeliveryReason, detail: str, *, retry: bool, retry_after_s: float | None = None) -> None:
        """``retry`` says whether the same attempt may succeed later; ``retry_after_s`` is the provider's wish."""
        self.reason = reason
        self.detail = detail
        self.retry = retry
        self.retry_after_s = retry_after_s
        super().__init__(f"{reason.value}: {detail}")


class StartFailed(TandemError):
    """The process cannot start. ``exit_code`` 1 the answer is no, 2 usage, 3 cannot reach or take what it needs."""

    def __init__(self, message: str, *, exit_code: int = 3) -> None:
        """``message`` is one line that says what to do."""
        self.exit_code = exit_code
        super().__init__(message)
