"""PRTG: the form (or JSON) of "Execute HTTP Action" with the placeholders our manual lists, under any spelling.

One sensor is one condition. A notification that a state ended says "Down ended (now: Up)". ``%datetime`` and ``%since``
are local time in the language of the server: no instant. ``%priority`` is the number of the sensor's stars.
Source of the placeholders: opsgenie/opsgenie-integration prtg/Postdatav2.txt, kaholo-trigger-prtg README.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, status, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.headline import headline
from tandem_ingest.vendors.template import REPAIRED

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        "down": Severity.HIGH,
        "error": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "unusual": Severity.LOW,
        "up": Severity.INFO,
        "fehler": Severity.HIGH,
        "warnung": Severity.MEDIUM,
        "ungewöhnlich": Severity.LOW,
        "ok": Severity.INFO,
        "unknown": Severity.UNKNOWN,
    }
)

_ENDED = re.compile(r"\([^\W\d]{1,20}: ?([^():]{1,60})\)$")
UP = frozenset({"up", "ok"})
"""OK in German, whose words stand in the notifications of a server in that language."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one sensor of a post."""
    return batch.one_or_many(body, _sensor)


def _sensor(body: object) -> VendorAlert:
    says = Flat(body)
    sensor, message = says.first("sensor", "name", "sensorname"), says.first("lastmessage", "message", "down", "text")
    test = says.unfilled("sensorid", "id")
    title = headline(sensor, message) or ("Test message of PRTG" if test else None)
    if title is None:
        raise Unreadable("no sensor or message: not a PRTG notification")
    state = says.first("status", "laststatus", "state")
    now = _now(state or "")
    device = says.first("device", "host", "devicename")
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if now.casefold() in UP else AlertStatus.FIRING,
        severity=severity.of_word(now, SEVERITY),
        severity_word=now,
        host=device,
        dedup_key=says.first("sensorid", "id") or ("/".join(each for each in (device, sensor) if each) or None),
        customer=tags.named(tags.pairs(says.get("tags")), tags.CUSTOMER) or says.first("customer", "client"),
        url=says.first("linksensor", "link", "url"),
        description=message,
        labels={
            "state": state,
            "group": says.first("group"),
            "probe": says.first("probe"),
            "address": says.first("host"),
            "priority": says.first("priority", "prio"),
            "device_id": says.first("deviceid"),
            "site_name": says.first("sitename"),
            "event_time": says.first("datetime"),
            REPAIRED: says.first("tandemrepaired"),
        },
        test=test or says.word("test") in status.TRUE,
    )


def _now(state: str) -> str:
    """``Down`` of "Down (Acknowledged)", ``Up`` of "Down ended (now: Up)", in whichever language it says now."""
    ended = _ENDED.search(state)
    return (ended[1] if ended else state).strip().partition(" ")[0]
