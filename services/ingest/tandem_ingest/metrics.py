"""What ingest counts, in the process's own metrics. Labels are integrations the operator made and a closed list."""

from __future__ import annotations

from enum import StrEnum

from tandem.metrics import Metrics
from tandem.model.integration import Integration
from tandem_ingest.intake import QUEUED, Intake

UNKNOWN = "unknown"
"""Label of whatever nobody configured, so that a guesser cannot make series."""


class Result(StrEnum):
    """What became of alerts; refused posts are counted by their ``Reason`` instead."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    TRUNCATED = "truncated"
    """The tool says that it left so many out of its post."""
    IGNORED = "ignored"
    """An authentic post that changes nothing here: a handshake, an assignment, an acknowledgement in another tool."""
    UNKNOWN_TENANT = "unknown_tenant"
    """Accepted, and waiting because no mapping knows the customer."""
    UNAVAILABLE = "unavailable"


class Counts:
    """``tandem_alerts_received_total``, ``tandem_alerts_queued_total`` and ``tandem_ingest_seconds``."""

    def __init__(self, metrics: Metrics, intake: Intake | None = None) -> None:
        """``metrics`` are the process's; ``intake`` is what both parties are shown."""
        self._received = metrics.alerts_received
        self._queued = metrics.alerts_queued
        self._seconds = metrics.ingest_seconds
        self._heartbeats = metrics.heartbeats
        self._intake = intake
        self._told: dict[tuple[str, str, str], int] = {}
        self._waiting: dict[str, int] = {}
        """What was counted since the metrics were read: (name, vendor, result), and name, -> alerts."""
        metrics.registry.before_reading.append(self._hand_over)

    def received(self, integration: Integration | None, result: str, alerts: int = 1) -> None:
        """Count ``alerts``."""
        if integration is None:
            place = (UNKNOWN, UNKNOWN, result)
        else:
            place = (integration.name, integration.vendor, result)
            if self._intake is not None:
                self._intake.add(integration, result, alerts)
        self._told[place] = self._told.get(place, 0) + alerts

    def queued(self, integration: Integration, alerts: int) -> None:
        """``alerts`` that are counted as accepted too wait their turn."""
        self._waiting[integration.name] = self._waiting.get(integration.name, 0) + alerts
        if self._intake is not None:
            self._intake.add(integration, QUEUED, alerts)

    def heard(self, integration: Integration | None, result: str) -> None:
        """Count a check-in: what it said, or why it was refused."""
        self._heartbeats.labels(integration.name if integration is not None else UNKNOWN, result).inc()

    def took(self, seconds: float) -> None:
        """A post was made durable within ``seconds``."""
        self._seconds.observe(seconds)

    def _hand_over(self) -> None:
        for place, alerts in self._told.items():
            self._received.labels(*place).inc(alerts)
        for name, alerts in self._waiting.items():
            self._queued.labels(name).inc(alerts)
        self._told.clear()
        self._waiting.clear()
