"""Prometheus Alertmanager (webhook v4) and what imitates it, such as Grafana: a batch, each alert with its own status.

The group's status says nothing about one alert: a firing group holds resolved ones. What the group dropped
(``truncatedAlerts``) is written on its first alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import text, times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {**severity.WORDS, "error": Severity.HIGH, "page": Severity.CRITICAL}
)
TRUNCATED = "truncated_alerts"
TEST_NAME = "TestAlert"
RESOLVED = "resolved"


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alerts of one group."""
    alerts = shape.dig(body, "alerts")
    if not isinstance(alerts, list):
        raise Unreadable("no list of alerts: not an Alertmanager webhook")
    group = shape.word(shape.dig(body, "status"))
    truncated = shape.text(shape.dig(body, "truncatedAlerts"))
    extra = {TRUNCATED: truncated} if truncated and truncated != "0" else {}
    found = iter([extra])
    return batch.each(alerts, lambda alert: _alert(alert, group, next(found, {})))


def _alert(alert: object, group: str, extra: Mapping[str, str]) -> VendorAlert:
    says = shape.mapping(alert)
    labels, notes = shape.mapping(says.get("labels")), shape.mapping(says.get("annotations"))
    title = shape.first(notes.get("summary"), notes.get("title"), labels.get("alertname"), notes.get("description"))
    if title is None:
        raise Unreadable("an alert without alertname and summary")
    resolved = (shape.word(says.get("status")) or group) == RESOLVED
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(labels.get("severity"), SEVERITY),
        severity_word=labels.get("severity"),
        host=_host(shape.first(labels.get("instance"), labels.get("host"), labels.get("node"), labels.get("hostname"))),
        occurred_at=_occurred_at(says, resolved=resolved),
        dedup_key=shape.text(says.get("fingerprint")) or _fingerprint(labels),
        customer=shape.first(labels.get("tenant"), labels.get("customer"), labels.get("client")),
        url=says.get("generatorURL"),
        description=shape.first(notes.get("description"), notes.get("message")),
        labels={**extra, **labels},
        test=shape.text(labels.get("alertname")) == TEST_NAME,
    )


def _occurred_at(says: Mapping[str, object], *, resolved: bool) -> datetime | None:
    """When the fault began, for a clear when it ended; ``endsAt`` of year 1 means still firing."""
    ended = times.parse(says.get("endsAt")) if resolved else None
    return ended or times.parse(says.get("startsAt"))


def _fingerprint(labels: Mapping[str, object]) -> str | None:
    """A hash of the label set, for imitations that send none; empty labels are as good as absent."""
    pairs = sorted((name, value) for name, value in ((n, shape.text(v)) for n, v in labels.items()) if value)
    return text.short_hash(*(each for pair in pairs for each in pair)) if pairs else None


def _host(instance: str | None) -> str | None:
    """``db3:9100`` -> ``db3``, ``[::1]:9100`` -> ``::1``, a probed URL -> its host."""
    if instance is None:
        return None
    place = instance.split("://", 1)[-1].split("/", 1)[0]
    if place.startswith("["):
        return place[1:].split("]", 1)[0] or instance
    name, colon, port = place.rpartition(":")
    if colon and port.isdigit() and ":" not in name:
        return name or instance
    return place or instance
