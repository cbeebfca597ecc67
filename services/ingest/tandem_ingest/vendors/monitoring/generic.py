"""The generic body: what our templates post and what a person's own script may post. Only a title is required.

Names are told apart by their letters only (``dedup_key``, ``dedupKey``), and what scripts usually call a field is
read as it. An Alertmanager group that was sent here by mistake is read as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import text, times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape, status, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import LONGEST, Flat, fold
from tandem_ingest.vendors.headline import headline
from tandem_ingest.vendors.monitoring import alertmanager
from tandem_ingest.vendors.monitoring.shapes import as_generic, is_acknowledged
from tandem_ingest.vendors.monitoring.speech import set_off_in

CLEAR = status.CLEAR
TITLES = ("title", "name", "summary", "message")
"""What makes an object an alert of its own, as it is written."""
DELIVERY_HEADERS = ("webhook-id", "idempotency-key", "x-tandem-delivery")
TITLE = ("title", "name", "summary", "subject", "alertname", "headline")
TOLD = ("message", "text", "msg", "alert", "description")
"""What may be a text of many lines: its first one is the title."""
CHECK = ("service", "servicename", "servicedesc", "check", "checkname", "monitor", "job", "jobname")
STATE = ("state", "status", "result")
OUTPUT = ("output", "reason", "error", "errormessage", "details", "body", "content")
STATUS = ("status", "state", "alertstatus", "alertstate", "eventaction", "action", "event", "eventtype", "statusname")
SEVERITY = ("severity", "level", "priority", "criticality", "urgency", "alertseverity", "alertlevel", "severityname")
SEVERITY_STATUS = frozenset({"critical", "crit", "warning", "warn", "error", "emergency", "fatal", "major", "minor"})
CHECK_STATES = frozenset(
    {"ok", "okay", "up", "down", "critical", "crit", "warning", "warn", "unknown", "unreachable", "alert", "recovery"}
)
KIND = ("notificationtype", "type", "alerttype", "messagetype")
KIND_OVER = frozenset({"recovery", "recovered", "resolved", "resolve"})
"""Kinds of notification that tell a clear where no status does, as Nagios' and Cronitor's RECOVERY."""
LEVEL_OVER = frozenset({"ok", "okay", "clear", "cleared", "resolved", "recovered"})
"""Levels that tell a clear where no status does, as Kapacitor's OK; "normal" is one that events begin with."""
HOST = (
    "host", "hostname", "device", "devicename", "devicehostname", "server", "servername", "node", "machine", "computer",
    "computername", "instance", "agent", "agentname", "entity", "asset", "resource",
)  # fmt: skip
TIME = (
    "time", "timestamp", "occurredat", "date", "datetime", "createdat", "created", "startsat", "eventtime",
    "triggeredat", "starttime", "startedat", "when",
)  # fmt: skip
KEY = ("dedupkey", "fingerprint", "incidentkey", "alertid", "alertkey", "correlationid", "alias", "alertuid")
CUSTOMER = (
    "tenant", "customer", "client", "tenantname", "customername", "clientname", "company", "companyname",
    "organization", "organizationname", "organisation",
)  # fmt: skip
URL = ("url", "link", "alerturl", "permalink", "href", "generatorurl", "linktoupstreamdetails")
DESCRIPTION = ("description", "details", "message", "body", "text", "output")
WRAPPERS = frozenset({"alert", "event", "incident", "notification"})
KNOWN = frozenset(
    {
        *TITLE, *TOLD, *STATUS, *SEVERITY, *HOST, *TIME, *KEY, *CUSTOMER, *URL, *DESCRIPTION,
        "content", "expiresat", "endsat", "labels", "tags", "test", "istest", "resolved", "isresolved", "tandem",
    }
)  # fmt: skip
"""Names that have a place of their own; any other that stands at the top becomes a label."""
PRIVATE = ("secret", "token", "password", "passwd", "apikey", "authorization", "credential")
BATCH = ("alerts", "events", "items")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
    """The alerts of a post: one object, or a list of them, also one inside an object that is no alert itself.

    None for an acknowledgement in PagerDuty's or Splunk On-Call's shape, which tells no fault.
    """
    if is_acknowledged(body):
        return []
    says = shape.mapping(body)
    inside = next((says[name] for name in BATCH if isinstance(says.get(name), list)), None)
    if isinstance(inside, list) and inside and not _is_alert(says):
        labelled = isinstance(shape.dig(inside[0], "labels", "alertname"), str)
        return alertmanager.read(body, headers) if labelled else batch.each(inside, _alert)
    return batch.one_or_many(body, _alert)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - the adapters' one signature
    """What the sender calls this post, if it does."""
    return next((headers[name] for name in DELIVERY_HEADERS if headers.get(name)), None)


def _is_alert(says: Mapping[str, object]) -> bool:
    return any(shape.text(says.get(name)) for name in TITLES)


def _alert(body: object) -> VendorAlert:
    said = as_generic(shape.mapping(body))
    says = Flat(said, wrappers=WRAPPERS)
    told = says.first(*TOLD)
    title, key = says.first(*TITLE), says.first(*KEY)
    if title is None and told:
        title, key = headline(_thing(says), told), key or _checked(says)
    if title is None:
        title, key = _made(says), key or _condition(says)
    if title is None:
        raise Unreadable("no title")
    tagged = tags.pairs(says.get("tags"))
    word = says.first(*SEVERITY) or tagged.get("severity") or _severity_of_status(says)
    over = _status(says)
    if word is None and not says.first(*STATUS):
        head = title[: text.TITLE]
        marks = set_off_in(head)
        word, over = marks.level, AlertStatus.RESOLVED if marks.over else over
        key = key or (_marked(says, marks.rest) if marks.rest != head else None)
    return draft(
        title=title,
        status=over,
        severity=severity.of_word(word),
        severity_word=word,
        host=says.first(*HOST) or tags.named(tagged, tags.HOST),
        occurred_at=_instant(says, TIME),
        expires_at=_instant(says, ("expiresat", "endsat")),
        dedup_key=key,
        customer=says.first(*CUSTOMER) or tags.named(tagged, tags.CUSTOMER),
        url=says.first(*URL),
        description=_description(says, title),
        labels={**_rest(said), **tagged, **_labels(said, says)},
        test=says.word("test", "istest") in status.TRUE or says.word(*STATUS) == "test",
    )


def _made(says: Flat) -> str | None:
    """``disk on srv1 is CRITICAL: 97 %`` of a check's parts, for scripts that write no sentence."""
    what, where, state = says.first(*CHECK), says.first(*HOST), says.first(*STATE)
    output = says.first(*OUTPUT)
    if what is None and output is None and (where is None or state is None):
        return None
    thing = _thing(says) if what else where
    return headline(f"{thing} is {state}" if thing and state else thing, output)


def _thing(says: Flat) -> str | None:
    """``disk on srv1``; None when no check is named."""
    what, where = says.first(*CHECK), says.first(*HOST)
    return f"{what} on {where}" if what and where else what


def _checked(says: Flat) -> str | None:
    """The check, where the state is one that checks have: its message differs when it is over."""
    state = shape.word(says.first(*STATE, *KIND))
    return _condition(says) if says.first(*CHECK) and state in CHECK_STATES else None


def _marked(says: Flat, rest: str) -> str | None:
    """The title without its mark, so that RESOLVED meets its CRITICAL."""
    where = (says.first(*CUSTOMER) or "", says.first(*HOST) or "")
    return f"title:{text.short_hash(*where, rest.casefold())}" if rest else None


def _condition(says: Flat) -> str | None:
    """Of a title made of parts, which tells the state: what stays the same when it is over."""
    return "/".join(each for each in (says.first(*HOST), says.first(*CHECK)) if each) or None


def _status(says: Flat) -> AlertStatus:
    """A word for over, wherever it stands first; ``resolved: true`` says it as well."""
    if says.word("resolved", "isresolved") in status.TRUE:
        return AlertStatus.RESOLVED
    said = says.first(*STATUS)
    if said is None and (says.word(*SEVERITY) in LEVEL_OVER or says.word(*KIND) in KIND_OVER):
        return AlertStatus.RESOLVED
    return status.of_word(said)


def _severity_of_status(says: Flat) -> str | None:
    """``"status": "critical"`` is how checks say it; failed or open say nothing about how bad it is."""
    said = says.first(*STATUS)
    return said if shape.word(said) in SEVERITY_STATUS else None


def _instant(says: Flat, names: tuple[str, ...]) -> datetime | None:
    """The first of ``names`` that states an instant: a time without a zone does not hide an epoch beside it."""
    for name in names:
        value = says.get(name)
        if value is not None and (at := times.parse(value)) is not None:
            return at
    return None


def _description(says: Flat, title: str) -> str | None:
    """What is said besides the title; the title's own field says nothing more unless it has more lines."""
    told = says.first(*DESCRIPTION)
    return told if told != title else next((more for name in DESCRIPTION if (more := says.first(name)) != title), None)


def _rest(said: Mapping[str, object]) -> dict[str, object]:
    """What has no place: scripts that post all their parameters post their secrets too, and labels are shown."""
    return {name: value for name, value in said.items() if _is_label(fold(name[:LONGEST])) and shape.text(value)}


def _is_label(name: str) -> bool:
    return name not in KNOWN and not any(part in name for part in PRIVATE)


def _labels(said: Mapping[str, object], says: Flat) -> Mapping[str, object]:
    own = shape.mapping(shape.either(said.get("labels"), shape.dig(said, "data", "labels")))
    function = says.first("function")
    return {**own, "function": function} if function else own
