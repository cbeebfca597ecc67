"""Prometheus Alertmanager (webhook v4) and what imitates it, such as Grafana: a batch, each alert with its own status.

The group's status says nothing about one alert: a firing group holds resolved ones. What the group dropped
(``truncatedAlerts``) is written on its first alert.
A firing alert's ``endsAt`` is when it is over unless it comes again.
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
from tandem_ingest.vendors.headline import headline

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {**severity.WORDS, "error": Severity.HIGH, "page": Severity.CRITICAL}
)
TRUNCATED = "truncated_alerts"
TEST_NAME = "TestAlert"
RESOLVED = "resolved"
HOST = ("instance", "host", "node", "hostname", "nodename", "server", "device", "object_name")
"""The last is Cohesity's, which posts this shape."""
CUSTOMER = ("tenant", "customer", "client", "tenant_id", "company")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alerts of one group; a bare list of alerts is a group without a status, a bare alert a list of one."""
    alerts = body if isinstance(body, list) else shape.dig(body, "alerts")
    if alerts is None and isinstance(shape.dig(body, "labels"), dict):
        alerts = [body]
    if not isinstance(alerts, list):
        raise Unreadable("no list of alerts: not an Alertmanager webhook")
    group = shape.word(shape.dig(body, "status"))
    truncated = shape.text(shape.dig(body, "truncatedAlerts"))
    extra = {TRUNCATED: truncated} if truncated and truncated != "0" else {}
    found = iter([extra])
    return batch.each(alerts, lambda alert: alert_of(with_common(alert, body), group, next(found, {})))


def with_common(alert: object, group: object) -> Mapping[str, object]:
    """``alert``, named by its group where it has no name of its own, as imitations leave it out."""
    says = shape.mapping(alert)
    labels, notes = shape.mapping(says.get("labels")), shape.mapping(says.get("annotations"))
    name = shape.first(*(shape.dig(group, each, "alertname") for each in ("commonLabels", "groupLabels")))
    if not says or name is None or shape.first(labels.get("alertname")):
        return says
    summary = shape.first(notes.get("summary"), shape.dig(group, "commonAnnotations", "summary"))
    return {**says, "labels": {**labels, "alertname": name}, "annotations": {**notes, "summary": summary}}


def alert_of(alert: object, group: str, extra: Mapping[str, object]) -> VendorAlert:
    """One alert of a group.

    Args:
        group: the group's status, for an alert without one.
        extra: labels that are not of the alert's label set.

    Raises:
        Unreadable: nothing that could be a title.
    """
    says = shape.mapping(alert)
    labels, notes = shape.mapping(says.get("labels")), shape.mapping(says.get("annotations"))
    detail = shape.first(notes.get("description"), notes.get("message"))
    summary = shape.first(notes.get("summary"), notes.get("title"), says.get("summary"))
    title = summary or headline(labels.get("alertname"), detail)
    if title is None:
        raise Unreadable("an alert without alertname and summary")
    word = shape.first(labels.get("severity"), labels.get("priority"), notes.get("severity"))
    resolved = (shape.word(says.get("status")) or group) == RESOLVED
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(word, SEVERITY),
        severity_word=word,
        host=host_of(shape.first(*(labels.get(name) for name in HOST))),
        occurred_at=_occurred_at(says, resolved=resolved),
        expires_at=None if resolved else times.parse(says.get("endsAt")),
        dedup_key=shape.text(says.get("fingerprint")) or _fingerprint(labels),
        customer=shape.first(*(labels.get(name) for name in CUSTOMER)),
        url=says.get("generatorURL"),
        description=detail,
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


def host_of(instance: str | None) -> str | None:
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
