"""Conditions and rows in a reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tandem.agreement.proof.space import Box, Space
from tandem.agreement.proof.vocabulary import FUNCTION, TAG, YES
from tandem.agreement.schema.matrix import UNKNOWN, ScopeRow

MOST_SHOWN = 5
"""Values in one list; of more the rest is counted."""
_WORDS = {"data_class": "data class", "host_class": "host class"}


def field_word(name: str) -> str:
    """A field as a sentence has it: ``tag gold``, ``data class``."""
    return f"tag {name.removeprefix(TAG)}" if name.startswith(TAG) else _WORDS.get(name, name)


def listed(words: Iterable[str], *, last: str = "or", most: int = MOST_SHOWN) -> str:
    """``a, b or c``; of many ``a, b, c, d, e or 7 more``."""
    every = list(words)
    shown = every if len(every) <= most else [*every[:most], f"{len(every) - most} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def asked(row: ScopeRow, name: str) -> str:
    """What a row accepts in a field, as it is written: ``hq, branch`` or ``anything but hq``."""
    condition = getattr(row, name)
    text = ", ".join(condition.named[:MOST_SHOWN])
    more = len(condition.named) - MOST_SHOWN
    text += f" and {more} more" if more > 0 else ""
    return text if condition.not_ is None else f"anything but {text}"


def when(box: Box, space: Space) -> str:
    """The conditions of a box beside its function as a clause: ``severity is low or medium and the site is hq``."""
    return " and ".join(_clause(name, box[name], space) for name in space.ordered(box) if name != FUNCTION)


def _clause(name: str, mask: int, space: Space) -> str:
    values = space.values(name, mask)
    if name.startswith(TAG):
        tag = name.removeprefix(TAG)
        return f"the asset has the tag {tag}" if YES in values else f"the asset has no tag {tag}"
    refused = space.values(name, space.full[name] & ~mask)
    if len(values) > MOST_SHOWN and len(refused) < len(values):
        return f"{field_word(name)} is not {listed(refused)}"
    return f"{field_word(name)} is {listed(values)}"


def written(box: Box, space: Space) -> str:
    """What a row asks for beside its function: ``severity critical or high, tag gold``."""
    asked = [name for name in space.ordered(box) if name != FUNCTION]
    return ", ".join(_asked(name, box[name], space) for name in asked) if asked else "nothing further"


def _asked(name: str, mask: int, space: Space) -> str:
    values = space.values(name, mask)
    if name.startswith(TAG):
        return field_word(name) if YES in values else f"no {field_word(name)}"
    if not values:
        return f"no {field_word(name)} at all"
    refused = space.values(name, space.full[name] & ~mask)
    if len(values) > MOST_SHOWN and len(refused) < len(values):
        return f"{field_word(name)} not {listed(refused)}"
    return f"{field_word(name)} {listed(values)}"


def as_row(box: Box, space: Space) -> str:
    """The conditions as they would stand in a row: ``{function: backup, severity: [low, info]}``."""
    parts, has, lacks = list[str](), list[str](), list[str]()
    for name in space.ordered(box):
        values = space.values(name, box[name])
        if name.startswith(TAG):
            (has if YES in values else lacks).append(name.removeprefix(TAG))
        else:
            refused = space.values(name, space.full[name] & ~box[name])
            fewer = len(values) > MOST_SHOWN and len(refused) < len(values)
            shown = f"[{', '.join(refused if fewer else values)}]" if len(values) > 1 else "".join(values)
            parts.append(f"{name}: {{not: {shown}}}" if fewer else f"{name}: {shown}")
    if has or lacks:
        said = [f"{word}: [{', '.join(tags)}]" for word, tags in (("has", has), ("lacks", lacks)) if tags]
        parts.append(f"tags: {{{', '.join(said)}}}")
    return f"{{{', '.join(parts)}}}"


def said(values: Mapping[str, str], names: Iterable[str]) -> str:
    """Some values of one alert: ``site hq, severity low, tag gold, no data class``."""
    return ", ".join(_value(name, values[name]) for name in names)


def _value(name: str, value: str) -> str:
    if name.startswith(TAG):
        return field_word(name) if value == YES else f"no {field_word(name)}"
    if value == UNKNOWN and name != "severity":
        return f"no {field_word(name)}"
    return f"{field_word(name)} {value}"


def fields_of(box: Box, space: Space) -> str:
    """The fields that a row names: ``function, site and tag gold``."""
    return listed([field_word(name) for name in space.ordered(box)], last="and", most=8) or "no field"
