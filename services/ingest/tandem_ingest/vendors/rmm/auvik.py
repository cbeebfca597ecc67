"""Auvik (network RMM): the JSON of its webhook notification channel, sent when an alert triggers and when it clears.

``correlationId`` names one alert from trigger to clear. The entity may be a device, an interface, a network or a
service; its company is the site it belongs to. Source: support.auvik.com, article 360048647112.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape, status
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        "emergency": Severity.CRITICAL,
        "critical": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "info": Severity.INFO,
        "informational": Severity.INFO,
        "1": Severity.CRITICAL,
        "2": Severity.HIGH,
        "3": Severity.MEDIUM,
        "4": Severity.INFO,
    }
)
CLEARED = "1"
_RULE = "this alert "


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alert of a post: one object, or a list of them."""
    return batch.one_or_many(body, _alert)


def _alert(body: object) -> VendorAlert:
    says = shape.mapping(body)
    title = headline(says.get("alertName"), _about(says))
    if title is None and (title := shape.text(says.get("subject"))) is None:
        raise Unreadable("no alertName, alertDescription or subject: not an Auvik alert")
    word = shape.first(says.get("alertSeverityString"), says.get("alertSeverity"))
    level = severity.of_word(word, SEVERITY)
    return draft(
        title=title,
        status=_status(says),
        severity=level if level is not Severity.UNKNOWN else severity.of_word(says.get("alertSeverity"), SEVERITY),
        severity_word=word,
        host=says.get("entityName"),
        occurred_at=times.parse(says.get("date")),
        dedup_key=_condition(says),
        customer=shape.first(says.get("companyName"), says.get("companyId")),
        url=says.get("link"),
        description=says.get("alertDescription"),
        labels={
            "alert_name": says.get("alertName"),
            "alert_id": says.get("alertId"),
            "entity_type": says.get("entityType"),
            "entity_id": says.get("entityId"),
            "company_id": says.get("companyId"),
            "subject": says.get("subject"),
        },
    )


def _about(says: Mapping[str, object]) -> str | None:
    """The description, unless it is the one of Auvik's own rules, which only tells when they fire."""
    told = shape.text(says.get("alertDescription"))
    return None if told and says.get("alertName") and told.casefold().startswith(_RULE) else told


def _status(says: Mapping[str, object]) -> AlertStatus:
    """The word decides; the number stands in for it."""
    said = shape.text(says.get("alertStatusString"))
    if said:
        return status.of_word(said)
    number = shape.word(says.get("alertStatus"))
    return AlertStatus.RESOLVED if number == CLEARED else status.of_word(number)


def _condition(says: Mapping[str, object]) -> str | None:
    entity, name = shape.text(says.get("entityId")), shape.text(says.get("alertName"))
    own = f"{entity}/{name}" if entity and name else None
    return shape.first(says.get("correlationId"), own, says.get("alertId"))
