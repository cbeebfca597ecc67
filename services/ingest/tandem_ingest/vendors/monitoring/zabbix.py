"""Zabbix: the ``zabbix/1`` body of the media type we document, and what other webhook scripts post.

Zabbix has no body of its own: a script posts whichever macros it was given, under any names (``event_id``,
``EventID``, ``{"event": {"id": ..}}``), see ``flat.py``. {EVENT.ID} is the problem's on its recovery and updates too.
{EVENT.DATE} and {EVENT.TIME} are the server's local time without a zone: they become a label and no instant.
Warning is below Average, and severities can be renamed: their number does not lie.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, chat, severity, shape, status, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.template import REPAIRED

_LEVELS = (Severity.INFO, Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
_WORDS = ("not classified", "information", "warning", "average", "high", "disaster")
SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {**severity.WORDS, **dict(zip(_WORDS, _LEVELS, strict=True)), **{str(n): level for n, level in enumerate(_LEVELS)}}
)
ID = ("eventid", "problemid", "alertuid", "peventid", "dedupkey", "xs4externalid")
NAME = (
    "eventname", "problemname", "name", "triggername", "problem", "trigger", "title", "alertsubject", "subject",
    "alertname", "triggerdescription", "summary", "message", "alertmessage", "text", "description",
)  # fmt: skip
WORD = ("eventseverity", "severity", "triggerseverity", "triggerseveritytext", "severityname", "priority")
NUMBER = ("eventnseverity", "nseverity", "triggernseverity", "severitynum", "severityid")
VALUE = ("eventvalue", "value", "triggervalue")
STATE = ("eventstatus", "status", "state", "triggerstatus", "alertstate", "problemstatus")
RECOVERY = ("eventrecoveryvalue", "recoveryvalue")
HOST = ("hostname", "host", "hosthost", "hostvisible", "hostvisiblename", "device")
LINES = {"problem name": "name", "host": "host", "severity": "severity", "original problem id": "id"}
"""What Zabbix's default message has in lines of its own, for scripts that post nothing but subject and message."""
OVER = "problem has been resolved"
"""How its default message of a recovery begins."""
OWN_PATH = "/v1/alerts/"
_MESSAGE = 4000
DETAILS = ("alertmessage", "message", "eventopdata", "opdata", "operationaldata", "triggerdescription", "description")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The event of a post: one object, or a list of them."""
    return batch.one_or_many(body, _event)


def _event(body: object) -> VendorAlert:
    says = Flat(_plain(body))
    test = says.unfilled(*ID)
    lines = _lines(says.first("alertmessage", "message") or "")
    title = (
        says.first(*NAME[:5]) or lines.get("name") or says.first(*NAME) or ("Test message of Zabbix" if test else None)
    )
    if title is None:
        raise Unreadable("no event or trigger name: not a Zabbix event")
    tagged = tags.pairs(says.get("tags", "eventtagsjson", "eventtags", "triggertags"))
    word, level = _severity(says, lines.get("severity"))
    return draft(
        title=title.splitlines()[0],
        status=_status(says, over="over" in lines),
        severity=level,
        severity_word=word,
        host=says.first(*HOST) or lines.get("host"),
        occurred_at=times.parse(says.get("timestamp", "eventtimestamp", "clock", "eventclock", "time", "eventtime")),
        dedup_key=_condition(says, lines.get("id")),
        customer=says.first("customer", "tenant", "client") or tags.named(tagged, tags.CUSTOMER),
        url=_url(says),
        description=says.first(*DETAILS),
        labels=_labels(says, tagged),
        test=test or says.word("test") in status.TRUE,
    )


def _plain(body: object) -> object:
    """What its media types for Slack and Mattermost post, where the host has its address behind it in brackets."""
    plain = chat.plain(body)
    if plain is body:
        return body
    says = shape.mapping(plain)
    return {**says, "Host": (shape.text(says.get("Host")) or "").partition(" [")[0]}


def _status(says: Flat, *, over: bool) -> AlertStatus:
    """{EVENT.VALUE} is 1 or 0, {EVENT.STATUS} PROBLEM or RESOLVED; some scripts put the one in the other's place."""
    said = says.word(*VALUE) if says.word(*VALUE) in {"0", "1"} else says.word(*STATE)
    if not said:  # "Resolved in 5m: name" is the default subject
        said = says.word("alertsubject", "subject", "title").replace(":", " ").partition(" ")[0]
    if said == "0" or says.word(*RECOVERY) == "0" or (over and not says.word(*VALUE, *STATE)):
        return AlertStatus.RESOLVED
    return status.of_word(said)


def _severity(says: Flat, told: str | None) -> tuple[str | None, Severity]:
    word, number = says.first(*WORD) or told, says.first(*NUMBER)
    by_number, by_word = severity.of_word(number, SEVERITY), severity.of_word(word, SEVERITY)
    return word or number, by_number if by_number is not Severity.UNKNOWN else by_word


def _url(says: Flat) -> str | None:
    """Stock media types have a parameter URL that is the endpoint: ours may hold a secret and is no link."""
    found = says.first("eventurl", "alerturl", "triggerurl", "problemurl", "link", "generatorurl", "url")
    return None if found and OWN_PATH in found else found


def _lines(message: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in message[:_MESSAGE].splitlines())
    over = {"over": OVER} if message[:80].lstrip().casefold().startswith(OVER) else {}
    return over | {
        LINES[name]: value.strip()
        for raw, _, value in pairs
        if (name := raw.strip().casefold()) in LINES and value.strip()
    }


def _condition(says: Flat, told: str | None) -> str | None:
    trigger, host = says.first("triggerid"), says.first("hostid", *HOST)
    own = says.first(*ID) or told or _linked(_url(says) or "")
    return own or ("/".join(each for each in (trigger, host) if each) if trigger else None)


def _linked(url: str) -> str | None:
    """The problem in a link to it, ``...?triggerid=14032&eventid=10528``, for scripts that post no id."""
    digits = url.replace("?", "&").partition("&eventid=")[2].partition("&")[0]
    return digits if digits.isdigit() and digits.isascii() else None


def _labels(says: Flat, tagged: Mapping[str, str]) -> dict[str, object]:
    local = (says.first("eventdate", "date"), says.first("eventtime", "time"))
    return {
        "trigger_id": says.first("triggerid"),
        "host_group": shape.joined(
            says.get("groups", "hostgroups", "hostgroup", "triggerhostgroupname", "hostgroupname")
        ),
        "ip": says.first("ip", "hostip", "hostconn"),
        "item": says.first("itemname", "item"),
        "item_key": says.first("itemkey"),
        "item_value": says.first("itemvalue", "itemlastvalue"),
        "event_time": " ".join(each for each in local if each),
        "update": says.first("update", "eventupdatestatus"),
        "update_action": says.first("eventupdateaction", "updateaction"),
        REPAIRED: says.first("tandemrepaired"),
        **tagged,
    }
