"""A signal: what a job says of itself, and what people decide about a check that waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tandem.model.ownership import SYSTEM, Actor

NOTE_BYTES = 10_000
"""Of a ping's body, kept as its note; what is longer is cut."""


class SignalKind(StrEnum):
    """What was said."""

    SUCCESS = "success"
    FAIL = "fail"
    START = "start"
    LOG = "log"
    """Kept with the others, changes nothing."""
    PAUSE = "pause"
    """A person: expect nothing until it is resumed."""
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Payload of topic ``signals``."""

    signal_id: UUID
    """UUIDv7; a signal that is on the bus twice counts once."""
    tenant: str
    check: str
    """Which check of the tenant it is about."""
    kind: SignalKind
    received_at: datetime
    """Our durable accept, aware UTC."""
    integration: str = ""
    """The way in; empty when a person says it."""
    run_id: str = ""
    """Joins a start with its end (``?rid=``); empty: the job runs once at a time."""
    exit_code: int | None = None
    note: str | None = None
    """The ping's body, or why a person pauses."""
    until: datetime | None = None
    """Of a pause: it ends by itself then."""
    by: Actor = SYSTEM
