"""OCSF findings (any product that speaks the schema, Amazon Security Hub and Security Lake among them).

Classes 2001 Security Finding (``finding``, ``state``), 2002 to 2007 (``finding_info``, ``status``), 2005 Incident.
``activity_id`` 3 closes; status 3 to 6 (suppressed, resolved, archived, deleted) clears, but 3 of an incident means on
hold. Times are epoch ms. Source: schema.ocsf.io, github.com/ocsf/examples (words there carry trailing blanks).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.siem import fields

SEVERITY_ID: Mapping[str, Severity] = MappingProxyType(
    {
        "1": Severity.INFO,
        "2": Severity.LOW,
        "3": Severity.MEDIUM,
        "4": Severity.HIGH,
        "5": Severity.CRITICAL,
        "6": Severity.CRITICAL,
    }
)
INCIDENT = "2005"
CLOSE = "3"
CLEAR = frozenset({"3", "4", "5", "6"})
PASSED = frozenset({"pass", "passed", "1"})
"""A compliance check that passes is the clear of its failing."""
CLEAR_WORDS = frozenset({"suppressed", "resolved", "archived", "deleted", "closed"})
_WRAPPERS = ("ocsf", "detail", "event", "events", "findings", "Records", "records")
_NESTED = 3


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The findings of a post: one, a list, or wrapped as EventBridge does."""
    return batch.each(_posted(body, _NESTED), _finding)


def _posted(body: object, depth: int) -> list[object]:
    if isinstance(body, list):
        return [inner for each in body for inner in _posted(each, depth - 1)] if depth else body
    says = shape.mapping(body)
    if depth and not says.keys() & {"class_uid", "finding_info", "finding"}:
        for name in _WRAPPERS:
            if isinstance(says.get(name), dict | list):
                return _posted(says[name], depth - 1)
    return [body]


def _finding(body: object) -> VendorAlert:
    says = shape.mapping(body)
    info = _info(says)
    title = shape.first(info.get("title"), says.get("message"), says.get("desc"), info.get("desc"))
    if title is None or not says.keys() & {"class_uid", "finding_info", "finding", "finding_info_list", "severity_id"}:
        raise Unreadable("no class and no titled finding: not an OCSF finding")
    cleared = _is_clear(says)
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if cleared else AlertStatus.FIRING,
        severity=SEVERITY_ID.get(shape.word(says.get("severity_id"))) or severity.of_word(says.get("severity")),
        severity_word=shape.first(says.get("severity"), says.get("severity_id")),
        host=_host(says),
        occurred_at=times.parse(says.get("time")) or times.parse(says.get("time_dt")),
        dedup_key=_condition(says, info),
        customer=shape.first(fields.at(says, "metadata.tenant_uid"), says.get("tenant_uid")),
        url=shape.first(info.get("src_url"), says.get("src_url")),
        description=shape.first(info.get("desc"), says.get("desc"), says.get("message")),
        labels={
            "class": shape.first(says.get("class_name"), says.get("class_uid")),
            "activity": shape.first(says.get("activity_name"), says.get("activity_id")),
            "finding_status": shape.first(says.get("status"), says.get("status_id"), says.get("state")),
            "types": info.get("types"),
            "product": fields.at(says, "metadata.product.name"),
            "vendor": fields.at(says, "metadata.product.vendor_name"),
            "analytic": shape.first(fields.at(info, "analytic.name"), fields.at(says, "analytic.name")),
            "technique": _technique(says, info),
            "cloud_account": fields.first(says, "cloud.account.uid", "cloud.account_uid"),
            "compliance": fields.at(says, "compliance.status"),
            "device_ip": fields.at(says, "device.ip"),
            "user": fields.first(says, "user.name", "actor.user.name", "evidences.actor.user.name"),
        },
    )


def _info(says: Mapping[str, object]) -> Mapping[str, object]:
    """What describes the finding; an incident has a list of them, and the first stands for it."""
    for name in ("finding_info", "finding", "finding_info_list"):
        found = fields.at(says, name)
        if isinstance(found, dict):
            return found
    return shape.EMPTY


def _is_clear(says: Mapping[str, object]) -> bool:
    passed = {shape.word(fields.at(says, "compliance.status")), shape.word(fields.at(says, "compliance.status_id"))}
    if shape.word(says.get("activity_id")) == CLOSE or passed & PASSED:
        return True
    incident = shape.word(says.get("class_uid")) == INCIDENT
    states = {shape.word(says.get("status_id")), shape.word(says.get("state_id"))}
    words = {shape.word(says.get("status")), shape.word(says.get("state"))}
    return bool(states & (CLEAR - {"3"} if incident else CLEAR) or words & CLEAR_WORDS)


def _condition(says: Mapping[str, object], info: Mapping[str, object]) -> str | None:
    """The finding's uid; an incident outlasts its findings, so there what correlates them comes first."""
    case, finding = shape.text(fields.at(says, "metadata.correlation_uid")), shape.text(info.get("uid"))
    return (case or finding) if shape.word(says.get("class_uid")) == INCIDENT else (finding or case)


def _host(says: Mapping[str, object]) -> str | None:
    """The device, else the affected resource: by its name when that is one and no sentence."""
    device = fields.first(says, "device.hostname", "device.name", "evidences.device.hostname", "evidences.device.name")
    if device:
        return device
    for resource in fields.objects(shape.either(says.get("resources"), says.get("resource"))):
        if fields.is_identity(resource.get("type")):
            continue
        found = [fields.of_arn(resource.get(name)) for name in ("hostname", "name", "uid", "ip")]
        named = next((each for each in found if each and " " not in each and each[0] != "/"), None)
        if named:
            return named
    return fields.first(says, "device.ip", "dst_endpoint.hostname")


def _technique(says: Mapping[str, object], info: Mapping[str, object]) -> str | None:
    attacks = shape.either(info.get("attacks"), says.get("attacks"))
    return shape.joined([fields.first(each, "technique.uid", "techniques.uid") for each in fields.objects(attacks)])
