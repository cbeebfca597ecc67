"""Looks into a decoded body of any shape without ever raising. Knows no vendor and cleans nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

EMPTY: Mapping[str, object] = MappingProxyType({})
_BITS = 256
"""Past it an integer is no id or number of anything, and its decimal form may be refused by the interpreter."""


def mapping(value: object) -> Mapping[str, object]:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else EMPTY


def dig(value: object, *path: str) -> object:
    """What stands at ``path``, None where the path ends early."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text(value: object) -> str | None:
    """A scalar as stripped text; None for null, empty text, lists and objects."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _BITS else None
    if isinstance(value, float):
        return f"{value:.15g}" if math.isfinite(value) else None
    return None


def first(*values: object) -> str | None:
    """The first of ``values`` that says something, as text."""
    for value in values:
        found = text(value)
        if found is not None:
            return found
    return None


def either(*values: object) -> object:
    """The first of ``values`` that is not null, as it is."""
    return next((value for value in values if value is not None), None)


def joined(value: object) -> str | None:
    """The scalars of a list as ``a,b,c``; a scalar as itself."""
    if type(value) is str:
        return value.strip() or None
    if not isinstance(value, list):
        return text(value)
    return ",".join(each for each in map(text, value[:64]) if each) or None


def word(value: object) -> str:
    """A vendor's word for comparing: trimmed and case-folded; empty when there is none."""
    return (text(value) or "").casefold()
