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
from tandem_ingest.vendors import batch, severity, shape, status
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.template import REPAIRED

SEVERITY: Mapping[str, Severity] = MappingProxyType({**severity.WORDS, "moderate": Severity.MEDIUM})
_PRIORITY = "priority:"
ID = ("uid", "alertuid", "alertid", "dedupkey")
MESSAGE = ("message", "alertmessageen", "alertmessage", "title", "summary", "text", "description", "diagnostics")
TYPE = ("type", "alerttype", "monitortype", "category", "alertcategory", "alertcontextclass")
DEVICE = ("device", "devicehostname", "hostname", "devicename", "host", "alertsourceinfodevicename")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one alert of a post."""
    return batch.one_or_many(body, _alert)


def _alert(body: object) -> VendorAlert:
    says = Flat(_plain(body))
    test = says.unfilled(*ID)
    message, kind = says.first(*MESSAGE), says.first(*TYPE)
    if message is None and kind is None and not test:
        raise Unreadable("no message or alert type: not the datto-rmm/1 body")
    word = says.first("priority", "alertpriority", "severity")
    return draft(
        title=(message or _context(says) or kind or "Test message of Datto RMM").splitlines()[0],
        status=_status(says),
        severity=severity.of_word(word, SEVERITY),
        severity_word=word,
        host=says.first(*DEVICE),
        occurred_at=times.parse(says.get("time", "timestamp", "alerttime", "occurredat")),
        dedup_key=_condition(says, kind),
        customer=says.first("site", "sitename", "alertsourceinfositename", "customer", "client", "tenant"),
        url=says.first("url", "alerturl", "link"),
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


def _plain(body: object) -> object:
    """A body in the form of a chat message, whose facts stand in the first attachment and its fields."""
    attachments = shape.dig(body, "attachments")
    first = shape.mapping(attachments[0] if isinstance(attachments, list) and attachments else None)
    if not first:
        return body
    lines = (shape.text(first.get("text")) or "").replace("*", "").splitlines()
    priority = next((line for line in lines if line.casefold().startswith(_PRIORITY)), "")
    message = "\n".join(line for line in lines if line != priority).strip()
    link = shape.text(first.get("title_link"))
    fields = first.get("fields")
    pairs = [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []
    return {
        **{shape.text(each.get("title")) or "": each.get("value") for each in pairs},
        "message": message or first.get("title") or first.get("fallback"),
        "type": (shape.text(first.get("title")) or "").removesuffix(" Alert"),
        "priority": priority[len(_PRIORITY) :].strip() or None,
        "url": link,
        "uid": link.rpartition("/alert/")[2] if link and "/alert/" in link else None,
    }


def _context(says: Flat) -> str | None:
    """What the REST API says of an alert without a text: ``online_offline_status_ctx`` and its ``status``."""
    kind, state = says.first("alertcontextclass"), says.first("alertcontextstatus")
    return f"{kind.removesuffix('_ctx').replace('_', ' ')}: {state}" if kind and state else None


def _status(says: Flat) -> AlertStatus:
    if says.word("resolved", "resolvedalert", "alertresolved") in status.TRUE:
        return AlertStatus.RESOLVED
    return status.of_word(says.first("state", "status", "event", "action", "alertstate", "alertstatus"))


def _condition(says: Flat, kind: str | None) -> str | None:
    """The alert's uid is the same when it resolves; without one the monitor's kind on the device."""
    where = says.first("deviceid", "deviceuid", *DEVICE)
    return says.first(*ID) or (f"{kind}/{where}" if kind and where else None)
