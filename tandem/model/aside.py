"""A post that could not be read when it came, kept with its bytes, and what became of it when it was read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tandem.model.alert import EMPTY, Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """One authentic post that was not read, or not all of it."""

    alert_id: UUID
    """Of the plain alert that stands for it."""
    tenant: str
    integration: str
    received_at: datetime
    reason: str
    """Why it could not be read then."""
    raw: bytes | None
    """None once bodies of its age are kept no longer."""
    content_type: str | None
    headers: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """What its headers said of it, names in lower case, without what proves the sender and without the type."""
    known_keys: frozenset[str] = field(default_factory=frozenset)
    """Dedup keys of what could be read of it then."""
    last: bool
    """Nothing else of this integration is aside for this client."""
    waits: bool = False
    """Nobody knows whose it is: it waits at ingest, and ``tenant`` is who looks after the integration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A post that could be read now."""

    alerts: tuple[Alert, ...]
    """On their way to the router."""
    held: tuple[Alert, ...] = ()
    """Of customers nobody maps: they wait."""
    cleared: bool
    """The plain alert of the integration is cleared with them."""
