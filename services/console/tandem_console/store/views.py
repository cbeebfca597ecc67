"""The published views the console reads, as SQLAlchemy sees them, and a filter as conditions on them.

Column names are the contract between the services; values are bound parameters always.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, column, func, not_, or_, table, true

from tandem_console.filters import Filter

INCIDENTS = table(
    "incidents",
    *(
        column(name)
        for name in (
            *("id", "tenant", "number", "title", "priority", "owner", "lead", "responsible_party", "state", "cycle"),
            *("version", "function", "category", "incident_class", "track", "mode", "site", "host", "regulated"),
            *("affected_users", "tenant_users", "p1_workflow", "unmapped", "row", "agreement_version", "provider"),
            *("opened_at", "detected_at", "occurred_at", "acknowledged", "joined", "started_at", "resolved_at"),
            *("clear_pending_at", "occurrences", "last_seen_at", "must_acknowledge", "flags", "because"),
            *("merged_into", "linked", "second_face", "own_priority"),
        )
    ),
    schema="router",
)

_COLUMNS: dict[str, str] = {
    "tenant": "tenant",
    "owner": "owner",
    "party": "responsible_party",
    "priority": "priority",
    "state": "state",
    "function": "function",
    "host": "host",
    "site": "site",
}
_ESCAPE = "\\"


def conditions(wanted: Filter) -> ColumnElement[bool]:
    """``wanted`` as one condition on ``INCIDENTS``."""
    parts: list[ColumnElement[bool]] = [true()]
    parts += [_one_of(name, values) for name, values in wanted.any_of.items()]
    parts += [not_(func.coalesce(_one_of(name, values), False)) for name, values in wanted.none_of.items()]
    parts += [_holds(word) for word in wanted.words]
    parts += [not_(_holds(word)) for word in wanted.without]
    return and_(*parts)


def _one_of(name: str, values: tuple[str, ...]) -> ColumnElement[bool]:
    make = _SPECIAL.get(name)
    if make is not None:
        return or_(*(make(value) for value in values))
    return INCIDENTS.c[_COLUMNS[name]].in_(values)


def _by_host(value: str) -> ColumnElement[bool]:
    """Hosts are written in many ways: a part will do."""
    return _like(INCIDENTS.c.host, value)


def _by_person(value: str) -> ColumnElement[bool]:
    """Whoever acknowledged for a party, on either track."""
    first, second = INCIDENTS.c.acknowledged, INCIDENTS.c.second_face
    places: list[tuple[Any, ...]] = [(first, party) for party in ("internal", "msp")]
    places += [(second, "acknowledged", party) for party in ("internal", "msp")]
    return or_(*(func.jsonb_extract_path_text(*place, "person") == value for place in places))


def _by_track(value: str) -> ColumnElement[bool]:
    """One with both faces is of both tracks."""
    second = func.jsonb_extract_path_text(INCIDENTS.c.second_face, "track")
    return or_(INCIDENTS.c.track == value, func.coalesce(second, "") == value)


def _holds(word: str) -> ColumnElement[bool]:
    number = word.removeprefix("#")
    parts = [_like(INCIDENTS.c[name], word) for name in ("title", "host", "function")]
    if number.isascii() and number.isdigit() and len(number) < 10:
        parts.append(INCIDENTS.c.number == int(number))
    return or_(*parts)


def _like(where: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    escaped = part.replace(_ESCAPE, _ESCAPE * 2).replace("%", f"{_ESCAPE}%").replace("_", f"{_ESCAPE}_")
    return func.coalesce(where.ilike(f"%{escaped}%", escape=_ESCAPE), False)


_SPECIAL: dict[str, Callable[[str], ColumnElement[bool]]] = {
    "host": _by_host,
    "person": _by_person,
    "track": _by_track,
}
