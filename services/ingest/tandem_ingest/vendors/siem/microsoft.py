"""What Microsoft's security posts have in common: how they arrive wrapped, and where an alert names its device.

An alert or incident comes bare, in a list, under ``value`` (Graph), under ``body`` (a Logic App that posts its
trigger's output), or as the notice that something changed, which names the alert and says nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem.errors import Refused
from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.decode import decode
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.siem import fields

HOSTS = (
    "deviceDnsName", "hostName", "hostname", "deviceName", "dnsName", "netBiosName", "fqdn", "HostName", "NetBiosName",
    "properties.hostName", "properties.netBiosName", "properties.dnsName", "FQDN", "DnsDomain",
    "ImageFile.Host.NetBiosName", "ImageFile.Host.HostName", "Host.NetBiosName", "Host.HostName",
)  # fmt: skip
_WRAPPERS = ("value", "alerts", "records", "body", "alert", "incident")
_NESTED = 4
_SAMPLES = ("[sample alert]", "[test alert]")
_VALIDATION = "microsoft.eventgrid.subscriptionvalidationevent"


def posted(body: object, depth: int = _NESTED) -> list[object]:
    """The alerts of a post, without what they were wrapped in; never empty."""
    if isinstance(body, list):
        return [inner for each in body for inner in posted(each, depth - 1)] if depth else body
    says = shape.mapping(body)
    if depth and not says.keys() & {"title", "displayName", "properties", "incidentName"}:
        for name in _WRAPPERS:
            if isinstance(says.get(name), dict | list):
                return posted(says[name], depth - 1)
    return [body]


def resource_data(says: Mapping[str, object]) -> Mapping[str, object]:
    """What a change notification says of the changed alert: its id, or with rich notifications all of it."""
    return shape.mapping(shape.dig(shape.mapping(says.get("data")) or says, "resourceData"))


def notice(says: Mapping[str, object]) -> VendorAlert | None:
    """The alert of a change notification (Graph, or Event Grid's CloudEvent); None when ``says`` is none."""
    kind = shape.word(says.get("eventType")) or shape.word(says.get("type"))
    if kind == _VALIDATION:
        return _validation(says)
    data = shape.mapping(says.get("data")) or says
    its_id = shape.text(resource_data(says).get("id")) or _last(fields.first(data, "resource") or "")
    change = shape.text(data.get("changeType"))
    if its_id is None or (change is None and not kind.startswith("microsoft.graph.")):
        return None
    return draft(
        title=f"Microsoft security alert {its_id} {change or kind.rpartition('.')[2]}",
        status=AlertStatus.FIRING,
        occurred_at=times.parse(says.get("time")),
        dedup_key=its_id,
        customer=data.get("tenantId"),
        description="A change notification names the alert and says nothing of it: look it up in the portal.",
        labels={"change": change, "resource": data.get("resource"), "subscription": data.get("subscriptionId")},
    )


def _validation(says: Mapping[str, object]) -> VendorAlert:
    return draft(
        title="Event Grid asks to confirm its subscription: open the link once",
        status=AlertStatus.FIRING,
        severity=Severity.INFO,
        occurred_at=times.parse(says.get("eventTime")),
        dedup_key=f"event-grid/{shape.text(says.get('topic')) or ''}",
        url=fields.first(says, "data.validationUrl"),
        labels={"topic": says.get("topic")},
        test=True,
    )


def host_in(*lists: object) -> str | None:
    """The first device named in evidence or entities, which may be a JSON string."""
    for each in lists:
        for item in fields.objects(_parsed(each)):
            found = fields.first(item, *HOSTS)
            if found:
                return found
    return None


def users_in(*lists: object) -> str | None:
    """The accounts named in evidence or entities, without those named twice."""
    paths = ("userAccount.userPrincipalName", "userAccount.accountName", "properties.accountName", "userPrincipalName")
    found = (fields.first(item, *paths) for each in lists for item in fields.objects(_parsed(each)))
    return ",".join(dict.fromkeys(name for name in found if name)) or None


def is_sample(title: str | None) -> bool:
    """Whether a portal's button made it. Source: Microsoft Learn, "Alert validation" of Defender for Cloud."""
    said = (title or "").casefold()
    return said.startswith(_SAMPLES) or said.endswith("test alert (not a threat)")


def check(says: Mapping[str, object], *names: str) -> None:
    """Raise Unreadable for an object that has none of ``names``."""
    if not says.keys() & set(names):
        raise Unreadable("neither an alert nor an incident nor a change notification of Microsoft")


def _parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return decode(value.encode("utf-8", "surrogatepass"))
    except (Refused, Unreadable):
        return None


def _last(resource: str) -> str | None:
    """The id at the end of ``security/alerts_v2/ID`` or ``security/alerts_v2('ID')``."""
    name = resource.rstrip("/')").rpartition("/")[2].rpartition("('")[2]
    return name if name and name.casefold() not in {"alerts", "alerts_v2", "incidents"} else None
