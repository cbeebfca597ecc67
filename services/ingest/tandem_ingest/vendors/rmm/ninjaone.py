"""NinjaOne (RMM): the Activity object its webhook posts when a condition triggers or resets.

One condition from trigger to reset shares ``seriesUid``; ``id`` is the activity and new each time. ``device`` is
there when the webhook expands it, ``organizationId`` in it is the client. The alert of its REST API (``uid``,
``createTime``), which pollers and workflow tools pass on, and bodies of its notification channels, flat or as
``{"eventType", "data": {"alert", "device"}}``, are read too; names may be written ``deviceName`` or ``device_name``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import LONGEST, fold

SEVERITY: Mapping[str, Severity] = MappingProxyType({**severity.WORDS, "major": Severity.HIGH, "minor": Severity.LOW})
"""NinjaOne's own words mean the same everywhere; ``priority`` is HIGH, MEDIUM, LOW or NONE."""
WRAPPERS = ("activity", "alert", "payload", "data")
CLEAR = frozenset({"reset", "auto_reset", "autoreset", "reset_by_psa_ticket_callback", "resolved", "cleared", "closed"})
_CLEARED = ("_reset", " reset", "_resolved", "_cleared", ".reset", ".resolved", ".cleared", ".closed")
_STATES = CLEAR | {"triggered", "acknowledged", "disabled", "open", "active", "new", "started", "completed"}
"""Status codes that say how a condition is; another one (CPU_THRESHOLD_EXCEEDED) says what it is."""
_MACHINE = ("systemname", "dnsname", "displayname", "netbiosname", "devicename", "hostname")
_KEYS = 200


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The activities of a post: one object, a list of them, or a page of its API."""
    page = shape.mapping(body).get("activities")
    return batch.one_or_many(page if isinstance(page, list) else body, _activity)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """The activity's id; a post of several activities has none, and an alert's own id is the same when it clears."""
    plain = shape.mapping(body)
    if not plain.keys().isdisjoint(("activityTime", "seriesUid")):  # nearly every post, told without reading it twice
        return shape.first(plain.get("id"), plain.get("activityId"))
    says = _unwrapped(body)
    return shape.first(says.get("id") if _is_activity(says) else None, says.get("activityid"))


def _folded(value: object) -> dict[str, object]:
    """Names in lower case without signs; null is left out."""
    items = list(shape.mapping(value).items())[:_KEYS]
    return {fold(name): each for name, each in items if each is not None and len(name) <= LONGEST}


def _unwrapped(body: object) -> Mapping[str, object]:
    """The activity itself, where something put it into an object of its own; what stands beside it says the rest."""
    says = _folded(body)
    for _ in range(2):
        inner = next((says[name] for name in WRAPPERS if isinstance(says.get(name), dict)), None)
        if inner is None or _headline(says) is not None:
            break
        says = {**{name: each for name, each in says.items() if each is not inner}, **_folded(inner)}
    return says


def _is_activity(says: Mapping[str, object]) -> bool:
    return not says.keys().isdisjoint({"activitytime", "activitytype", "seriesuid"})


def _activity(body: object) -> VendorAlert:
    says = _unwrapped(body)
    title = _headline(says)
    if title is None:
        raise Unreadable("no message, sourceName or subject: not a NinjaOne activity")
    word, level = _severity(says)
    device = _folded(says.get("device"))
    return draft(
        title=title,
        status=_status(says),
        severity=level,
        severity_word=word,
        host=_host(says, device),
        occurred_at=_occurred_at(says),
        dedup_key=_series(says),
        customer=_customer(says, device),
        url=shape.first(says.get("url"), says.get("link")),
        description=shape.first(says.get("message"), says.get("description"), says.get("text")),
        labels={
            "activity_type": says.get("activitytype"),
            "status_code": says.get("statuscode"),
            "activity_result": says.get("activityresult"),
            "source_name": says.get("sourcename"),
            "source_type": says.get("sourcetype"),
            "subject": says.get("subject"),
            "code": shape.dig(says, "data", "message", "code"),
            "device_id": shape.first(says.get("deviceid"), device.get("id")),
            "location_id": shape.first(device.get("locationid"), says.get("locationid")),
            "organization": shape.first(says.get("organizationname"), *_organizations(says, device, "name")),
        },
    )


def _series(says: Mapping[str, object]) -> str | None:
    """One condition from trigger to reset; without it, what is watched on the device."""
    own = shape.first(*map(says.get, ("seriesuid", "uid", "alertuid", "alertid")))
    if own is None and not _is_activity(says):
        own = shape.text(says.get("id"))
    code = says.get("statuscode") if shape.word(says.get("type")) == "condition" else None
    what = shape.first(
        says.get("sourceconfiguid"), says.get("sourcename"), None if shape.word(code) in _STATES else code
    )
    device = shape.text(says.get("deviceid"))
    return own or (f"{what}/{device}" if what and device else None)


def _status(says: Mapping[str, object]) -> AlertStatus:
    """``statusCode`` RESET; some bodies say it in the activity's type, as CONDITION_RESET, or in the event's."""
    said = [shape.word(says.get(name)) for name in ("statuscode", "status", "activitytype", "eventtype", "event")]
    cleared = any(word in CLEAR or word.endswith(_CLEARED) for word in said)
    return AlertStatus.RESOLVED if cleared else AlertStatus.FIRING


def _occurred_at(says: Mapping[str, object]) -> datetime | None:
    names = ("activitytime", "createtime", "timestamp", "createdat", "updatetime")
    return times.parse(shape.either(*map(says.get, names)))


def _host(says: Mapping[str, object], device: Mapping[str, object]) -> str | None:
    return shape.first(*map(device.get, (*_MACHINE, "name")), *map(says.get, _MACHINE))


def _customer(says: Mapping[str, object], device: Mapping[str, object]) -> str | None:
    return shape.first(
        device.get("organizationid"),
        says.get("organizationid"),
        *_organizations(says, device, "id"),
        *_organizations(says, device, "name"),
        says.get("organizationname"),
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
    names = ("sourcename", "subject", "title", "description")
    return message.splitlines()[0] if message else shape.first(*map(says.get, names))


def _severity(says: Mapping[str, object]) -> tuple[str | None, Severity]:
    """``severity``, else ``priority``: a word we do not know never hides one that we do."""
    word, priority = shape.text(says.get("severity")), shape.text(says.get("priority"))
    level = severity.of_word(word, SEVERITY)
    if level is Severity.UNKNOWN and (fallback := severity.of_word(priority, SEVERITY)) is not Severity.UNKNOWN:
        return priority, fallback
    return word or priority, level
