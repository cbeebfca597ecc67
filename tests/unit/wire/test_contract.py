"""proto/ says what tandem/model says: one message per dataclass, one member per member, generated code current."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from tandem.bus.topics import ALL
from tandem.wire import v1
from tandem.wire.codec import message_of
from tools import proto

PAYLOADS = {topic.payload for topic in ALL}
ZEROS = {str: "", int: 0, bool: False, bytes: b""}
KINDS = {
    str: FieldDescriptor.TYPE_STRING,
    int: FieldDescriptor.TYPE_INT64,
    bool: FieldDescriptor.TYPE_BOOL,
    bytes: FieldDescriptor.TYPE_BYTES,
    UUID: FieldDescriptor.TYPE_BYTES,
    datetime: FieldDescriptor.TYPE_SFIXED64,
    timedelta: FieldDescriptor.TYPE_SINT64,
}


def leaves(hint: Any) -> Iterator[type]:
    """Plain types in a hint."""
    if arguments := get_args(hint):
        for argument in arguments:
            if argument not in {..., type(None)}:
                yield from leaves(argument)
    else:
        yield hint


def pairs(type_: Any, descriptor: Any) -> Iterator[tuple[Any, Descriptor]]:
    """The dataclass and its message, and those of every value in it."""
    yield type_, descriptor
    for name, hint in get_type_hints(type_).items():
        for leaf in leaves(hint):
            if dataclasses.is_dataclass(leaf):
                yield from pairs(leaf, element_of(descriptor.fields_by_name[name]).message_type)


def element_of(field: Any) -> Any:
    """Of a map its value, else the field."""
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
    return field.message_type.fields_by_name["value"] if is_map else field


def every_pair() -> dict[str, tuple[Any, Descriptor]]:
    found = [pair for payload in PAYLOADS for pair in pairs(payload, message_of(payload)[0].DESCRIPTOR)]
    return {
        type_.__name__: (type_, descriptor) for type_, descriptor in sorted(found, key=lambda pair: pair[0].__name__)
    }


def every_enum() -> dict[str, tuple[Any, EnumDescriptor]]:
    found = {}
    for type_, descriptor in every_pair().values():
        for name, hint in get_type_hints(type_).items():
            enums = [leaf for leaf in leaves(hint) if issubclass(leaf, Enum)]
            field = element_of(descriptor.fields_by_name[name])
            if enums and field.enum_type:
                found[enums[-1].__name__] = (enums[-1], field.enum_type)
    return found


def generated_messages() -> set[str]:
    modules = [module for name, module in sys.modules.items() if name.startswith(v1.__name__ + ".")]
    return {name for module in modules for name in module.DESCRIPTOR.message_types_by_name}


@pytest.mark.parametrize("name", every_pair())
def test_a_message_has_the_fields_of_its_dataclass_and_no_others(name):
    type_, descriptor = every_pair()[name]

    wanted = {field.name for field in dataclasses.fields(type_)} | ({"schema"} if type_ in PAYLOADS else set())

    assert {field.name for field in descriptor.fields} == wanted


@pytest.mark.parametrize("name", every_pair())
def test_presence_is_recorded_wherever_absence_would_mean_something_else_than_zero(name):
    type_, descriptor = every_pair()[name]
    hints = get_type_hints(type_)

    for field in dataclasses.fields(type_):
        wire = descriptor.fields_by_name[field.name]
        (leaf,) = list(leaves(hints[field.name]))[-1:]
        zero_never_valid = leaf is UUID or issubclass(leaf, Enum)
        if wire.is_repeated or hints[field.name] is UUID or (zero_never_valid and field.default is dataclasses.MISSING):
            continue
        assert wire.has_presence or field.default == ZEROS.get(leaf, object()), field.name


@pytest.mark.parametrize("name", every_pair())
def test_a_scalar_travels_as_its_kind_says(name):
    type_, descriptor = every_pair()[name]

    for field, hint in get_type_hints(type_).items():
        leaf = list(leaves(hint))[-1]
        if leaf in KINDS:
            assert element_of(descriptor.fields_by_name[field]).type == KINDS[leaf], field


@pytest.mark.parametrize("name", every_enum())
def test_an_enum_has_the_members_of_the_model_and_an_unspecified_zero(name):
    enum, descriptor = every_enum()[name]
    prefix = descriptor.values_by_number[0].name.removesuffix("UNSPECIFIED")

    assert prefix.replace("_", "").lower() == descriptor.name.lower()
    assert {value.name for value in descriptor.values} == {prefix + "UNSPECIFIED"} | {
        prefix + member.name for member in enum
    }


def test_no_message_stands_for_nothing():
    assert generated_messages() == set(every_pair())


def test_the_committed_code_is_what_protoc_makes():
    assert proto.stale() == []


def test_mappings_are_the_only_maps():
    for type_, descriptor in every_pair().values():
        for field, hint in get_type_hints(type_).items():
            message = descriptor.fields_by_name[field].message_type
            is_map = message is not None and message.GetOptions().map_entry
            assert is_map == (getattr(hint, "__origin__", None) is Mapping), f"{type_.__name__}.{field}"
