"""Facts from loose mappings: rows of the router's view, lines of a replay file. Pure.

Lenient about what it does not know (newer code may say more), strict about what it reads: a field that is there must
make sense, and the error names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from tandem.model.events import Fact, FactAlert, FactDetail, FactKind
from tandem.model.ownership import Actor, Owner, Party
from tandem.model.priority import Priority

Made = TypeVar("Made")
_LONGEST = 4000


def fact_of(row: Mapping[str, Any], *, incident_id: UUID) -> Fact:
    """One fact of a row or line with the fields of interfaces.md section 9.

    ``fact`` may be called ``kind``, ``data`` ``detail``; of the two instants one may be missing and is as the other.

    Raises:
        ValueError: a field is missing or makes no sense; the message names it.
    """
    effective, received = (
        name if row.get(name) is not None else other
        for name, other in (("effective_at", "received_at"), ("received_at", "effective_at"))
    )
    return Fact(
        tenant=str(row.get("tenant") or ""),
        incident_id=incident_id,
        version=_field(row, "version", int),
        kind=_field(row, "fact" if "fact" in row else "kind", FactKind),
        effective_at=_field(row, effective, instant_of),
        received_at=_field(row, received, instant_of),
        priority=_field(row, "priority", Priority),
        owner=_field(row, "owner", Owner),
        responsible_party=_field(row, "responsible_party", Party),
        by=Actor(_field(row, "party", Party) if row.get("party") else None, _text(row.get("person"))),
        alert=_part(row, "alert", FactAlert) if row.get("alert") else None,
        detail=_part(row, "data" if "data" in row else "detail", FactDetail),
    )


def instant_of(value: Any) -> datetime:  # noqa: ANN401 - whatever JSON or the driver holds
    """RFC 3339 text or a datetime as aware UTC; one without offset is UTC.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise ValueError(f"not an instant: {str(value)[:40]!r}")  # noqa: TRY004 - every bad field is a ValueError
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _field(row: Mapping[str, Any], name: str, read: Callable[[Any], Made]) -> Made:
    if row.get(name) is None:
        raise ValueError(f"{name} is missing")
    try:
        return read(row[name])
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{name}: {str(error)[:120]}") from error


def _part(row: Mapping[str, Any], name: str, type_: type[Made]) -> Made:
    """A flat dataclass of optional fields; keys it does not have are passed over."""
    given = row.get(name) or {}
    if not isinstance(given, Mapping):
        raise ValueError(f"{name}: not an object")  # noqa: TRY004 - as above
    readers = _READERS[type_]
    known = {key: value for key, value in given.items() if key in readers and value is not None}
    return type_(**{key: _field(known, key, readers[key]) for key in known})


def _text(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    return None if value is None else str(value)[:_LONGEST]


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"not a list: {str(value)[:40]!r}")  # noqa: TRY004 - as above
    return tuple(str(each)[:_LONGEST] for each in value)


def _boolean(value: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, bool):
        raise ValueError(f"neither true nor false: {str(value)[:40]!r}")  # noqa: TRY004 - as above
    return value


def _uuid(value: Any) -> UUID:  # noqa: ANN401 - whatever JSON or the driver holds
    return value if isinstance(value, UUID) else UUID(str(value))


def _readers_of(type_: type) -> dict[str, Callable[[Any], Any]]:
    """How each field is read, from its annotation ``T | None`` or ``tuple[str, ...]``."""
    special: dict[Any, Callable[[Any], Any]] = {str: _text, datetime: instant_of, UUID: _uuid, bool: _boolean}
    hints = get_type_hints(type_)
    found = {}
    for field in fields(type_):
        hint = hints[field.name]
        wanted = next(arg for arg in get_args(hint) if arg is not type(None))
        found[field.name] = _texts if get_origin(hint) is tuple else special.get(wanted, wanted)
    return found


_READERS: Mapping[type, dict[str, Callable[[Any], Any]]] = {
    FactAlert: _readers_of(FactAlert),
    FactDetail: _readers_of(FactDetail),
}
