"""What a door is: the part of an HTTP API that is its own. What all doors share is in api.py.

A door finds whose post it is, has it proven, reads it and words the answers; the lane reads the body, makes the
alerts durable and counts. Pure: a door does no I/O and is told the time. The values are msgspec's, which are made in
a third of a dataclass's time, and every post makes three.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

import msgspec

from tandem.errors import Reason, Refused, Unavailable
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.normalise import Reading
from tandem_ingest.vendors.vendor import Vendor

REFUSALS: Mapping[Reason, int] = MappingProxyType(
    {Reason.UNAUTHENTICATED: 401, Reason.TOO_LARGE: 413, Reason.TOO_COMPLEX: 422, Reason.TOO_SLOW: 408}
)
"""Statuses on which all APIs agree; the rest is theirs."""
RETRY_AFTER_S = 5
_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, kw_only=True):
    """One request, as far as it is known."""

    method: str
    path: str
    """Percent-decoded."""
    query: str
    headers: Mapping[str, str]
    """Names in lower case; one that came twice is joined by ``", "``."""
    request_id: str
    body: bytes = b""
    """As sent, before any decoding; empty until ``Door.find`` has passed."""
    integration: Integration | None = None
    """Whose post it says it is, for the counters; proven only when ``Door.take`` has returned."""
    secret: str | None = None
    """A secret the address holds."""
    what: str = ""
    """The rest of the address, in the door's own words."""
    inflate: Callable[[bytes, str], bytes]
    """``(body, Content-Encoding) -> body``; raises Refused: INVALID for damaged data, TOO_COMPLEX for a bomb."""

    def plain(self) -> bytes:
        """The body without its Content-Encoding; raises as ``inflate`` does."""
        return self.inflate(self.body, self.headers.get("content-encoding", ""))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender is told."""

    status: int
    body: bytes = b""
    media: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    ignored: bool = False
    """The post is an event that changes nothing here, and is counted as such."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A proven post, read."""

    integration: Integration
    vendor: Vendor
    body: bytes
    """What is kept beside the alerts: decompressed, without secrets."""
    reading: Reading
    delivery_id: str | None = None
    """What the sender signed or said; the reading's own counts when there is none."""
    faults: tuple[str, ...] = ()
    """What is told to the sender of the parts that were not taken."""


class Door(Protocol):
    """One API. Every method may raise Refused; nothing else."""

    @property
    def limit(self) -> int:
        """Bytes of a body."""
        ...

    @property
    def methods(self) -> tuple[str, ...]:
        """What a 405 says is allowed."""
        ...

    def allows(self, asked: Asked) -> bool:
        """Whether its method is one of them here; otherwise it is answered 405."""
        ...

    def find(self, asked: Asked, book: IntegrationBook) -> Answer | None:
        """Look at the address and fill ``integration``, ``secret`` and ``what``; an answer ends the request.

        Raises:
            Refused: NOT_FOUND.
        """
        ...

    def take(self, asked: Asked, book: IntegrationBook, now: datetime) -> Coroutine[Any, Any, Taken | Answer]:
        """Prove and read the post; an answer when it holds nothing to store.

        Waits for nothing but what it was given to prove posts with.

        Raises:
            Refused: UNAUTHENTICATED; TOO_COMPLEX, see ``decode``; INVALID where the API defines it.
        """
        ...

    def accepted(self, asked: Asked, taken: Taken, alerts: Sequence[Alert]) -> Answer:
        """The answer once ``alerts`` are durable."""
        ...

    def refused(self, asked: Asked, refusal: Refused) -> Answer | Refused:
        """The refusal in the API's words, or what the lane shall say in ours."""
        ...

    def unavailable(self, asked: Asked, fault: Unavailable) -> Answer | Unavailable:
        """The same when nothing can be stored now."""
        ...


def json_answer(status: int, document: object, *, ignored: bool = False) -> Answer:
    """``document`` as JSON."""
    return Answer(status=status, body=_encode(document), ignored=ignored)


def later(status: int, document: object) -> Answer:
    """Nothing can be stored now: come again."""
    return Answer(status=status, body=_encode(document), headers=(("retry-after", str(RETRY_AFTER_S)),))
