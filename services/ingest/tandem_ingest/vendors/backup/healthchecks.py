"""healthchecks.io (dead-man's switch for backups and cron jobs): the webhook template we document, or $JSON.

Templates with names of their own are read as well, a bare ``$NAME is $STATUS``, and what its integrations for Spike,
PagerTree, Splunk On-Call, Slack and Rocket.Chat post. Source: healthchecks/healthchecks hc/integrations.

A check that missed its ping is down, the next ping is up. Tags are free words; ``severity:``, ``host:`` and
``customer:`` tags (also with ``=``) and a bare severity word are read from them, by our convention.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, chat, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat

UP = frozenset({"up", "ok", "resolved", "resolve", "recovery", "success"})
DOWN = frozenset({"trigger", "critical"})
"""How its integrations for PagerTree and Splunk On-Call say down."""
TEST_NAME = "TEST"
"""The name of the dummy check behind its "send test notification" button."""
NAME = ("name", "checkname", "entitydisplayname")
STATUS = ("status", "checkstatus", "messagetype", "eventtype", "state")
ID = ("code", "checkid", "uuid", "uniquekey", "incidentkey", "entityid", "id")
TEXT = ("title", "message", "text", "content", "summary", "description")
_SENTENCE = re.compile(
    r"[^\x00-\x7f\w“]{0,4} ?(?:The check )?[“\"'\[]{0,2}(?P<name>[^\r\n]{1,200}?)[”\"'\]]{0,2}(?:\(https?://[^\s()]{1,200}\))?"
    r"(?: is | has gone | went | ?: ?)(?P<status>up|down)(?=[.!]|\s*(?:$|[\r\n]))",
    re.IGNORECASE,
)
"""``db is DOWN``, ``The check "db" has gone down``, ``db:down``: how its messages and its manual's example speak; a
coloured disk in front of it names nothing.
"""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one check of a post."""
    return batch.one_or_many({"message": body} if isinstance(body, str) else body, _check)


def _check(body: object) -> VendorAlert:
    says = Flat(_opened(body))
    name, status = says.first(*NAME), says.first(*STATUS)
    spoken = _spoken(says) if name is None or status is None else {}
    its_id = says.first("check", *ID) or _in_link(says)
    name = name or spoken.get("name") or its_id
    status = status or spoken.get("status")
    if name is None or status is None:
        raise Unreadable("no name or status: not the healthchecks.io template")
    up = status.casefold() in UP
    tags = _tags(shape.joined(says.get("tags")))
    exit_status = says.first("exit", "exitstatus")
    return draft(
        title=f"{name} is {_word(status)}",
        status=AlertStatus.RESOLVED if up else AlertStatus.FIRING,
        # A check has no severity of its own: a missed one is high unless its tag says otherwise.
        severity=severity.of_word(tags.get("severity"))
        if "severity" in tags
        else Severity.INFO
        if up
        else Severity.HIGH,
        severity_word=tags.get("severity"),
        host=tags.get("host"),
        occurred_at=times.parse(says.get("at", "now", "timestamp", "time")),
        dedup_key=its_id or name,  # the title holds the status
        customer=tags.get("customer"),
        url=says.first("url"),
        description=f"exit status {exit_status}" if exit_status else says.first("body", "desc", "statemessage"),
        labels={"check": its_id, "name": name, "tags": says.get("tags"), "exit": exit_status},
        test=name == TEST_NAME,
    )


def _opened(body: object) -> object:
    """Our template's fields; its variable $JSON stands for the check as the API gives it, alone or under ``check``."""
    says = shape.mapping(chat.plain(body))
    inner = says.get("check")
    if isinstance(inner, dict):
        return {**inner, **{name: value for name, value in says.items() if name != "check" and value is not None}}
    return says


def _spoken(says: Flat) -> dict[str, str]:
    """Name and status of a text that tells both."""
    match = next((match for text in map(says.first, TEXT) if text and (match := _SENTENCE.match(text))), None)
    return match.groupdict() if match else {}


def _in_link(says: Flat) -> str | None:
    """The check's id in the address of its pings or its page."""
    found = _UUID.search(says.first("pingurl", "url") or "")
    return found[0] if found else None


def _word(status: str) -> str:
    word = status.casefold()
    return "up" if word in UP else "down" if word in DOWN else word


def _tags(tags: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in (tags or "").replace(",", " ").replace("`", "").split():
        name, _, value = tag.replace("=", ":", 1).partition(":")
        if value:
            found[name.casefold()] = value
        elif severity.of_word(tag) is not Severity.UNKNOWN:
            found.setdefault("severity", tag)
    return found
