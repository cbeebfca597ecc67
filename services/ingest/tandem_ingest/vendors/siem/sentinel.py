"""Microsoft Sentinel: the incident of a playbook's trigger as a Logic App posts it, and the alert of its older trigger.

Sentinel lives in the Defender portal and one playbook may send what both make, so defender.py reads all posts.

The trigger wraps the incident in ``object``, its fields stand in ``properties``. Status New, Active, Closed; closing an
incident is an analyst's act and clears it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import severity, shape, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.siem import fields, microsoft

_OWN = frozenset({"incidentNumber", "incidentUrl", "createdTimeUtc"})
"""What only an incident of Sentinel has, for a playbook that posts chosen fields of it."""
CLEAR = frozenset({"closed", "resolved", "dismissed"})


def is_incident(body: object) -> bool:
    """Whether ``body`` has the shape of a Sentinel incident: wrapped or not, or its properties alone."""
    resource = _resource(body)
    return isinstance(resource.get("properties"), dict) or not resource.keys().isdisjoint(_OWN)


def incident(body: object) -> VendorAlert:
    """The alert of an incident; ``is_incident`` holds."""
    resource = _resource(body)
    says = shape.mapping(resource.get("properties")) or resource
    number = shape.text(says.get("incidentNumber"))
    title = fields.first(says, "title", "alertDisplayName", "friendlyName")
    if title is None:
        raise Unreadable("an incident without a title")
    cleared = shape.word(says.get("status")) in CLEAR
    entities = (says.get("relatedEntities"), says.get("entities"), shape.dig(body, "entities"))
    alerts = shape.either(says.get("alerts"), says.get("Alerts"))
    workspace = shape.mapping(shape.dig(body, "workspaceInfo"))
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if cleared else AlertStatus.FIRING,
        severity=severity.of_word(says.get("severity")),
        severity_word=says.get("severity"),
        host=microsoft.host_in(*entities, _entities_of(alerts)) or fields.first(says, "compromisedEntity"),
        occurred_at=_occurred_at(says, cleared=cleared),
        dedup_key=shape.first(resource.get("name"), resource.get("id"), number, says.get("systemAlertId")),
        customer=shape.first(
            shape.dig(body, "tenantId"), workspace.get("WorkspaceName"), _workspace(resource.get("id"))
        ),
        url=fields.first(says, "incidentUrl", "additionalData.providerIncidentUrl", "alertUri"),
        description=says.get("description"),
        labels={
            "incident": number,
            "incident_status": says.get("status"),
            "classification": says.get("classification"),
            "tactics": shape.dig(says, "additionalData", "tactics"),
            "products": shape.dig(says, "additionalData", "alertProductNames"),
            "tags": _names(says.get("labels")),
            "users": microsoft.users_in(*entities),
            "workspace": workspace.get("WorkspaceName"),
            "subscription": workspace.get("SubscriptionId"),
            "event": shape.dig(body, "objectEventType"),
        },
        test=microsoft.is_sample(title),
    )


def is_alert(says: Mapping[str, object]) -> bool:
    """Whether ``says`` is the flat alert of the older trigger, with the names of the SecurityAlert table."""
    return bool(says.keys() & {"AlertDisplayName", "AlertName", "DisplayName", "SystemAlertId"})


def alert(says: Mapping[str, object]) -> VendorAlert:
    """The alert of the older trigger; ``is_alert`` holds."""
    title = fields.first(says, "AlertDisplayName", "DisplayName", "AlertName", "Title", "AlertType")
    word = fields.first(says, "AlertSeverity", "Severity", "severity")
    cleared = shape.word(fields.first(says, "Status", "status")) in CLEAR
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if cleared else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        host=fields.first(says, "CompromisedEntity", "Computer", "DeviceName")
        or microsoft.host_in(says.get("Entities"), says.get("entities"), says.get("AdditionalFields")),
        occurred_at=_first_time(says, ("TimeGenerated", "StartTimeUtc", "StartTime", "Timestamp")),
        dedup_key=fields.first(says, "SystemAlertId", "VendorOriginalId", "AlertId"),
        customer=fields.first(says, "TenantId", "tenantId"),
        url=fields.first(says, "AlertLink", "AlertUri"),
        description=fields.first(says, "Description"),
        labels={
            "alert_type": says.get("AlertType"),
            "provider": fields.first(says, "ProviderName", "ProductName", "ServiceSource"),
            "tactics": fields.first(says, "Tactics", "Intent"),
            "workspace": says.get("WorkspaceId"),
        },
        test=microsoft.is_sample(title),
    )


def _resource(body: object) -> Mapping[str, object]:
    inner = shape.dig(body, "object")
    says = inner if isinstance(inner, dict) else shape.mapping(body)
    return {_camel(name): value for name, value in says.items()} if "incident_number" in says else says


def _workspace(its_id: object) -> str | None:
    """``/subscriptions/../workspaces/NAME/providers/..``: the address of an incident says whose it is."""
    return (shape.text(its_id) or "").partition("/workspaces/")[2].partition("/")[0] or None


def _camel(name: str) -> str:
    """``created_time_utc``, as the Python SDK has it, as ``createdTimeUtc``."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _entities_of(alerts: object) -> list[object]:
    found = (shape.dig(alert, "properties", "entities") for alert in fields.objects(alerts))
    return [item for entities in found for item in fields.elements(tags.opened(entities))]


def _names(labels: object) -> str | None:
    found = (shape.first(each.get("labelName"), each.get("name")) for each in fields.objects(labels))
    return ",".join(name for name in found if name) or shape.joined(labels)


def _occurred_at(says: Mapping[str, object], *, cleared: bool) -> datetime | None:
    ended = ("closedTimeUtc", "lastModifiedTimeUtc") if cleared else ()
    return _first_time(
        says, (*ended, "createdTimeUtc", "firstActivityTimeUtc", "timeGenerated", "timeGeneratedUtc", "startTimeUtc")
    )


def _first_time(says: Mapping[str, object], names: Iterable[str]) -> datetime | None:
    """The first of ``names`` that states an instant."""
    return next((at for at in (times.parse(says.get(name)) for name in names) if at), None)
