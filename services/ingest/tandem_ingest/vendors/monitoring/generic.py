"""The generic body: what our templates post and what a person's own script may post. Only a title is required.

Names are told apart by their letters only (``dedup_key``, ``dedupKey``), and what scripts usually call a field is
read as it. An Alertmanager group that was sent here by mistake is read as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import text, times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape, status, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import LONGEST, Flat, Questions, fold
from tandem_ingest.vendors.headline import headline
from tandem_ingest.vendors.layout import Layout, layout_of
from tandem_ingest.vendors.monitoring import alertmanager, records, truenas
from tandem_ingest.vendors.monitoring.shapes import NAMES, as_generic, is_acknowledged
from tandem_ingest.vendors.monitoring.speech import set_off_in
from tandem_ingest.vendors.remembered import Keys, Remembered

CLEAR = status.CLEAR
TITLES = ("title", "name", "summary", "message")
"""What makes an object an alert of its own, as it is written."""
DELIVERY_HEADERS = ("webhook-id", "idempotency-key", "x-tandem-delivery")
TITLE = ("title", "name", "summary", "subject", "alertname", "alerttitle", "headline", "alarmname")
TOLD = (
    "message", "text", "msg", "alert", "description", "alertmessage", "alarmtext", "alarmmessage", "briefdescription",
)  # fmt: skip
"""What may be a text of many lines: its first one is the title."""
CHECK = (
    "service", "servicename", "servicedesc", "check", "checkname", "monitor", "monitorname", "monitorfriendlyname",
    "job", "jobname", "rulename", "rule", "controlname", "control", "policyname",
    "detectionname", "malwarename", "threatname",
)  # fmt: skip
STATE = ("state", "status", "result", "monitorstatus", "alerttypefriendlyname")
OUTPUT = (
    "output", "reason", "error", "errormessage", "details", "body", "content", "alertdetails", "incidentreason",
    "cause",
)  # fmt: skip
STATUS = (
    "statusname", "status", "state", "alertstatus", "alertstate", "alertaction", "eventaction", "action", "event",
    "eventtype", "monitorstatus", "alerttypefriendlyname", "incidentstatus", "alarmstatus", "alarmstate",
    "resolutionstatus",
)  # fmt: skip
SEVERITY = ("severity", "level", "priority", "criticality", "urgency", "alertseverity", "alertlevel", "severityname",
            "alarmseverity", "alarmlevel", "alarmrisklevel")  # fmt: skip
SEVERITY_STATUS = frozenset({"critical", "crit", "warning", "warn", "error", "emergency", "fatal", "major", "minor"})
CHECK_STATES = frozenset(
    {"ok", "okay", "up", "down", "critical", "crit", "warning", "warn", "unknown", "unreachable", "alert", "recovery"}
)
KIND = ("notificationtype", "type", "alerttype", "messagetype")
EVENT = ("sourcerulename", "eventname", "alerttype", "eventtype", "event", "type", "alertkey")
"""What happened, where no sentence tells it, as Meraki's alertType and UniFi's alert_key."""
KIND_LEVELS = frozenset(
    {"critical", "crit", "error", "fatal", "major", "warning", "warn", "minor", "failure", "info", "success"}
)
"""Kinds of notification that tell how bad it is where nothing else does, as Apprise's failure; "alert" is none."""
KIND_OVER = frozenset({"recovery", "recovered", "resolved", "resolve"})
"""Kinds of notification that tell a clear where no status does, as Nagios' and Cronitor's RECOVERY."""
LEVEL_OVER = frozenset({"ok", "okay", "clear", "cleared", "resolved", "recovered", "recovery"})
"""Levels that tell a clear where no status does, as Kapacitor's OK; "normal" is one that events begin with."""
HOST = (
    "host", "hostname", "device", "devicename", "devicehostname", "server", "servername", "node", "machine", "computer",
    "computername", "fqdn", "devname", "dhost", "instance", "agent", "agentname", "entity", "asset", "assetname",
    "resource", "resourcename", "nodename", "machinename", "endpointname", "agenthostname", "hosthostname",
    "dimensionshost",
)  # fmt: skip
TIME = (
    "time", "timestamp", "occurredat", "date", "datetime", "createdat", "created", "startsat", "eventtime",
    "triggeredat", "starttime", "startedat", "when", "ts", "raisedat", "detectedat", "createdtime", "createddatetime",
    "detectiontimestamp", "timeofalert", "alertdatetime", "incidenttimeiso", "timegenerated", "datestartzoned",
    "receivedat", "alerttime", "alarmtime", "alertts", "start", "startdate", "eventtimestamp", "servertimestamp",
    "detectiontime", "rt",
)  # fmt: skip
KEY = (
    "dedupkey", "fingerprint", "incidentkey", "alertid", "alertkey", "correlationid", "alias", "alertuid", "incidentid",
    "alarmid", "problemid", "findingid",
)  # fmt: skip
WATCHED = ("monitorid", "checkid")
"""Of a monitor, which may watch several machines."""
CUSTOMER = (
    "tenant", "customer", "client", "tenantname", "customername", "clientname", "company", "companyname",
    "organization", "organizationname", "organisation", "orgname",
)  # fmt: skip
EXPIRES = ("expiresat", "endsat")
URL = ("url", "link", "alerturl", "permalink", "href", "generatorurl", "linktoupstreamdetails")
DESCRIPTION = ("description", "details", "message", "body", "text", "output", "alertmessage")
WRAPPERS = frozenset({"alert", "alarm", "event", "incident", "notification", "issue", "item"})
LASTING = ("alert", "incident", "issue")
"""Objects that go on from firing to clear: the id in one is what ``alert_id`` is."""
KNOWN = frozenset(
    {
        *TITLE, *TOLD, *STATUS, *SEVERITY, *HOST, *TIME, *KEY, *CUSTOMER, *URL, *DESCRIPTION,
        *EXPIRES, "content", "labels", "tags", "test", "istest", "resolved", "isresolved", "cleared",
        "iscleared", "tandem",
    }
)  # fmt: skip
"""Names that have a place of their own; any other that stands at the top becomes a label."""
PRIVATE = ("secret", "token", "password", "passwd", "apikey", "authorization", "credential")
BATCH = ("alerts", "events", "items", "Events")
"""The last one is Redfish's, whose own name is no alert's."""
ASKED = Questions(
    title=TITLE,
    told=TOLD,
    check=CHECK,
    state=STATE,
    output=OUTPUT,
    status=STATUS,
    kind=KIND,
    event=EVENT,
    watched=WATCHED,
    severity=SEVERITY,
    host=HOST,
    key=KEY,
    customer=CUSTOMER,
    url=URL,
    description=DESCRIPTION,
    function=("function",),
    test=("test", "istest"),
    resolved=("resolved", "isresolved", "cleared", "iscleared"),
)
ODD = NAMES.union(BATCH)
"""Keys of bodies that may be something else than one generic alert."""
AS_IT_IS = {"time": TIME, "expires": EXPIRES, "tags": ("tags",)}
"""Questions that are not answered by a text."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
    """The alerts of a post: one object, or a list of them, also one inside an object that is no alert itself.

    None for an acknowledgement in the shape of an incident API (see ``shapes``), which tells no fault.
    """
    spoken = body.get("text") if isinstance(body, dict) else None
    if type(spoken) is str and spoken.startswith(truenas.OPENINGS) and (found := truenas.alerts_of(spoken)):
        return found
    if isinstance(body, dict) and (layout := LAYOUTS.of(tuple(body))) and (told := layout.answers(body)) is not None:
        return [_alert_of(_UsualBody(body, told, layout))]
    if is_acknowledged(body):
        return []
    says = shape.mapping(body)
    if "jsonrpc" in says:  # a call whose parameters are the post
        says = shape.mapping(says.get("params"))
        body = says or body
    inside = None if says.keys().isdisjoint(BATCH) else _batch(says)
    if inside and not _is_alert(says):
        labelled = isinstance(shape.dig(inside[0], "labels", "alertname"), str)
        return alertmanager.read(body, headers) if labelled else batch.each(inside, _alert)
    return batch.one_or_many(body, _alert)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - the adapters' one signature
    """What the sender calls this post, if it does."""
    for name in DELIVERY_HEADERS:
        if found := headers.get(name):
            return found
    return None


def _batch(says: Mapping[str, object]) -> list[object] | None:
    return next((inside for name in BATCH if isinstance(inside := says.get(name), list)), None)


def _is_alert(says: Mapping[str, object]) -> bool:
    return any(shape.text(says.get(name)) for name in TITLES)


class _Body:
    """A body under the generic names, and what of it answers which question."""

    def __init__(self, said: Mapping[str, object]) -> None:
        self.said = said
        self._says = Flat(said, wrappers=WRAPPERS)
        self.told: Mapping[str, str] = ASKED.answers(self._says)

    def values(self, question: str) -> Sequence[object]:
        """What stands under the names of one of AS_IT_IS, the best first."""
        names = AS_IT_IS[question]
        return () if self._says.lacks(names) else [self._says.get(name) for name in names]

    def first(self, name: str) -> str | None:
        """What stands under a folded name, as text."""
        return self._says.first(name)

    def rest(self) -> Mapping[str, object]:
        """What has no place: scripts that post all their parameters post their secrets too, and labels are shown."""
        return {name: value for name, value in self.said.items() if _is_label(name[:LONGEST]) and shape.text(value)}


class _UsualBody(_Body):
    """The same of a body whose layout is known."""

    def __init__(self, said: Mapping[str, object], told: Mapping[str, str], layout: Layout) -> None:
        self.said = said
        self.told = told
        self._layout = layout

    def values(self, question: str) -> Sequence[object]:
        return [self.said[key] for key in self._layout.as_it_is[question]]

    def first(self, name: str) -> str | None:
        return shape.text(self.said.get(self._layout.keys.get(name, "")))

    def rest(self) -> Mapping[str, object]:
        return {key: value for key in self._layout.rest if shape.text(value := self.said[key])}


def _alert(body: object) -> VendorAlert:
    if isinstance(body, str) and (found := records.read(body)) is not None:
        return found
    return _alert_of(_Body(as_generic(shape.mapping(body))))


def _alert_of(body: _Body) -> VendorAlert:
    told = body.told
    title, key = told.get("title"), told.get("key") or _on_host(told, "watched")
    if title is None and "told" in told:
        title, key = headline(_thing(told), told["told"]), key or _checked(told)
    if title is None:
        title, key = _made(told), key or _condition(told)
    if title is None and not told.get("event", "").isdigit():
        title = _on_host(told, "event", " on ")
        key = key or (shape.text(body.said.get("id")) if "status" in told else None)
    key = key or _wrapped_id(body.said)
    title = title or _closing(told, key)
    if title is None:
        raise Unreadable("no title")
    tagged = tags.pairs(next(iter(body.values("tags")), None))
    word = told.get("severity") or tagged.get("severity") or _severity_of_status(told)
    over = _status(told)
    if word is None and "status" not in told:
        head = title[: text.TITLE]
        marks = set_off_in(head)
        word, over = marks.level, AlertStatus.RESOLVED if marks.over else over
        key = key or (_marked(told, marks.rest) if marks.rest != head else None)
    if word is None and _says(told, "kind") in KIND_LEVELS:
        word = told["kind"]
    return draft(
        title=title,
        status=over,
        severity=severity.of_word(word),
        severity_word=word,
        host=told.get("host") or tags.named(tagged, tags.HOST),
        occurred_at=_instant(body, "time"),
        expires_at=_instant(body, "expires"),
        dedup_key=key,
        customer=told.get("customer") or tags.named(tagged, tags.CUSTOMER),
        url=told.get("url"),
        description=_description(body, title),
        labels={**body.rest(), **tagged, **_labels(body.said, told)},
        test=("test" in told and _says(told, "test") in status.TRUE) or _says(told, "status") == "test",
    )


def _says(told: Mapping[str, str], question: str) -> str:
    """The answer to ``question``, for comparing."""
    return told.get(question, "").casefold()


def _made(told: Mapping[str, str]) -> str | None:
    """``disk on srv1 is CRITICAL: 97 %`` of a check's parts, for scripts that write no sentence."""
    what, where, state, output = (told.get(each) for each in ("check", "host", "state", "output"))
    if what is None and output is None and (where is None or state is None):
        return None
    thing = _thing(told) if what else where
    return headline(f"{thing} is {state}" if thing and state else thing, output)


def _thing(told: Mapping[str, str]) -> str | None:
    """``disk on srv1``; None when no check is named."""
    what, where = told.get("check"), told.get("host")
    return f"{what} on {where}" if what and where else what


def _checked(told: Mapping[str, str]) -> str | None:
    """The check, where the state is one that checks have: its message differs when it is over."""
    state = shape.word(told.get("state") or told.get("kind"))
    return _condition(told) if "check" in told and state in CHECK_STATES else None


def _marked(told: Mapping[str, str], rest: str) -> str | None:
    """The title without its mark, so that RESOLVED meets its CRITICAL."""
    where = (told.get("customer", ""), told.get("host", ""))
    return f"title:{text.short_hash(*where, rest.casefold())}" if rest else None


def _on_host(told: Mapping[str, str], question: str, between: str = "/") -> str | None:
    """The answer to ``question``, and the machine when one is named; None without an answer."""
    return between.join(told[each] for each in (question, "host") if each in told) if question in told else None


def _condition(told: Mapping[str, str]) -> str | None:
    """Of a title made of parts, which tells the state: what stays the same when it is over. A host alone is none."""
    if "check" not in told and "state" not in told:
        return None
    return "/".join(told[each] for each in ("host", "check") if each in told) or None


def _wrapped_id(said: Mapping[str, object]) -> str | None:
    """``{"issue": {"id": ..}}``; an event's or a notification's id is new each time."""
    return shape.first(*(shape.dig(said, name, "id") for name in LASTING)) if said.keys() & {*LASTING} else None


def _closing(told: Mapping[str, str], key: str | None) -> str | None:
    """A clear may say no more than what is over."""
    return f"{key} is {told.get('status', 'over')}" if key and _status(told) is AlertStatus.RESOLVED else None


def _status(told: Mapping[str, str]) -> AlertStatus:
    """A word for over, wherever it stands first; ``resolved: true`` says it as well."""
    if "resolved" in told and _says(told, "resolved") in status.TRUE:
        return AlertStatus.RESOLVED
    if "status" not in told and _says(told, "severity") in LEVEL_OVER:
        return AlertStatus.RESOLVED
    if " " in told.get("status", " ") and _is_over(_says(told, "kind")):  # no status, or a sentence
        return AlertStatus.RESOLVED
    return status.of_word(told.get("status"))


def _is_over(kind: str) -> bool:
    """Whether a kind of notification tells a clear, also as ``alert_recovery``."""
    over = status.of_word(kind) is AlertStatus.RESOLVED
    return over and kind.replace(".", "_").rpartition("_")[2] in KIND_OVER


def _severity_of_status(told: Mapping[str, str]) -> str | None:
    """``"status": "critical"`` is how checks say it; failed or open say nothing about how bad it is."""
    return told.get("status") if _says(told, "status") in SEVERITY_STATUS else None


def _instant(body: _Body, question: str) -> datetime | None:
    """The first that states an instant: a time without a zone does not hide an epoch beside it."""
    for value in body.values(question):
        if (at := times.parse(value)) is not None:
            return at
    return None


def _description(body: _Body, title: str) -> str | None:
    """What is said besides the title; the title's own field says nothing more unless it has more lines."""
    first = body.told.get("description")
    if first != title:
        return first
    return next((more for name in DESCRIPTION if (more := body.first(name)) != title), None)


@lru_cache(maxsize=2048)
def _is_label(name: str) -> bool:
    own = fold(name)
    return own not in KNOWN and not any(part in own for part in PRIVATE)


def _labels(said: Mapping[str, object], told: Mapping[str, str]) -> Mapping[str, object]:
    own = said.get("labels")
    own = shape.mapping(shape.dig(said, "data", "labels") if own is None else own)
    return {**own, "function": told["function"]} if "function" in told else own


def layout(keys: Keys) -> Layout | None:
    """What ``keys`` mean in a generic body; None where that takes more than them to tell."""
    return layout_of(keys, ASKED, AS_IT_IS, _is_label) if ODD.isdisjoint(keys) else None


LAYOUTS = Remembered(layout)
