"""Hypothesis strategies for every payload and the values in it, built from their type hints."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

INT64 = 2**63 - 1
MANY = 3
"""Elements of a tuple or mapping at most: payloads are wide already."""

SCALARS: dict[type, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    bytes: st.binary(max_size=12),
    bool: st.booleans(),
    int: st.integers(-INT64 - 1, INT64),
    UUID: st.uuids(allow_nil=True),
    datetime: st.datetimes(timezones=st.just(UTC)),
    timedelta: st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000)),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type hint as the model uses them."""
    arguments = get_args(hint)
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return st.one_of([st.none() if argument is type(None) else values_of(argument) for argument in arguments])
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=MANY).map(tuple)
    if origin is Mapping:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=MANY)
    if dataclasses.is_dataclass(hint):
        type_: Any = hint
        return instances_of(type_)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return SCALARS[hint]


@cache
def instances_of(type_: Any) -> st.SearchStrategy[Any]:
    """Instances of a dataclass with every field drawn, defaults included."""
    hints = get_type_hints(type_)
    return st.builds(type_, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(type_)})
