"""Datto RMM: the ``datto-rmm/1`` body of the webhook templates we document, one for raise and one for resolve.

Its webhooks have no body of their own, so bodies written by others with its variables (``[alert_uid]``,
``[alert_message_en]``, ``[site_name]`` ..) are read as well, and the alert of its REST API. No variable holds a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, chat, severity, shape, status
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.template import REPAIRED

SEVERITY: Mapping[str, Severity] = MappingProxyType({**severity.WORDS, "moderate": Severity.MEDIUM})
_PAGE = "/alert/"
_SUFFIX = " Alert"
ID = ("uid", "alertuid", "alertid", "dedupkey")
MESSAGE = (
    "message", "alertmessageen", "alertmessage", "title", "summary", "text", "description", "diagnostics",
    "troubleshootingnote", "alerttroubleshooting",
)  # fmt: skip
TYPE = ("type", "alerttype", "monitortype", "category", "alertcategory", "alertcontextclass")
STATE = (
    "state",
    "status",
    "event",
    "action",
    "alertstate",
    "alertstatus",
    "eventtype",
    "alertevent",
    "alertaction",
    "eventaction",
)
DEVICE = (
    "device", "devicehostname", "hostname", "devicename", "host", "alertsourceinfodevicename", "alerthostname",
)  # fmt: skip

SITE = ("site", "sitename", "alertsourceinfositename", "alertsitename", "customer", "client", "tenant")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one alert of a post."""
    return batch.one_or_many(body, _alert)


def _alert(body: object) -> VendorAlert:
    says = _says(body)
    test = says.unfilled(*ID)
    message, kind = says.first(*MESSAGE), says.first(*TYPE)
    if message is None and kind is None and not test:
        raise Unreadable("no message or alert type: not the datto-rmm/1 body")
    word = says.first("priority", "alertpriority", "severity", "alertseverity")
    return draft(
        title=(message or _context(says) or kind or "Test message of Datto RMM").splitlines()[0],
        status=_status(says),
        severity=severity.of_word(word, SEVERITY),
        severity_word=word,
        host=says.first(*DEVICE),
        occurred_at=times.parse(
            says.get("time", "timestamp", "alerttime", "occurredat", "alerttimestamp", "alertcreatedat"),
        ),
        dedup_key=_condition(says, kind),
        customer=says.first(*SITE),
        url=says.first("url", "alerturl", "link", "docurl"),
        description=message,
        labels={
            "type": kind,
            "category": says.first("category", "alertcategory"),
            "device_id": says.first("deviceid", "deviceuid", "alertsourceinfodeviceuid"),
            "device_description": says.first("devicedescription"),
            "ip": says.first("ip", "deviceip", "ipaddress"),
            "os": says.first("os", "deviceos", "operatingsystem"),
            "site_id": says.first("siteid"),
            "last_user": says.first("lastuser"),
            "platform": says.first("platform"),
            REPAIRED: says.first("tandemrepaired"),
        },
        test=test or says.word("test") in status.TRUE,
    )


def _says(body: object) -> Flat:
    """The fields by name; of a chat message the alert's page in Datto tells its uid."""
    says = chat.plain(body)
    if says is body:
        return Flat(body)
    facts = shape.mapping(says)
    page, title = shape.text(facts.get("url")) or "", shape.text(facts.get("title")) or ""
    uid = page.rpartition(_PAGE)[2] if _PAGE in page else None
    kind = title.removesuffix(_SUFFIX) if title.endswith(_SUFFIX) else None
    return Flat({**facts, "uid": uid, "type": kind})


def _context(says: Flat) -> str | None:
    """What the REST API says of an alert without a text: ``online_offline_status_ctx`` and its ``status``."""
    kind, state = says.first("alertcontextclass"), says.first("alertcontextstatus")
    if kind is None:
        return None
    name = kind.removesuffix("_ctx").replace("_", " ")
    return f"{name}: {state}" if state else name


def _status(says: Flat) -> AlertStatus:
    if says.word("resolved", "resolvedalert", "alertresolved") in status.TRUE:
        return AlertStatus.RESOLVED
    return status.of_word(says.first(*STATE))


def _condition(says: Flat, kind: str | None) -> str | None:
    """The alert's uid is the same when it resolves; without one the monitor's kind on the device."""
    where = says.first("deviceid", "deviceuid", *DEVICE)
    return says.first(*ID) or (f"{kind}/{where}" if kind and where else None)
