"""Builds, from a dataclass and its message's descriptor, the functions that write and read it. Names no field.

What a field may leave out is the dataclass's word: absent on the wire means its default (None for ``| None``), and
without one the record is poison. The two field loops are the hot path of every service: measure before touching them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from types import MappingProxyType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from tandem.errors import PoisonRecord
from tandem.wire.scalars import BY_TYPE, PLAIN, Convert, Scalar, of_enum, of_key

_DEFAULT = object()
"""An absent field takes the dataclass's own default."""


@dataclass(frozen=True, slots=True)
class Coder:
    """The two directions of one dataclass.

    ``write(message, value)`` raises ValueError, TypeError or KeyError, ``read(message)`` PoisonRecord.
    """

    write: Callable[[Any, Any], None]
    read: Callable[[Any], Any]
    plain: Callable[[Any], dict[str, Any]]
    """The fields that the wire holds as they are, for the message's constructor: in C, a third of the cost of
    setting them one by one. ``finish`` writes the others into what it has made."""
    finish: Callable[[Any, Any], None]


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field travels."""

    name: str
    value: Scalar | Coder
    """Of the value, or of each of many."""
    many: Any
    """``tuple``, ``Mapping``, or None for a single value."""
    key: Scalar
    """Of a mapping's keys."""
    wire: FieldDescriptor
    absent: object
    """What it means: ``_DEFAULT``, MISSING (the record is poison), or the value itself (None or empty)."""


@cache
def coder(type_: type, descriptor: Descriptor) -> Coder:
    """The coder of a dataclass; payloads are trees, so building it ends."""
    hints = get_type_hints(type_)
    wire = descriptor.fields_by_name
    fields = [_field(field, hints[field.name], wire[field.name]) for field in dataclasses.fields(type_)]
    plain = [field for field in fields if _is_plain(field)]
    others = [field for field in fields if not _is_plain(field)]
    return Coder(_writer(fields), _reader(type_, fields), _taker([field.name for field in plain]), _writer(others))


def _field(field: dataclasses.Field[Any], hint: Any, wire: FieldDescriptor) -> _Field:  # noqa: ANN401 - a type hint
    optional = get_origin(hint) in {Union, UnionType}
    if optional:
        (hint,) = (argument for argument in get_args(hint) if argument is not type(None))
    many = get_origin(hint)
    *keys, element = [argument for argument in get_args(hint) if argument is not ...] or [hint]
    described = cast("Descriptor", wire.message_type).fields_by_name["value"] if many is Mapping else wire
    defaulted = field.default is not MISSING or field.default_factory is not MISSING
    return _Field(
        name=field.name,
        value=_value(element, described),
        many=many,
        key=of_key(keys[0]) if keys else PLAIN,
        wire=wire,
        absent=_DEFAULT if defaulted else _absent(many, optional=optional),
    )


def _absent(many: Any, *, optional: bool) -> object:  # noqa: ANN401 - a type hint's origin
    """Of a field without a default: an empty tuple or mapping does not show on the wire."""
    if many is tuple:
        return ()
    if many is Mapping:
        return MappingProxyType({})
    return None if optional else MISSING


def _value(type_: type, wire: FieldDescriptor) -> Scalar | Coder:
    if dataclasses.is_dataclass(type_):
        return coder(cast("Any", type_), cast("Descriptor", wire.message_type))
    if issubclass(type_, Enum):
        return of_enum(type_, cast("EnumDescriptor", wire.enum_type))
    return BY_TYPE[type_]


# --- writing -----------------------------------------------------------------------------------------------------


def _is_plain(field: _Field) -> bool:
    """Whether a message's constructor takes the field's value as it is, None for absent."""
    return isinstance(field.value, Scalar) and field.value.write is None and field.key.write is None


def _taker(names: Sequence[str]) -> Callable[[Any], dict[str, Any]]:
    """The attributes ``names`` of a value, by name; attrgetter and zip run in C."""
    if len(names) < 2:  # attrgetter returns a tuple only for more
        return lambda value: {name: getattr(value, name) for name in names}
    take = attrgetter(*names)
    return lambda value: dict(zip(names, take(value), strict=True))


def _writer(fields: Sequence[_Field]) -> Callable[[Any, Any], None]:
    """Single scalars are set in one loop; every other field fills the container its parent holds for it."""
    single: list[tuple[str, Convert | None]] = []
    filled: list[tuple[str, Callable[[Any, Any], None]]] = []
    for field in fields:
        if field.many is None and isinstance(field.value, Scalar):
            single.append((field.name, field.value.write))
        else:
            filled.append((field.name, _filler(field)))

    def write(message: Any, value: Any) -> None:  # noqa: ANN401 - any dataclass and its message
        for name, convert in single:
            item = getattr(value, name)
            if item is not None:
                setattr(message, name, item if convert is None else convert(item))
        for name, fill in filled:
            item = getattr(value, name)
            if item is not None:
                fill(getattr(message, name), item)

    return write


def _filler(field: _Field) -> Callable[[Any, Any], None]:
    if field.many is None and isinstance(field.value, Coder):
        return _fill_message(field.value)
    if field.many is tuple and isinstance(field.value, Scalar):
        return _fill_repeated(field.value.write)
    if field.many is tuple and isinstance(field.value, Coder):
        return _fill_repeated_messages(field.value)
    if isinstance(field.value, Coder):
        return _fill_map_of_messages(field.key.write, field.value)
    return _fill_map(field.key.write, field.value.write)


def _fill_message(inner: Coder) -> Callable[[Any, Any], None]:
    def fill(target: Any, item: Any) -> None:  # noqa: ANN401 - any message and dataclass
        target.SetInParent()  # present even when every field of it is absent
        inner.write(target, item)

    return fill


def _fill_repeated(convert: Convert | None) -> Callable[[Any, Any], None]:
    return lambda target, items: target.extend(items if convert is None else map(convert, items))


def _fill_repeated_messages(inner: Coder) -> Callable[[Any, Any], None]:
    def fill(target: Any, items: Sequence[Any]) -> None:  # noqa: ANN401 - a repeated container
        for item in items:
            inner.write(target.add(), item)

    return fill


def _fill_map(key: Convert | None, convert: Convert | None) -> Callable[[Any, Any], None]:
    if key is None and convert is None:
        return lambda target, items: target.update(items)

    def fill(target: Any, items: Mapping[Any, Any]) -> None:  # noqa: ANN401 - a map container
        for name, item in items.items():
            target[name if key is None else key(name)] = item if convert is None else convert(item)

    return fill


def _fill_map_of_messages(key: Convert | None, inner: Coder) -> Callable[[Any, Any], None]:
    def fill(target: Any, items: Mapping[Any, Any]) -> None:  # noqa: ANN401 - a map container
        for name, item in items.items():
            inner.write(target[name if key is None else key(name)], item)

    return fill


# --- reading -----------------------------------------------------------------------------------------------------


def _reader(type_: type, fields: Sequence[_Field]) -> Callable[[Any], Any]:
    """Reads the fields that are set, which ``ListFields`` tells in one call; HasField per field costs twice as much."""
    steps = {field.wire: (field.name, _converter(field)) for field in fields}
    absent = {field.name: field.absent for field in fields if not (field.absent is _DEFAULT or field.absent is MISSING)}
    required = [field.name for field in fields if field.absent is MISSING]

    def read(message: Any) -> Any:  # noqa: ANN401 - a message, and the dataclass it stands for
        found: dict[str, Any] = absent.copy()
        name = ""
        try:
            for wire, item in message.ListFields():
                if wire in steps:
                    name, convert = steps[wire]
                    found[name] = item if convert is None else convert(item)
        except (ValueError, OverflowError, KeyError) as error:
            raise PoisonRecord(f"{type_.__name__}.{name} cannot be read: {error}") from error
        for name in required:
            if name not in found:
                raise PoisonRecord(f"{type_.__name__}.{name} is missing")
        return type_(**found)

    return read


def _converter(field: _Field) -> Convert | None:
    item = field.value.read
    if field.many is tuple:
        return tuple if item is None else lambda items: tuple(map(item, items))
    if field.many is Mapping:
        return _mapping_reader(field.key.read, item)
    return item


def _mapping_reader(key: Convert | None, item: Convert | None) -> Convert:
    if key is None and item is None:
        return lambda items: MappingProxyType(dict(items))

    def convert(items: Mapping[str, Any]) -> Mapping[Any, Any]:
        pairs = items.items()
        return MappingProxyType(
            {name if key is None else key(name): each if item is None else item(each) for name, each in pairs}
        )

    return convert
