"""What the catalogue says of one dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tandem.model.alert import Kind, VendorAlert
from tandem.model.integration import AuthKind
from tandem_ingest.decode import decode

Adapter = Callable[[object, Mapping[str, str]], list[VendorAlert]]
"""``(decoded body, headers with lower-case names) -> alerts``; pure, raises Unreadable and nothing else."""
Identify = Callable[[object, Mapping[str, str]], str | None]
Decode = Callable[[bytes, Mapping[str, str]], object]
"""``(body, headers with lower-case names) -> value``; raises Unreadable, or Refused for a bomb."""


def _json(body: bytes, headers: Mapping[str, str]) -> object:  # noqa: ARG001 - what a body claims to be decides nothing
    return decode(body)


def _no_id(body: object, headers: Mapping[str, str]) -> None:
    """The dialect names no delivery: identical bytes stand for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One dialect."""

    slug: str
    name: str
    kind: Kind
    read: Adapter
    decode: Decode = _json
    auth: AuthKind
    """What ``tandem integrations add`` proposes."""
    clears: str
    """What says that a condition is over; empty when the tool never says so."""
    silent: str = ""
    """Which of its posts are no alerts, in words: ``read`` gives none for them, and they are answered 202."""
    delivery: str = "identical bytes"
    """What names a delivery, in words."""
    delivery_id: Identify = _no_id
    addresses: tuple[str, ...] = ()
    """Other addresses that take its posts; ``{name}`` is the integration's."""
    overload: int = 503
    """What it is answered when we must refuse: 429 only for dialects that retry on it."""
    retries: bool = False
    """Whether its documentation says that it posts again when it is refused. Others are never refused for their rate:
    their alerts wait behind their client's share (fairness/gate.py)."""
