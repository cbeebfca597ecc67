"""Proxmox Backup Server and Proxmox VE: the notification of a webhook target, by our template or like Gotify's.

One job of one type is one condition; a later ``info`` of a job clears it. Types without a job (package updates, system
mail, tape loading) never clear. Source: proxmox/proxmox-backup docs/notifications.rst, PVE's notification chapter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, chat, plain, shape
from tandem_ingest.vendors.backup import outcome
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.template import REPAIRED, fields

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        "error": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "notice": Severity.LOW,
        "info": Severity.INFO,
    }
)
PRIORITY: Mapping[str, Severity] = MappingProxyType(
    {"1": Severity.INFO, "3": Severity.LOW, "5": Severity.MEDIUM, "8": Severity.HIGH}
)
"""What a Gotify target writes for info, notice, warning and error; it writes 3 for unknown too."""
_PUSHOVER = frozenset({"-2", "-1", "0", "2"})
JOBS = frozenset({"gc", "prune", "sync", "verification", "verify", "tape-backup", "vzdump", "replication"})
WELL = frozenset({"info", "1"})
ILL = frozenset({"error", "warning", "8", "5"})
TYPES = JOBS | {"acme", "package-updates", "tape-load", "system-mail", "fencing", "test"}
_HOST = re.compile(
    r"(?:vzdump backup status|new software packages available) \((?P<host>[\w.-]{1,200})\)", re.IGNORECASE
)
_KEYS = 200
TEST_TITLE = "test notification"


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
    """The one notification of a post; like ntfy's it may be the bare message, with its title in a header.

    A template that pastes its message without ``escape`` breaks its JSON: the fields are then read one by one, if its
    end is there.
    """
    text = body.strip() if isinstance(body, str) else ""
    if text.startswith("{") and text.endswith("}") and (found := fields(text)):
        body = {**found, REPAIRED: "broken JSON, read field by field"}
    elif isinstance(body, str):
        body = {"message": plain.message(body), "title": headers.get("title") or headers.get("x-title")}
    return batch.one_or_many(body, _notification)


def _notification(body: object) -> VendorAlert:
    says = {name.casefold(): each for name, each in list(shape.mapping(chat.plain(body)).items())[:_KEYS]}
    tags = {**says, **shape.mapping(says.get("fields")), **shape.mapping(says.get("metadata"))}
    message = shape.first(*map(says.get, ("message", "text", "content", "body", "messagecontent", "details")))
    message = message and message.strip("`#* \n")  # templates for Slack and Discord fence it
    title = shape.first(*map(says.get, ("title", "messagetitle", "subject"))) or (message and message.splitlines()[0])
    if not title:
        raise Unreadable("neither title nor message: not a notification of Proxmox")
    kind = shape.text(tags.get("type"))
    kind = kind if "type" not in says or shape.word(kind) in TYPES else None  # Slack has a type of its own
    word = _word(says, message)
    host = shape.first(tags.get("hostname"), tags.get("host"), tags.get("node"))
    datastore, job = shape.text(tags.get("datastore")), shape.first(tags.get("job-id"), tags.get("job_id"))
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if _is_clear(kind, title, word) else AlertStatus.FIRING,
        severity=_severity(word, title),
        severity_word=word,
        host=host or _host(title),
        occurred_at=times.parse(shape.either(says.get("timestamp"), says.get("time"))),
        dedup_key=_condition(kind, title, (host, datastore, job)),
        customer=says.get("customer"),
        url=says.get("url"),
        description=message,
        labels={
            "type": kind,
            "datastore": datastore,
            "job": job,
            "media_pool": tags.get("media-pool"),
            REPAIRED: says.get(REPAIRED),
            **shape.mapping(says.get("fields")),
        },
        test=title.casefold() == TEST_TITLE or kind == "test",
    )


def _word(says: Mapping[str, object], message: str | None) -> str | None:
    """The severity: in its own field, as a status, as a priority or alone in the first line of the text."""
    own = shape.text(says.get("severity"))
    state = shape.text(says.get("status"))
    if own is None and state and shape.word(state) in SEVERITY:
        own = state
    if own is None and (own := _priority(says)) is None:
        first, _, rest = (message or "").partition("\n")
        own = first.strip() if rest and shape.word(first) in SEVERITY else None
    return own


def _host(title: str) -> str | None:
    """What stands in parentheses behind the subject of some titles."""
    match = _HOST.match(title)
    return match["host"] if match else None


def _priority(says: Mapping[str, object]) -> str | None:
    """Gotify's number or a word; Pushover's scale begins at 0 or below and says nothing of the notification."""
    found = shape.text(says.get("priority"))
    return None if found in _PUSHOVER else found


def _severity(word: str | None, title: str) -> Severity:
    """The notification's own; a template that leaves it out still tells in its title how the job ended."""
    if word is None:
        return outcome.of_word(outcome.last_word(title))
    return SEVERITY.get(shape.word(word)) or PRIORITY.get(shape.word(word)) or Severity.UNKNOWN


def _is_clear(kind: str | None, title: str, word: str | None) -> bool:
    """A job that went well: the severity says so, or the title, which Gotify's body without a type leaves alone."""
    said_well = outcome.is_clear(outcome.last_word(title))
    if kind is not None:
        return kind.casefold() in JOBS and (shape.word(word) in WELL or (said_well and shape.word(word) not in ILL))
    return said_well and shape.word(word) not in ILL


def _condition(kind: str | None, title: str, where: tuple[str | None, ...]) -> str | None:
    """Type, host, datastore and job; without a type what the title speaks of, whatever its result."""
    named = "/".join(part for part in where if part)
    if kind in JOBS or (kind and where[1:] != (None, None)):
        return f"{kind}/{named}"
    what = outcome.without_result(title)
    return "/".join(part for part in (kind, named, what) if part) or None
