"""An alert: one condition at one tool, firing or resolved. First as an adapter reads it, then as we accept it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

import msgspec

EMPTY: Mapping[str, str] = MappingProxyType({})


class Severity(StrEnum):
    """The vendor's word, on our scale. Never a priority."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    UNKNOWN = "unknown"


class AlertStatus(StrEnum):
    """Whether the condition holds."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Kind(StrEnum):
    """What sort of tool speaks."""

    RMM = "rmm"
    SIEM = "siem"
    BACKUP = "backup"
    MONITORING = "monitoring"


class VendorAlert(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter makes of a part of a body. What the body does not say is None, never invented.

    A Struct, because one is made for every alert and a frozen dataclass takes five times as long to make;
    ``msgspec.structs.replace`` gives a changed one.

    Texts are clean (no NUL, no lone surrogates, no control characters but newline in ``description``) and cut.
    """

    title: str
    """Never empty; at most 300 characters."""
    status: AlertStatus = AlertStatus.FIRING
    severity: Severity = Severity.UNKNOWN
    severity_word: str | None = None
    """The vendor's own word or number, as text."""
    host: str | None = None
    occurred_at: datetime | None = None
    """Aware UTC, as the source says."""
    expires_at: datetime | None = None
    """Aware UTC: the source takes it for over then unless it says it again (R-P13)."""
    dedup_key: str | None = None
    """At most 255 characters; None when the source has no identity for the condition."""
    customer: str | None = None
    """The tool's name or id of the client, for tools that post for many."""
    url: str | None = None
    description: str | None = None
    """At most 4,000 characters."""
    labels: Mapping[str, str] = msgspec.field(default_factory=lambda: EMPTY)
    """At most 64 pairs; what classification may look at beside the fields above."""
    test: bool = False
    """The tool says that this is a test message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An accepted alert, the payload of topic ``alerts``. Everything after ingest works on this."""

    alert_id: UUID
    """UUIDv8, see ``tandem.ids.alert_id``."""
    tenant: str
    integration: str
    vendor: str
    kind: Kind
    delivery_id: str
    dedup_key: str
    """Never empty: the source's, else derived from integration, host and title (R-P8)."""
    title: str
    status: AlertStatus
    severity: Severity
    severity_word: str | None = None
    host: str | None = None
    occurred_at: datetime | None = None
    received_at: datetime
    """Our durable accept, aware UTC."""
    expires_at: datetime | None = None
    """Firing: over then unless it comes again, always after ``received_at``. Resolved: it is over because of that."""
    customer: str | None = None
    url: str | None = None
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    test: bool = False
    quarantined: str | None = None
    """Why the body could not be read; such an alert is plain and goes to the default owner."""
    raw: bytes = b""
    """The body as received (at most 1 MiB), kept 90 days; only on the first alert of a delivery."""
    content_type: str | None = None
