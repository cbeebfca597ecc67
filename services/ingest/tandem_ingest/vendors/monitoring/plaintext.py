"""Plain text and form posts: for scripts, appliances and mail gateways that know nothing else.

The first line is the title. A mark at its start or end tells severity and status (see ``speech``), and lines of the
form ``host: srv1`` below it fill the fields of that name. A JSON or form body is read as the generic one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote_plus

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import text, times
from tandem_ingest.decode import MAX_KEYS
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.monitoring import generic, records
from tandem_ingest.vendors.monitoring.lenient import json_or_text
from tandem_ingest.vendors.monitoring.speech import said_in

FIELDS = frozenset(["host", "severity", "status", "time", "url", "customer", "tenant", "dedup_key", "key"])
"""What a line ``name: value`` may fill; any other line stays text."""
ALIASES = MappingProxyType(
    {"subject": "title", "text": "message", "msg": "message", "body": "description", "level": "severity"}
)
"""What forms of mail gateways and appliances call the generic fields."""
TITLED = ("subject", "text", "msg")
KEYS = frozenset({"dedup_key", "dedupKey", "dedup", "alias"})
WHERE = ("customer", "tenant", "host")
SUBJECT = "subject: "
"""What a mail that was piped into a post begins with."""
BY_HAND = frozenset({"title", "subject", "summary", "name"})
"""What a form begins with although its blanks are not encoded; other texts with an equals sign are none."""
LINES = 50
"""Of a text, for fields: a log that follows is not searched."""


def decode(body: bytes, headers: Mapping[str, str]) -> object:
    """A form's fields, else JSON, else the text. curl's ``-d 'some text'`` calls itself a form and is none.

    Raises:
        Refused: a bomb.
        Unreadable: see ``json_or_text``.
    """
    return _form(body) or json_or_text(body, headers)


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
    """The one alert of a text or form; other JSON is the generic dialect's."""
    if isinstance(body, str):
        return [records.read(body) or alert_of(body)]
    if not isinstance(body, dict):
        return generic.read(body, headers)
    if body.keys() == {"message"} and (said := shape.text(body["message"])):
        return [alert_of(said)]
    return generic.read(_with_marks(body), headers)


def _form(body: bytes) -> dict[str, object]:
    """The fields of a form that has a title, under the generic names; empty for any other body."""
    said = body.decode("utf-8", "replace").strip()
    if "=" not in said or said[0] in "{[<":
        return {}
    found: dict[str, object] = {}
    for name, value in _pairs(said):
        found.setdefault(ALIASES.get(name.casefold(), name.casefold()), value)
    return found if found.keys() & set(generic.TITLES) else {}


def _pairs(said: str) -> list[tuple[str, str]]:
    """Names and values; also of what somebody wrote by hand, ``title=R&D server down&severity=high``."""
    if not any(blank in said for blank in (" ", "\n")):
        try:
            return parse_qsl(said, keep_blank_values=True, max_num_fields=MAX_KEYS)
        except ValueError:
            return []
    return _by_hand(said) if said.partition("=")[0].casefold() in BY_HAND else []


def _by_hand(said: str) -> list[tuple[str, str]]:
    """An ``&`` that no name follows is a letter of the value before it."""
    found: list[tuple[str, list[str]]] = []
    for part in said.split("&", MAX_KEYS):
        name, equals, value = part.partition("=")
        if equals and name.isidentifier():
            found.append((name, [value]))
        elif found:
            found[-1][1].append(part)
    return [(name, unquote_plus("&".join(values))) for name, values in found]


def _with_marks(says: Mapping[str, object]) -> dict[str, object]:
    """``says``, and what the marks of its title tell where it does not say so itself."""
    marks = said_in((shape.first(*(says.get(name) for name in (*generic.TITLES, *TITLED))) or "")[: text.TITLE])
    told: dict[str, object] = {"severity": marks.level, "status": "resolved" if marks.over else None}
    if not says.keys() & KEYS:
        told["dedup_key"] = _condition(marks.rest, {name: shape.text(says.get(name)) or "" for name in WHERE})
    return {**says, **{name: value for name, value in told.items() if value and not shape.text(says.get(name))}}


def alert_of(
    said: str,
    *,
    subject: object = None,
    occurred_at: datetime | None = None,
    labels: Mapping[str, object] = shape.EMPTY,
) -> VendorAlert:
    """The alert of a text, whose title is ``subject`` or its first line.

    Raises:
        Unreadable: there is nothing in it.
    """
    lines = [line.strip() for line in said.strip().splitlines()]
    title = shape.text(subject) or next((_without_subject(line) for line in lines if line), None)
    if title is None:
        raise Unreadable("an empty text")
    marks = said_in(title[: text.TITLE])
    fields = _fields_in(lines[:LINES])
    level = fields.get("severity") or marks.level
    status = fields.get("status", "").casefold()
    resolved = status in generic.CLEAR if status else marks.over
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(level),
        severity_word=level,
        host=fields.get("host"),
        occurred_at=times.parse(fields.get("time")) or occurred_at,
        dedup_key=fields.get("dedup_key") or fields.get("key") or _condition(marks.rest, fields),
        customer=fields.get("customer") or fields.get("tenant"),
        url=fields.get("url"),
        description=said if len(lines) > 1 or subject is not None else None,
        labels=labels,
    )


def _without_subject(line: str) -> str:
    is_subject = line[: len(SUBJECT)].casefold() == SUBJECT
    return _spelt(line[len(SUBJECT) :].strip()) if is_subject else line


def _spelt(subject: str) -> str:
    """A mail's subject without the code that letters outside ASCII travel in (RFC 2047)."""
    if "=?" not in subject:
        return subject
    try:
        return str(make_header(decode_header(subject)))
    except (LookupError, ValueError, HeaderParseError):  # no such alphabet, or letters that are none of it
        return subject


def _fields_in(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        key = name.strip().casefold().replace(" ", "_")
        if colon and key in FIELDS and value.strip():
            found.setdefault(key, value.strip())
    return found


def _condition(rest: str, fields: Mapping[str, str]) -> str | None:
    """The title without its marks, so that RESOLVED meets its CRITICAL; a title of marks alone has no condition."""
    where = (fields.get("customer") or fields.get("tenant") or "", fields.get("host") or "")
    return f"text:{text.short_hash(*where, rest.casefold())}" if rest else None
