from tandem.wire.v1 import ownership_pb2 as _ownership_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SignalKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIGNAL_KIND_UNSPECIFIED: _ClassVar[SignalKind]
    SIGNAL_KIND_SUCCESS: _ClassVar[SignalKind]
    SIGNAL_KIND_FAIL: _ClassVar[SignalKind]
    SIGNAL_KIND_START: _ClassVar[SignalKind]
    SIGNAL_KIND_LOG: _ClassVar[SignalKind]
    SIGNAL_KIND_PAUSE: _ClassVar[SignalKind]
    SIGNAL_KIND_RESUME: _ClassVar[SignalKind]
SIGNAL_KIND_UNSPECIFIED: SignalKind
SIGNAL_KIND_SUCCESS: SignalKind
SIGNAL_KIND_FAIL: SignalKind
SIGNAL_KIND_START: SignalKind
SIGNAL_KIND_LOG: SignalKind
SIGNAL_KIND_PAUSE: SignalKind
SIGNAL_KIND_RESUME: SignalKind

class Signal(_message.Message):
    __slots__ = ("schema", "signal_id", "tenant", "check", "kind", "received_at", "integration", "run_id", "exit_code", "note", "until", "by")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHECK_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    INTEGRATION_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    schema: int
    signal_id: bytes
    tenant: str
    check: str
    kind: SignalKind
    received_at: int
    integration: str
    run_id: str
    exit_code: int
    note: str
    until: int
    by: _ownership_pb2.Actor
    def __init__(self, schema: _Optional[int] = ..., signal_id: _Optional[bytes] = ..., tenant: _Optional[str] = ..., check: _Optional[str] = ..., kind: _Optional[_Union[SignalKind, str]] = ..., received_at: _Optional[int] = ..., integration: _Optional[str] = ..., run_id: _Optional[str] = ..., exit_code: _Optional[int] = ..., note: _Optional[str] = ..., until: _Optional[int] = ..., by: _Optional[_Union[_ownership_pb2.Actor, _Mapping]] = ...) -> None: ...
