from tandem.wire.v1 import ownership_pb2 as _ownership_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SuppressionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SUPPRESSION_KIND_UNSPECIFIED: _ClassVar[SuppressionKind]
    SUPPRESSION_KIND_WINDOW: _ClassVar[SuppressionKind]
    SUPPRESSION_KIND_SILENCE: _ClassVar[SuppressionKind]
    SUPPRESSION_KIND_INHIBITION: _ClassVar[SuppressionKind]
    SUPPRESSION_KIND_PARENT: _ClassVar[SuppressionKind]

class SuppressionStep(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SUPPRESSION_STEP_UNSPECIFIED: _ClassVar[SuppressionStep]
    SUPPRESSION_STEP_CREATED: _ClassVar[SuppressionStep]
    SUPPRESSION_STEP_STARTED: _ClassVar[SuppressionStep]
    SUPPRESSION_STEP_ENDED: _ClassVar[SuppressionStep]
    SUPPRESSION_STEP_REMINDED: _ClassVar[SuppressionStep]
SUPPRESSION_KIND_UNSPECIFIED: SuppressionKind
SUPPRESSION_KIND_WINDOW: SuppressionKind
SUPPRESSION_KIND_SILENCE: SuppressionKind
SUPPRESSION_KIND_INHIBITION: SuppressionKind
SUPPRESSION_KIND_PARENT: SuppressionKind
SUPPRESSION_STEP_UNSPECIFIED: SuppressionStep
SUPPRESSION_STEP_CREATED: SuppressionStep
SUPPRESSION_STEP_STARTED: SuppressionStep
SUPPRESSION_STEP_ENDED: SuppressionStep
SUPPRESSION_STEP_REMINDED: SuppressionStep

class SuppressionEvent(_message.Message):
    __slots__ = ("schema", "tenant", "kind", "suppression_id", "name", "step", "at", "emitted_at", "start", "end", "reason", "owner", "party", "scope", "holds_p1", "agreement_version", "held", "conditions", "worst")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUPPRESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    EMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    HOLDS_P1_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    WORST_FIELD_NUMBER: _ClassVar[int]
    schema: int
    tenant: str
    kind: SuppressionKind
    suppression_id: str
    name: str
    step: SuppressionStep
    at: int
    emitted_at: int
    start: int
    end: int
    reason: str
    owner: str
    party: _ownership_pb2.Party
    scope: str
    holds_p1: bool
    agreement_version: int
    held: int
    conditions: int
    worst: str
    def __init__(self, schema: _Optional[int] = ..., tenant: _Optional[str] = ..., kind: _Optional[_Union[SuppressionKind, str]] = ..., suppression_id: _Optional[str] = ..., name: _Optional[str] = ..., step: _Optional[_Union[SuppressionStep, str]] = ..., at: _Optional[int] = ..., emitted_at: _Optional[int] = ..., start: _Optional[int] = ..., end: _Optional[int] = ..., reason: _Optional[str] = ..., owner: _Optional[str] = ..., party: _Optional[_Union[_ownership_pb2.Party, str]] = ..., scope: _Optional[str] = ..., holds_p1: _Optional[bool] = ..., agreement_version: _Optional[int] = ..., held: _Optional[int] = ..., conditions: _Optional[int] = ..., worst: _Optional[str] = ...) -> None: ...
