"""NinjaOne (RMM): the Activity object its webhook posts when a condition triggers or resets.

One condition from trigger to reset shares ``seriesUid``; ``id`` is the activity and new each time. ``device`` is
there when the webhook expands it, ``organizationId`` in it is the client. The alert of its REST API (``uid``,
``createTime``), which pollers and workflow tools pass on, and flat bodies of its notification channels are read too.
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
        "high": Severity.HIGH,
        "medium": Severity.MEDIUM,
        "low": Severity.LOW,
    }
)
WRAPPERS = ("activity", "alert", "payload")
PRIORITY: Mapping[str, Severity] = MappingProxyType(
    {
        "critical": Severity.CRITICAL,
        "high": Severity.HIGH,
        "medium": Severity.MEDIUM,
        "low": Severity.LOW,
        "none": Severity.INFO,
    }
)
CLEAR = frozenset({"reset", "auto_reset", "autoreset", "resolved", "cleared"})


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The activities of a post: one object, or a list of them."""
    return batch.one_or_many(body, _activity)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """The activity's id; a post of several activities has none."""
    says = _unwrapped(body)
    return shape.first(says.get("id"), says.get("activityId"))


def _unwrapped(body: object) -> Mapping[str, object]:
    """The activity itself, where a workflow tool put it into an object of its own."""
    says = shape.mapping(body)
    inner = next((says[name] for name in WRAPPERS if isinstance(says.get(name), dict)), None)
    return shape.mapping(inner) if inner is not None and _headline(says) is None else says


def _activity(body: object) -> VendorAlert:
    says = _unwrapped(body)
    title = _headline(says)
    if title is None:
        raise Unreadable("no message, sourceName or subject: not a NinjaOne activity")
    word, level = _severity(says)
    device = shape.mapping(says.get("device"))
    return draft(
        title=title,
        status=_status(says),
        severity=level,
        severity_word=word,
        host=_host(says, device),
        occurred_at=times.parse(
            shape.either(
                says.get("activityTime"), says.get("createTime"), says.get("timestamp"), says.get("updateTime")
            )
        ),
        dedup_key=_series(says),
        customer=_customer(says, device),
        description=says.get("message"),
        labels={
            "activity_type": says.get("activityType"),
            "status_code": says.get("statusCode"),
            "activity_result": says.get("activityResult"),
            "source_name": says.get("sourceName"),
            "source_type": says.get("sourceType"),
            "subject": says.get("subject"),
            "code": shape.dig(says, "data", "message", "code"),
            "device_id": shape.first(says.get("deviceId"), device.get("id")),
            "location_id": shape.first(device.get("locationId"), says.get("locationId")),
            "organization": shape.first(says.get("organizationName"), *_organizations(says, device, "name")),
        },
    )


def _series(says: Mapping[str, object]) -> str | None:
    """One condition from trigger to reset; without it, the condition's configuration on the device."""
    config, device = shape.text(says.get("sourceConfigUid")), shape.text(says.get("deviceId"))
    own = shape.first(says.get("seriesUid"), says.get("uid"), says.get("alertUid"), says.get("alertId"))
    return own or (f"{config}/{device}" if config and device else None)


def _status(says: Mapping[str, object]) -> AlertStatus:
    """``statusCode`` RESET; some bodies say it in the activity's type, as CONDITION_RESET."""
    said = [shape.word(says.get(name)) for name in ("statusCode", "status", "activityType")]
    cleared = any(word in CLEAR or word.endswith(("_reset", " reset", "_resolved")) for word in said)
    return AlertStatus.RESOLVED if cleared else AlertStatus.FIRING


def _host(says: Mapping[str, object], device: Mapping[str, object]) -> str | None:
    names = ("systemName", "dnsName", "displayName", "netbiosName")
    return shape.first(*(place.get(name) for place in (device, says) for name in (*names, "deviceName")))


def _customer(says: Mapping[str, object], device: Mapping[str, object]) -> str | None:
    return shape.first(
        device.get("organizationId"),
        says.get("organizationId"),
        *_organizations(says, device, "id"),
        *_organizations(says, device, "name"),
        says.get("organizationName"),
    )


def _organizations(says: Mapping[str, object], device: Mapping[str, object], name: str) -> tuple[object, ...]:
    """Where the expanded organization may stand."""
    at = (
        shape.dig(says, "organization"),
        shape.dig(device, "organization"),
        shape.dig(device, "references", "organization"),
    )
    return tuple(shape.dig(place, name) for place in at)


def _headline(says: Mapping[str, object]) -> str | None:
    """The first line of the message: it names the disk or service, where sourceName names only the rule."""
    message = shape.text(says.get("message"))
    return message.splitlines()[0] if message else shape.first(*map(says.get, ("sourceName", "subject", "title")))


def _severity(says: Mapping[str, object]) -> tuple[str | None, Severity]:
    """``severity``, else ``priority``: a word we do not know never hides one that we do."""
    word, priority = shape.text(says.get("severity")), shape.text(says.get("priority"))
    level = severity.of_word(word, SEVERITY)
    if level is Severity.UNKNOWN and (fallback := severity.of_word(priority, PRIORITY)) is not Severity.UNKNOWN:
        return priority, fallback
    return word or priority, level
