"""Alerts as Opsgenie takes them (Alert API, create), and as its outgoing webhooks tell them (action and alert).

A priority that is not stated is unknown here, not P3. Closing has an address of its own: doors/opsgenie.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.monitoring.alertmanager import host_of

PRIORITY: Mapping[str, Severity] = MappingProxyType(
    {**severity.WORDS, **{str(number): severity.WORDS[f"p{number}"] for number in range(1, 6)}}
)
"""Webhooks of old write a bare number."""
CLEARING = frozenset({"close", "closed", "delete"})
_STARTING = frozenset({"", "create", "created"})
_CUSTOMER = ("customer", "tenant", "client")
_HOST = ("host", "hostname", "instance")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alerts of a post; none when it tells of an act that changes no condition, as a note does."""
    posts = [each for each in (body if isinstance(body, list) else [body]) if _is_alert(each)]
    return batch.each(posts, _alert) if posts or body == [] else []


def _is_alert(post: object) -> bool:
    return shape.word(shape.dig(post, "action")) in CLEARING | _STARTING


def _alert(post: object) -> VendorAlert:
    says = shape.mapping(post)
    alert = shape.mapping(says.get("alert")) or says
    action = shape.word(says.get("action"))
    details = shape.mapping(alert.get("details"))
    title = shape.first(alert.get("message"), alert.get("alias") if action in CLEARING else None)
    if title is None:
        raise Unreadable("an alert without a message")
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if action in CLEARING else AlertStatus.FIRING,
        severity=severity.of_word(alert.get("priority"), PRIORITY),
        severity_word=alert.get("priority"),
        host=shape.text(alert.get("entity")) or host_of(shape.first(*(details.get(name) for name in _HOST))),
        occurred_at=(times.parse(alert.get("updatedAt")) if action in CLEARING else None)
        or times.parse(alert.get("createdAt")),
        dedup_key=shape.first(alert.get("alias"), alert.get("alertId")),
        customer=shape.first(*(details.get(name) for name in _CUSTOMER)),
        url=_url(alert, details),
        description=alert.get("description"),
        labels={"source": _source(alert), "tags": alert.get("tags"), **details},
    )


def _url(alert: Mapping[str, object], details: Mapping[str, object]) -> str | None:
    """Where the tool shows it; Alertmanager says so in ``source``."""
    source = shape.text(alert.get("source")) or ""
    return shape.first(details.get("url"), details.get("link"), source if source.startswith("http") else None)


def _source(alert: Mapping[str, object]) -> object:
    return None if isinstance(alert.get("source"), dict) else alert.get("source")
