"""Tickets or incidents of another system, as a CSV export has them, set beside what Tandem decided. Pure.

Exports differ: header names are taken tolerantly, delimiters found out; a row that cannot be read is named, not fatal.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.schema.fields import suggest
from tandem.errors import Reason, Refused
from tandem.model.ownership import Owner, Party
from tandem.model.priority import Priority

MOST_TICKETS = 50_000
LARGEST_FILE = 20 * 1024 * 1024
LONGEST_FIELD = 10_000
BEFORE, AFTER = timedelta(hours=4), timedelta(minutes=30)
"""An alert belongs to a ticket when it came this long before the ticket was opened, or after."""
MOST_CANDIDATES = 2000
"""Alerts looked at per ticket, the nearest in time."""
ALIKE = 0.4
"""Share of their words that two titles have in common to be one, where no host says it."""
_NAMES = {
    "opened": "opened openedat opendate opentime created createdat createdon createddate createtime date reported",
    "title": "title summary subject shortdescription description name problem",
    "host": "host hostname device asset configurationitem ci computer machine system node endpoint",
    "owner": "owner ownerparty assigneeparty assignedparty party responsible assignee assignedto team queue board",
    "priority": "priority prio severity urgency",
    "id": "id number ticket ticketid ticketnumber key incident incidentid ref reference",
}
_TIMES = ("%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M")
_WORDS = {
    Priority.P1: ("critical", "emergency", "urgent"),
    Priority.P2: ("high", "major"),
    Priority.P3: ("medium", "normal", "moderate"),
    Priority.P4: ("low", "minor"),
    Priority.P5: ("planning", "info", "informational"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One row. What the export does not say, or says in words we do not know, is None."""

    line: int
    id: str | None
    opened: datetime
    title: str
    host: str | None
    party: Party | None
    priority: Priority | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A firing alert as it was decided."""

    received_at: datetime
    title: str
    host: str | None
    function: str
    row: str
    owner: Owner
    responsible: Party
    priority: Priority
    number: int | None = None
    """Of its incident."""


@dataclass(frozen=True, slots=True)
class Tickets:
    """What could be read of a file, in order of time."""

    tickets: tuple[Ticket, ...]
    unreadable: tuple[str, ...]
    """``line 7: ...``"""


def read_tickets(data: bytes, zone: ZoneInfo, parties: Mapping[str, Party]) -> Tickets:
    """The rows of a CSV export.

    Args:
        data: UTF-8, with or without a mark; comma, semicolon or tab.
        zone: of times without an offset.
        parties: case-folded names of people, teams and parties -> their party.

    Raises:
        Refused: it is too large, no text, or has no column for the time or for title and host.
    """
    if len(data) > LARGEST_FILE:
        raise Refused(Reason.INVALID, f"the file is larger than {LARGEST_FILE // 1024**2} MiB: export a shorter period")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(Reason.INVALID, "the file is not UTF-8: export it as CSV UTF-8") from None
    rows = _rows(text)
    columns = _columns(next(rows, (1, []))[1])
    found: list[Ticket] = []
    unreadable: list[str] = []
    for line, values in rows:
        if len(found) + len(unreadable) >= MOST_TICKETS:
            raise Refused(Reason.INVALID, f"more than {MOST_TICKETS} rows: export a shorter period")
        try:
            found.append(
                _ticket(line, {name: values[at] for name, at in columns.items() if at < len(values)}, zone, parties)
            )
        except ValueError as fault:
            unreadable.append(f"line {line}: {fault}")
    return Tickets(tuple(sorted(found, key=lambda ticket: ticket.opened)), tuple(unreadable))


def compare(tickets: Sequence[Ticket], alerts: Sequence[Routed]) -> list[tuple[Ticket, Routed | None]]:
    """Each ticket with the alert that fits it best, or None; ``alerts`` in order of ``received_at``."""
    times = [alert.received_at for alert in alerts]
    return [(ticket, _best(ticket, alerts, times)) for ticket in tickets]


def differs_in_owner(ticket: Ticket, alert: Routed) -> bool:
    """Whether the ticket lies with a party that the decision gives nothing to do; unknown words differ in nothing."""
    owners = set(Party) if alert.owner is Owner.SHARED else {Party(alert.owner.value)}
    return ticket.party is not None and ticket.party not in {*owners, alert.responsible}


def differs_in_priority(ticket: Ticket, alert: Routed) -> bool:
    """Whether both have a priority and it is not the same."""
    return ticket.priority is not None and ticket.priority is not alert.priority


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_FIELD)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=delimiter)
    try:
        for values in reader:
            if any(value.strip() for value in values):
                yield reader.line_num, values
    except csv.Error as fault:
        raise Refused(Reason.INVALID, f"line {reader.line_num}: {fault}") from None


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Our field -> its column; the earlier name of ours wins where several fit."""
    plain = ["".join(char for char in name.casefold() if char.isalnum()) for name in header]
    found: dict[str, int] = {}
    for field, names in _NAMES.items():
        at = next((plain.index(name) for name in names.split() if name in plain), None)
        if at is not None and at not in found.values():
            found[field] = at
    if "opened" not in found or not {"title", "host"} & set(found):
        missing = "opened" if "opened" not in found else "title"
        known = [name for names in _NAMES.values() for name in names.split()]
        close = next((said for name in plain if (said := suggest(name, known)) and name not in known), "")
        has = ", ".join(name.strip()[:30] for name in header[:12]) or "nothing"
        raise Refused(Reason.INVALID, f"there is no column {missing!r}; the first line has: {has}{close}")
    return found


def _ticket(line: int, values: Mapping[str, str], zone: ZoneInfo, parties: Mapping[str, Party]) -> Ticket:
    """ValueError says what cannot be read."""
    said = {name: value.strip() for name, value in values.items() if value.strip()}
    if not {"title", "host"} & set(said):
        raise ValueError("neither title nor host")
    return Ticket(
        line=line,
        id=said.get("id"),
        opened=_instant(said.get("opened", ""), zone),
        title=said.get("title", "")[:300],
        host=said.get("host"),
        party=parties.get(said.get("owner", "").casefold()),
        priority=_priority(said.get("priority", "")),
    )


def _instant(text: str, zone: ZoneInfo) -> datetime:
    found: datetime | None = None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        for form in _TIMES:
            try:
                found = datetime.strptime(text, form).replace(tzinfo=zone)
            except ValueError:
                continue
            break
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a time; write it like 2026-11-20 14:05")
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is no time that a ticket can have") from None


def _priority(text: str) -> Priority | None:
    digit = next((char for char in text if char in "12345"), None)
    if digit is not None:
        return Priority(f"P{digit}")
    folded = text.casefold()
    return next((level for level, words in _WORDS.items() if any(word in folded for word in words)), None)


def _best(ticket: Ticket, alerts: Sequence[Routed], times: Sequence[datetime]) -> Routed | None:
    start, end = bisect_left(times, ticket.opened - BEFORE), bisect_left(times, ticket.opened + AFTER)
    middle = min(max(bisect_left(times, ticket.opened), start), end)
    near = range(max(start, middle - MOST_CANDIDATES), min(end, middle + MOST_CANDIDATES))
    scored = [(_likeness(ticket, alerts[at]), -abs(times[at] - ticket.opened), at) for at in near]
    best = max(scored, default=None)
    return alerts[best[2]] if best is not None and best[0] >= ALIKE else None


def _likeness(ticket: Ticket, alert: Routed) -> float:
    """Words in common; one host is worth more than any words, two hosts are two things."""
    here, there = _short(ticket.host), _short(alert.host)
    ours, theirs = _words(ticket.title), _words(alert.title)
    alike = len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0
    if here and there:
        return 1 + alike if here == there else 0.0
    if there and there in ticket.title.casefold():
        return 1 + alike
    return alike


def _short(host: str | None) -> str:
    folded = host.casefold().strip() if host else ""
    return folded if folded.replace(".", "").isdigit() else folded.partition(".")[0]


def _words(title: str) -> set[str]:
    words = "".join(char if char.isalnum() else " " for char in title.casefold()).split()
    return {word for word in words if len(word) > 2}
