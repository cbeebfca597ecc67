"""Tags and labels as tools write them: objects, lists of objects or of ``name:value``, a text of them, JSON in a text.

Our convention for tools without a field of their own: a tag ``customer``, ``tenant`` or ``client`` names the customer,
``host`` the host, ``severity`` the severity. Knows no vendor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tandem.errors import Refused
from tandem_ingest.decode import decode
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import shape

_TAGS = 64
CUSTOMER = ("customer", "tenant", "client", "company", "organization")
HOST = ("host", "hostname")


def pairs(value: object) -> dict[str, str]:
    """Name to value, names in lower case; a tag without a value has an empty one."""
    found: dict[str, str] = {}
    if value is None:
        return found
    for name, content in _each(opened(value)):
        if len(found) == _TAGS:
            break
        if name:
            found.setdefault(name.casefold(), content or "")
    return found


def named(found: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The value of the first of ``names`` that has one."""
    if found:
        for name in names:
            if said := shape.text(found.get(name)):
                return said
    return None


def opened(value: object) -> object:
    """The JSON in a text, where there is some; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return value
    try:
        return decode(value.encode("utf-8", "surrogatepass"))
    except (Unreadable, Refused):
        return value


def _each(value: object) -> Iterator[tuple[str | None, str | None]]:
    if isinstance(value, dict):
        yield from ((name, shape.text(content)) for name, content in value.items())
    elif isinstance(value, list):
        yield from (_one(each) for each in value[:_TAGS])
    elif isinstance(value, str):
        yield from (_split(each) for each in value.replace(";", ",").replace("\n", ",").split(",", _TAGS)[:_TAGS])


def _one(tag: object) -> tuple[str | None, str | None]:
    if isinstance(tag, dict):
        name = shape.first(tag.get("tag"), tag.get("name"), tag.get("key"))
        return name, shape.text(tag.get("value"))
    return _split(shape.text(tag) or "")


def _split(tag: str) -> tuple[str, str]:
    """``name:value`` or ``name=value``, whichever sign comes first."""
    name, _, value = tag.partition(":")
    if "=" in name:
        name, _, value = tag.partition("=")
    return name.strip(), value.strip()
