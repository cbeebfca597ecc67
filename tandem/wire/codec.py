"""Payloads of the topics to protobuf and back; the only importer of the generated code.

Fields and messages of newer code are ignored; another major version, a missing field and an unknown member of an
enum are poison. How a field travels is in coder.py and scalars.py.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any, TypeVar

from google.protobuf.message import DecodeError

from tandem.errors import PoisonRecord
from tandem.wire.coder import Coder, coder
from tandem.wire.v1 import (
    alert_pb2,
    command_pb2,
    incident_event_pb2,
    page_event_pb2,
    quarantined_pb2,
    signal_pb2,
    sla_event_pb2,
    suppression_event_pb2,
)

SCHEMA = 1
"""Major version of every payload; a reader refuses another one."""

_MODULES: tuple[ModuleType, ...] = (
    alert_pb2,
    command_pb2,
    incident_event_pb2,
    page_event_pb2,
    quarantined_pb2,
    signal_pb2,
    sla_event_pb2,
    suppression_event_pb2,
)

Payload = TypeVar("Payload")


def encode(payload: Any) -> bytes:  # noqa: ANN401 - the payload of any topic
    """The wire form of a topic's payload.

    Raises:
        PoisonRecord: a value has no wire form (a lone surrogate, a naive instant, a number past 64 bits).
    """
    kind: Any = type(payload)
    message_class, its_coder = message_of(kind)
    try:
        message = message_class(schema=SCHEMA, **its_coder.plain(payload))
        its_coder.finish(message, payload)
        wire: bytes = message.SerializeToString()
    except (ValueError, TypeError, KeyError) as error:
        raise PoisonRecord(f"{type(payload).__name__} cannot be written: {_brief(error)}") from error
    return wire


def decode(type_: type[Payload], data: bytes) -> Payload:
    """A payload of ``type_`` from its wire form; instants are aware UTC, mappings read-only.

    Raises:
        PoisonRecord: not this message, another major version, a missing field, an unknown member of an enum.
    """
    kind: Any = type_
    message_class, its_coder = message_of(kind)
    try:
        message = message_class.FromString(data)
    except DecodeError as error:
        raise PoisonRecord(f"not a {type_.__name__}: {_brief(error)}") from error
    if message.schema != SCHEMA:
        raise PoisonRecord(f"{type_.__name__} of schema {message.schema}, this code reads {SCHEMA}")
    payload: Payload = its_coder.read(message)
    return payload


@cache
def message_of(type_: type) -> tuple[Any, Coder]:
    """The generated class that bears the payload's name, and the coder between the two, built once."""
    found = next(getattr(module, type_.__name__) for module in _MODULES if hasattr(module, type_.__name__))
    return found, coder(type_, found.DESCRIPTOR)


def _brief(error: Exception) -> str:
    """Enough of a library's words for the quarantine view."""
    return f"{type(error).__name__}: {error}"[:200]
