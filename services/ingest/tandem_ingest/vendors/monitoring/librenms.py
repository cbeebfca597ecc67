"""LibreNMS: the JSON body of its "API" transport as our manual has it, and its own names for what it knows.

``state`` is 0 recovered, 1 alert, 2 acknowledged, 3 worse, 4 better, 5 changed. One rule on one device is one
condition. ``timestamp`` is the server's local time without a zone.
Source: librenms doc/Alerting/Templates.md and Transports.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, chat, severity, status
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.template import REPAIRED

RECOVERED = "0"
TITLE = ("title", "alerttitle", "name", "alertname", "rule", "alertrule", "summary", "msg", "message")
STATE = ("state", "alertstate", "status")
_TOLD = re.compile(
    r"Alert for device (?P<fault>.{1,500}?)(?: got (?:acknowledged|worse|better))?"
    r"|Device (?P<host>.{1,200}) recovered from (?P<rule>.{1,300})"
)
"""The titles of its default template, which tell all that Slack's message and templates of title and text have."""
TIME = ("epoch", "timestamp", "time", "eventtimestamp")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one alert of a post."""
    return batch.one_or_many(body, _alert)


def _alert(body: object) -> VendorAlert:
    says = Flat(chat.plain(body))
    title = says.first(*TITLE)
    if title is None:
        raise Unreadable("no title or rule: not a LibreNMS alert")
    told = None if says.word(*STATE) else _TOLD.fullmatch(title.splitlines()[0])
    word = says.first("severity", "alertseverity")
    return draft(
        title=title.splitlines()[0],
        status=AlertStatus.RESOLVED if told and told["rule"] else _status(says),
        severity=severity.of_word(word),
        severity_word=word,
        host=says.first("host", "hostname", "devicehostname", "sysname", "devicesysname", "device"),
        occurred_at=times.parse(says.get(*TIME)),
        dedup_key=_condition(says) or (told and (told["fault"] or f"{told['host']} - {told['rule']}")),
        customer=says.first("customer", "client", "tenant"),
        url=says.first("url", "link", "alerturl"),
        description=says.first("msg", "message", "description", "details"),
        labels={
            "rule": says.first("rule", "name", "alertrule", "alertname"),
            "state": says.first("state", "alertstate"),
            "ip": says.first("ip", "deviceip"),
            "sysname": says.first("sysname", "devicesysname"),
            "location": says.first("location", "devicelocation"),
            "os": says.first("os", "deviceos"),
            "hardware": says.first("hardware", "devicehardware"),
            "elapsed": says.first("elapsed"),
            "event_time": says.first("timestamp", "eventtimestamp"),
            REPAIRED: says.first("tandemrepaired"),
        },
        test=says.word("test") in status.TRUE,
    )


def _status(says: Flat) -> AlertStatus:
    said = says.word(*STATE)
    return AlertStatus.RESOLVED if said == RECOVERED else status.of_word(said)


def _condition(says: Flat) -> str | None:
    """The rule on the device where both are named: an alert's own id is another after it came back."""
    rule, device = says.first("ruleid", "alertruleid"), says.first("deviceid", "devicedeviceid")
    both = f"{rule}/{device}" if rule and device else None
    return both or says.first("alertid", "id", "uid")
