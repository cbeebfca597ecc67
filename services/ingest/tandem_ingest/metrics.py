"""What ingest counts, in the process's own metrics. Labels are integrations the operator made and a closed list."""

from __future__ import annotations

from enum import StrEnum

from prometheus_client import Counter

from tandem.metrics import Metrics
from tandem.model.integration import Integration

UNKNOWN = "unknown"
"""Label of whatever nobody configured, so that a guesser cannot make series."""


class Result(StrEnum):
    """What became of alerts; refused posts are counted by their ``Reason`` instead."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    TRUNCATED = "truncated"
    """The tool says that it left so many out of its post."""
    UNAVAILABLE = "unavailable"


class Counts:
    """``tandem_alerts_received_total`` and ``tandem_ingest_seconds``."""

    def __init__(self, metrics: Metrics) -> None:
        """``metrics`` are the process's."""
        self._received = metrics.alerts_received
        self._seconds = metrics.ingest_seconds
        self._children: dict[tuple[str, str, str], Counter] = {}

    def received(self, integration: Integration | None, result: str, alerts: int = 1) -> None:
        """Count ``alerts``; children are kept, because looking one up costs more than counting."""
        name, vendor = (integration.name, integration.vendor) if integration is not None else (UNKNOWN, UNKNOWN)
        child = self._children.get((name, vendor, result))
        if child is None:
            child = self._received.labels(name, vendor, result)
            self._children[name, vendor, result] = child
        child.inc(alerts)

    def took(self, seconds: float) -> None:
        """A post was made durable within ``seconds``."""
        self._seconds.observe(seconds)
