"""Microsoft Defender XDR and Sentinel: Graph ``security/alerts_v2`` and incidents as a Logic App posts them.

Graph says status new, inProgress, resolved; the Defender for Endpoint API New, InProgress, Resolved. An analyst's
resolution clears the alert: no tool says that by itself. There is no severity critical.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.siem import fields, microsoft, sentinel

_TESTING = ("informationalexpectedactivity", "securitytesting")
CLEAR = frozenset({"resolved", "closed", "dismissed", "redirected"})
"""A redirected incident was merged into another, which goes on under its own id."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alerts of a post, each with its own status."""
    return batch.each(microsoft.posted(body), _any)


def _any(body: object) -> VendorAlert:
    says = shape.mapping(body)
    streamed = shape.mapping(says.get("properties"))
    if "AlertId" in streamed:  # the streaming API, a row of the table AlertInfo or AlertEvidence
        return sentinel.alert({"tenantId": says.get("tenantId"), **streamed})
    if sentinel.is_incident(body):
        return sentinel.incident(body)
    if sentinel.is_alert(says):
        return sentinel.alert(says)
    whole = microsoft.resource_data(says)  # a rich notification brings the alert along
    if "title" in whole:
        return _alert(whole)
    return microsoft.notice(says) or _alert(says)


def _alert(says: Mapping[str, object]) -> VendorAlert:
    title = fields.first(says, "title", "displayName", "alertDisplayName", "incidentName", "name")
    microsoft.check(says, "title", "displayName", "alertDisplayName", "incidentName", "severity")
    title = title or fields.first(says, "description", "threatDisplayName", "category")
    if title is None:
        raise Unreadable("an alert without a title")
    cleared = shape.word(says.get("status")) in CLEAR
    evidence = says.get("evidence")
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if cleared else AlertStatus.FIRING,
        severity=severity.of_word(says.get("severity")),
        severity_word=says.get("severity"),
        host=fields.first(says, "computerDnsName", "deviceDnsName", "hostStates.fqdn", "hostStates.netBiosName")
        or microsoft.host_in(evidence, says.get("devices"), says.get("entities"), _of_incident(says)),
        occurred_at=_occurred_at(says, cleared=cleared),
        dedup_key=fields.first(says, "id", "alertId", "incidentId", "providerAlertId"),
        customer=fields.first(says, "tenantId", "aadTenantId", "azureTenantId"),
        url=fields.first(says, "alertWebUrl", "incidentWebUrl", "webUrl", "incidentUri", "sourceMaterials"),
        description=says.get("description"),
        labels={
            "incident": says.get("incidentId"),
            "service": fields.first(says, "serviceSource", "vendorInformation.provider"),
            "detection_source": says.get("detectionSource"),
            "category": says.get("category"),
            "mitre": says.get("mitreTechniques"),
            "threat": fields.first(says, "threatDisplayName", "threatName", "threatFamilyName"),
            "classification": says.get("classification"),
            "determination": says.get("determination"),
            "alert_status": says.get("status"),
            "users": microsoft.users_in(evidence),
        },
        test=microsoft.is_sample(title)
        or (shape.word(says.get("classification")), shape.word(says.get("determination"))) == _TESTING,
    )


def _of_incident(says: Mapping[str, object]) -> list[object]:
    """The evidence of the alerts that an incident brings along (``$expand=alerts``)."""
    alerts = fields.objects(says.get("alerts"))
    return [item for alert in alerts for item in fields.elements(alert.get("evidence") or alert.get("devices"))]


def _occurred_at(says: Mapping[str, object], *, cleared: bool) -> datetime | None:
    created = ("createdDateTime", "alertCreationTime", "creationTime", "createdTime", "eventDateTime")
    ended = ("resolvedDateTime", "resolvedTime", "lastUpdateDateTime", "lastUpdateTime") if cleared else ()
    return next((at for at in (times.parse(says.get(name)) for name in (*ended, *created)) if at), None)
