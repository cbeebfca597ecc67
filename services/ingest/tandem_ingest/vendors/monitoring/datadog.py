"""Datadog: the ``datadog/1`` payload we document, its default webhook body, and payloads of others in its variables.

``$ALERT_CYCLE_KEY`` names one alert from trigger to recovery. The default body ``{id, last_updated, event_type, title,
date, org, body}`` has neither key nor transition: both stand in the title, "[P2] [Triggered on {host:web-1}] name",
and the monitor's number in the links of the text. ``$PRIORITY`` is the event's (normal, low) and no severity.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import text, times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.template import REPAIRED

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        "p1": Severity.CRITICAL,
        "p2": Severity.HIGH,
        "p3": Severity.MEDIUM,
        "p4": Severity.LOW,
        "p5": Severity.INFO,
        **{str(number): severity.WORDS[f"p{number}"] for number in range(1, 6)},  # a monitor's own field
        "error": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "warn": Severity.MEDIUM,
        "re-warn": Severity.MEDIUM,
        "success": Severity.INFO,
        "info": Severity.INFO,
        **{word: severity.WORDS[word] for word in ("critical", "high", "medium", "low")},
    }
)
TITLE = ("title", "eventtitle", "alerttitle", "alertname", "monitorname", "name", "summary", "alertstatus", "message")
TRANSITION = ("transition", "alerttransition", "alertstate", "state")
WORDS = ("priority", "alertpriority", "severity", "alertseverity", "type", "alerttype", "level")
TEXT = ("body", "eventmsg", "textonlymsg", "text", "message", "msg", "description")
LINK = ("link", "url", "eventurl", "alerturl", "monitorurl")
_PREFIX = re.compile(r"\s{0,8}\[([^\[\]]{1,300})\]")
_MONITOR = re.compile(r"https://[\w.-]{1,100}/monitors[/#](\d{1,20})", re.ASCII)
_SEEN = 8000
"""Characters of the text we look for a link in."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one event of a post."""
    return batch.one_or_many(body, _event)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """The event: a retry has the same, the recovery another. Without ``last_updated`` an ``id`` may be a monitor's."""
    says = shape.mapping(body)
    return shape.first(says.get("event_id"), says.get("id") if "last_updated" in says else None)


def _event(body: object) -> VendorAlert:
    says = Flat(body)
    title = says.first(*TITLE)
    if title is None:
        raise Unreadable("no title: not a Datadog event")
    marks, name = _split(title)
    told = says.first(*TEXT)
    monitor = _MONITOR.search(told[:_SEEN]) if told else None
    tagged = {
        **tags.pairs(_scope(marks)),
        **tags.pairs(says.get("scope", "alertscope")),
        **tags.pairs(says.get("tags")),
    }
    word, level = _severity(says, marks)
    return draft(
        title=title,
        status=_status(says, marks),
        severity=level,
        severity_word=word,
        host=says.first("host", "hostname") or tags.named(tagged, tags.HOST),
        occurred_at=times.parse(says.get("date", "timestamp", "lastupdated")),
        dedup_key=_condition(says, monitor[1] if monitor else None, name, _scope(marks)),
        customer=tags.named(tagged, tags.CUSTOMER) or says.first("org", "orgname", "orgid"),
        url=says.first(*LINK) or (monitor[0] if monitor else None),
        description=told.strip("% \n") if told else None,
        labels=_labels(says, tagged, monitor[1] if monitor else None),
        test="[test]" in title.casefold() or says.word("test") == "true",
    )


def _split(title: str) -> tuple[list[str], str]:
    """The bracketed marks in front of a title, and the title itself."""
    marks: list[str] = []
    at = 0
    while len(marks) < 4 and (mark := _PREFIX.match(title, at)):
        marks.append(mark[1])
        at = mark.end()
    return marks, title[at:].strip()


def _scope(marks: list[str]) -> str:
    """``host:web-1,env:prod`` of "Triggered on {host:web-1,env:prod}"."""
    return next((mark.partition(" on {")[2].rstrip("}") for mark in marks if " on {" in mark), "")


def _status(says: Flat, marks: list[str]) -> AlertStatus:
    """Triggered, Warn, No Data and their Re- are firing; Recovered also comes as "Warn Recovered"."""
    said = says.word(*TRANSITION)
    words = [said] if said else [*(mark.casefold() for mark in marks), says.word("status")]
    over = any("recovered" in each or each in {"ok", "resolved", "success"} for each in words)
    if not said and says.word("alerttype", "type") == "success":
        over = True
    return AlertStatus.RESOLVED if over else AlertStatus.FIRING


def _severity(says: Flat, marks: list[str]) -> tuple[str | None, Severity]:
    """The monitor's priority, else the type of the event, else what the title or the transition says."""
    said = [says.first(name) for name in WORDS] + [mark.partition(" on {")[0] for mark in marks]
    known = ((word, severity.of_word(word, SEVERITY)) for word in [*said, says.first(*TRANSITION)] if word)
    unknown = (says.first(*WORDS[:4]), Severity.UNKNOWN)
    return next((found for found in known if found[1] is not Severity.UNKNOWN), unknown)


def _condition(says: Flat, monitor: str | None, name: str, scope: str) -> str | None:
    """The cycle; else the monitor and the group of it that fires, which the default body has in its title only."""
    own = says.first(
        "cycle", "alertcyclekey", "cyclekey", "alertcycleid", "cycleid", "dedupkey", "aggregkey", "aggregationkey"
    )
    alert_id = says.first("alertid", "monitorid") or monitor
    group = says.first("scope", "alertscope") or scope
    if own or not (alert_id or name):
        return own
    if alert_id:
        return f"{alert_id}/{group}" if group else alert_id
    return f"title:{text.short_hash(name, group)}"


def _labels(says: Flat, tagged: Mapping[str, str], monitor: str | None) -> dict[str, object]:
    return {
        "transition": says.first(*TRANSITION),
        "alert_id": says.first("alertid", "monitorid") or monitor,
        "event_type": says.first("eventtype"),
        "metric": says.first("metric", "alertmetric"),
        "query": says.first("query", "alertquery"),
        "scope": says.first("scope", "alertscope"),
        "org": says.first("org", "orgname"),
        REPAIRED: says.first("tandemrepaired"),
        **tagged,
    }
