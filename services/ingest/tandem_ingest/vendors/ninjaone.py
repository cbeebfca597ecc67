"""NinjaOne (RMM): the Activity object its webhook posts when a condition triggers or resets.

One condition from trigger to reset shares ``seriesUid``; ``id`` is the activity and new each time. ``device`` is
there when the webhook expands it, ``organizationId`` in it is the client.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        "critical": Severity.CRITICAL,
        "major": Severity.HIGH,
        "moderate": Severity.MEDIUM,
        "minor": Severity.LOW,
        "none": Severity.INFO,
    }
)
PRIORITY: Mapping[str, Severity] = MappingProxyType(
    {"high": Severity.HIGH, "medium": Severity.MEDIUM, "low": Severity.LOW, "none": Severity.INFO}
)
CLEAR = frozenset({"reset", "auto_reset", "autoreset", "resolved", "cleared"})


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The activities of a post: one object, or a list of them."""
    return batch.one_or_many(body, _activity)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """The activity's id; a post of several activities has none."""
    return shape.text(shape.dig(body, "id"))


def _activity(body: object) -> VendorAlert:
    says = shape.mapping(body)
    title = _headline(says)
    if title is None:
        raise Unreadable("no message, sourceName or subject: not a NinjaOne activity")
    word, level = _severity(says)
    device = shape.mapping(says.get("device"))
    cleared = {shape.word(says.get("statusCode")), shape.word(says.get("status"))} & CLEAR
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if cleared else AlertStatus.FIRING,
        severity=level,
        severity_word=word,
        host=shape.first(device.get("systemName"), device.get("dnsName"), device.get("displayName")),
        occurred_at=times.parse(says.get("activityTime")),
        dedup_key=says.get("seriesUid"),
        customer=device.get("organizationId"),
        description=says.get("message"),
        labels={
            "activity_type": says.get("activityType"),
            "status_code": says.get("statusCode"),
            "activity_result": says.get("activityResult"),
            "source_name": says.get("sourceName"),
            "subject": says.get("subject"),
            "code": shape.dig(says, "data", "message", "code"),
            "device_id": shape.first(says.get("deviceId"), device.get("id")),
            "location_id": device.get("locationId"),
        },
    )


def _headline(says: Mapping[str, object]) -> str | None:
    """The first line of the message: it names the disk or service, where sourceName names only the rule."""
    message = shape.text(says.get("message"))
    return message.splitlines()[0] if message else shape.first(says.get("sourceName"), says.get("subject"))


def _severity(says: Mapping[str, object]) -> tuple[str | None, Severity]:
    """``severity``, else ``priority``: a word we do not know never hides one that we do."""
    word, priority = shape.text(says.get("severity")), shape.text(says.get("priority"))
    level = severity.of_word(word, SEVERITY)
    if level is Severity.UNKNOWN and (fallback := severity.of_word(priority, PRIORITY)) is not Severity.UNKNOWN:
        return priority, fallback
    return word or priority, level
