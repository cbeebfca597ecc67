"""The table of topics: name, key, payload, writer, readers. docs/architecture.md prints it for people."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tandem.model.alert import Alert
from tandem.model.events import Command, IncidentEvent, PageEvent, Quarantined, SlaEvent
from tandem.model.signal import Signal
from tandem.model.suppression import SuppressionEvent

PARTITIONS = 8
"""Per topic on the PostgreSQL bus; Kafka's default as well. The unit of scale."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; ``payload`` is the dataclass that ``tandem.wire.codec`` writes and reads."""

    name: str
    payload: type
    writer: tuple[str, ...]
    readers: tuple[str, ...]


ALERTS = Topic("tandem.alerts", Alert, ("ingest",), ("router",))
MISSING = Topic("tandem.missing", Alert, ("router",), ("router",))
"""Alerts that nobody posted: what was expected has not come. Apart, so that only the edge writes ``alerts``."""
SIGNALS = Topic("tandem.signals", Signal, ("ingest", "console"), ("router",))
COMMANDS = Topic("tandem.commands", Command, ("console", "notifier"), ("router",))
INCIDENTS = Topic("tandem.incidents", IncidentEvent, ("router",), ("sla-clock", "notifier", "console"))
URGENT = Topic("tandem.urgent", IncidentEvent, ("router",), ("notifier",))
"""The opening fact of each P1 once more, for the notifier alone: ``incidents`` may be full (ADR 45)."""
SLA = Topic("tandem.sla", SlaEvent, ("sla-clock",), ("notifier", "console"))
PAGES = Topic("tandem.pages", PageEvent, ("notifier",), ("console",))
SUPPRESSIONS = Topic("tandem.suppressions", SuppressionEvent, ("router",), ("notifier", "console"))
QUARANTINE = Topic("tandem.quarantine", Quarantined, ("*",), ("console",))

ALL = (ALERTS, MISSING, SIGNALS, COMMANDS, INCIDENTS, URGENT, SLA, PAGES, SUPPRESSIONS, QUARANTINE)
BY_NAME = {topic.name: topic for topic in ALL}


def alert_key(tenant: str, dedup_key: str) -> str:
    """Key of ``alerts`` and ``missing``: everything of one condition stays in order."""
    return f"{tenant}/{dedup_key}"


def signal_key(tenant: str, check: str) -> str:
    """Key of ``signals``: everything of one check stays in order."""
    return f"{tenant}/{check}"


def tenant_key(tenant: str) -> str:
    """Key of ``suppressions``: everything of one client's windows stays in order."""
    return tenant


def incident_key(tenant: str, incident_id: UUID) -> str:
    """Key of every other topic: everything of one incident stays in order."""
    return f"{tenant}/{incident_id}"


OUTSIDE = "tandem.routed."
"""What the names of outside topics begin with."""


def is_outside(topic: str) -> bool:
    """Whether ``topic`` is one that only readers outside read: it is made by its first record."""
    return topic.startswith(OUTSIDE)


def routed_topic(party: str, name: str) -> str:
    """The outside topic of a party: ``tandem.routed.internal.<tenant>`` or ``tandem.routed.msp.<provider>``.

    Its value is a CloudEvent in binary mode: JSON bytes and ``ce_`` headers, not protobuf.
    """
    return f"{OUTSIDE}{party}.{name}"
