from tandem.wire.v1 import ownership_pb2 as _ownership_pb2
from tandem.wire.v1 import priority_pb2 as _priority_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CommandKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMMAND_KIND_UNSPECIFIED: _ClassVar[CommandKind]
    COMMAND_KIND_RAISE: _ClassVar[CommandKind]
    COMMAND_KIND_ACKNOWLEDGE: _ClassVar[CommandKind]
    COMMAND_KIND_START: _ClassVar[CommandKind]
    COMMAND_KIND_JOIN: _ClassVar[CommandKind]
    COMMAND_KIND_RESOLVE: _ClassVar[CommandKind]
    COMMAND_KIND_REOPEN: _ClassVar[CommandKind]
    COMMAND_KIND_NOTE: _ClassVar[CommandKind]
    COMMAND_KIND_OFFER: _ClassVar[CommandKind]
    COMMAND_KIND_ACCEPT: _ClassVar[CommandKind]
    COMMAND_KIND_REFUSE: _ClassVar[CommandKind]
    COMMAND_KIND_WITHDRAW: _ClassVar[CommandKind]
    COMMAND_KIND_REQUEST: _ClassVar[CommandKind]
    COMMAND_KIND_ANSWER: _ClassVar[CommandKind]
    COMMAND_KIND_REASSIGN: _ClassVar[CommandKind]
    COMMAND_KIND_ESCALATE: _ClassVar[CommandKind]
    COMMAND_KIND_SNOOZE: _ClassVar[CommandKind]
    COMMAND_KIND_PRIORITY: _ClassVar[CommandKind]
    COMMAND_KIND_MERGE: _ClassVar[CommandKind]
    COMMAND_KIND_LINK: _ClassVar[CommandKind]
COMMAND_KIND_UNSPECIFIED: CommandKind
COMMAND_KIND_RAISE: CommandKind
COMMAND_KIND_ACKNOWLEDGE: CommandKind
COMMAND_KIND_START: CommandKind
COMMAND_KIND_JOIN: CommandKind
COMMAND_KIND_RESOLVE: CommandKind
COMMAND_KIND_REOPEN: CommandKind
COMMAND_KIND_NOTE: CommandKind
COMMAND_KIND_OFFER: CommandKind
COMMAND_KIND_ACCEPT: CommandKind
COMMAND_KIND_REFUSE: CommandKind
COMMAND_KIND_WITHDRAW: CommandKind
COMMAND_KIND_REQUEST: CommandKind
COMMAND_KIND_ANSWER: CommandKind
COMMAND_KIND_REASSIGN: CommandKind
COMMAND_KIND_ESCALATE: CommandKind
COMMAND_KIND_SNOOZE: CommandKind
COMMAND_KIND_PRIORITY: CommandKind
COMMAND_KIND_MERGE: CommandKind
COMMAND_KIND_LINK: CommandKind

class CommandDetail(_message.Message):
    __slots__ = ("text", "reason", "to_party", "priority", "until", "other_incident", "expected_version", "title", "function", "asset", "impact", "onset", "track")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TO_PARTY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    OTHER_INCIDENT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    IMPACT_FIELD_NUMBER: _ClassVar[int]
    ONSET_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    text: str
    reason: str
    to_party: _ownership_pb2.Party
    priority: _priority_pb2.Priority
    until: int
    other_incident: bytes
    expected_version: int
    title: str
    function: str
    asset: str
    impact: str
    onset: int
    track: _ownership_pb2.Track
    def __init__(self, text: _Optional[str] = ..., reason: _Optional[str] = ..., to_party: _Optional[_Union[_ownership_pb2.Party, str]] = ..., priority: _Optional[_Union[_priority_pb2.Priority, str]] = ..., until: _Optional[int] = ..., other_incident: _Optional[bytes] = ..., expected_version: _Optional[int] = ..., title: _Optional[str] = ..., function: _Optional[str] = ..., asset: _Optional[str] = ..., impact: _Optional[str] = ..., onset: _Optional[int] = ..., track: _Optional[_Union[_ownership_pb2.Track, str]] = ...) -> None: ...

class Command(_message.Message):
    __slots__ = ("schema", "command_id", "tenant", "incident_id", "kind", "by", "at", "via", "page_id", "detail")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    VIA_FIELD_NUMBER: _ClassVar[int]
    PAGE_ID_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    schema: int
    command_id: bytes
    tenant: str
    incident_id: bytes
    kind: CommandKind
    by: _ownership_pb2.Actor
    at: int
    via: str
    page_id: bytes
    detail: CommandDetail
    def __init__(self, schema: _Optional[int] = ..., command_id: _Optional[bytes] = ..., tenant: _Optional[str] = ..., incident_id: _Optional[bytes] = ..., kind: _Optional[_Union[CommandKind, str]] = ..., by: _Optional[_Union[_ownership_pb2.Actor, _Mapping]] = ..., at: _Optional[int] = ..., via: _Optional[str] = ..., page_id: _Optional[bytes] = ..., detail: _Optional[_Union[CommandDetail, _Mapping]] = ...) -> None: ...
