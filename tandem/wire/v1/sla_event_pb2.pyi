from tandem.wire.v1 import ownership_pb2 as _ownership_pb2
from tandem.wire.v1 import priority_pb2 as _priority_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ClockName(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLOCK_NAME_UNSPECIFIED: _ClassVar[ClockName]
    CLOCK_NAME_DETECT: _ClassVar[ClockName]
    CLOCK_NAME_RESPONSE: _ClassVar[ClockName]
    CLOCK_NAME_JOINT_CALL: _ClassVar[ClockName]
    CLOCK_NAME_RESOLUTION: _ClassVar[ClockName]
    CLOCK_NAME_HANDOFF_ACCEPT: _ClassVar[ClockName]
    CLOCK_NAME_OBLIGATION_APPROVAL: _ClassVar[ClockName]
    CLOCK_NAME_OBLIGATION_INFORMATION: _ClassVar[ClockName]

class ClockState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLOCK_STATE_UNSPECIFIED: _ClassVar[ClockState]
    CLOCK_STATE_RUNNING: _ClassVar[ClockState]
    CLOCK_STATE_PAUSED: _ClassVar[ClockState]
    CLOCK_STATE_MET: _ClassVar[ClockState]
    CLOCK_STATE_BREACHED: _ClassVar[ClockState]
    CLOCK_STATE_CANCELLED: _ClassVar[ClockState]

class SlaEventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SLA_EVENT_KIND_UNSPECIFIED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_STARTED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_WARNED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_BREACHED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_MET: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_STOPPED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_CANCELLED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_PAUSED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_RESUMED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_RETARGETED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_RETRACTED: _ClassVar[SlaEventKind]
    SLA_EVENT_KIND_RESTATED: _ClassVar[SlaEventKind]
CLOCK_NAME_UNSPECIFIED: ClockName
CLOCK_NAME_DETECT: ClockName
CLOCK_NAME_RESPONSE: ClockName
CLOCK_NAME_JOINT_CALL: ClockName
CLOCK_NAME_RESOLUTION: ClockName
CLOCK_NAME_HANDOFF_ACCEPT: ClockName
CLOCK_NAME_OBLIGATION_APPROVAL: ClockName
CLOCK_NAME_OBLIGATION_INFORMATION: ClockName
CLOCK_STATE_UNSPECIFIED: ClockState
CLOCK_STATE_RUNNING: ClockState
CLOCK_STATE_PAUSED: ClockState
CLOCK_STATE_MET: ClockState
CLOCK_STATE_BREACHED: ClockState
CLOCK_STATE_CANCELLED: ClockState
SLA_EVENT_KIND_UNSPECIFIED: SlaEventKind
SLA_EVENT_KIND_STARTED: SlaEventKind
SLA_EVENT_KIND_WARNED: SlaEventKind
SLA_EVENT_KIND_BREACHED: SlaEventKind
SLA_EVENT_KIND_MET: SlaEventKind
SLA_EVENT_KIND_STOPPED: SlaEventKind
SLA_EVENT_KIND_CANCELLED: SlaEventKind
SLA_EVENT_KIND_PAUSED: SlaEventKind
SLA_EVENT_KIND_RESUMED: SlaEventKind
SLA_EVENT_KIND_RETARGETED: SlaEventKind
SLA_EVENT_KIND_RETRACTED: SlaEventKind
SLA_EVENT_KIND_RESTATED: SlaEventKind

class SlaClock(_message.Message):
    __slots__ = ("incident_id", "clock", "party", "cycle", "priority", "start", "target", "due", "state", "stop", "counted", "breached_at", "calendar", "warned", "flags")
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    CYCLE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DUE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    BREACHED_AT_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    WARNED_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    incident_id: bytes
    clock: ClockName
    party: _ownership_pb2.Party
    cycle: int
    priority: _priority_pb2.Priority
    start: int
    target: int
    due: int
    state: ClockState
    stop: int
    counted: int
    breached_at: int
    calendar: str
    warned: _containers.RepeatedScalarFieldContainer[int]
    flags: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, incident_id: _Optional[bytes] = ..., clock: _Optional[_Union[ClockName, str]] = ..., party: _Optional[_Union[_ownership_pb2.Party, str]] = ..., cycle: _Optional[int] = ..., priority: _Optional[_Union[_priority_pb2.Priority, str]] = ..., start: _Optional[int] = ..., target: _Optional[int] = ..., due: _Optional[int] = ..., state: _Optional[_Union[ClockState, str]] = ..., stop: _Optional[int] = ..., counted: _Optional[int] = ..., breached_at: _Optional[int] = ..., calendar: _Optional[str] = ..., warned: _Optional[_Iterable[int]] = ..., flags: _Optional[_Iterable[str]] = ...) -> None: ...

class SlaEvent(_message.Message):
    __slots__ = ("schema", "tenant", "incident_version", "kind", "at", "emitted_at", "threshold", "clock")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    EMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    schema: int
    tenant: str
    incident_version: int
    kind: SlaEventKind
    at: int
    emitted_at: int
    threshold: int
    clock: SlaClock
    def __init__(self, schema: _Optional[int] = ..., tenant: _Optional[str] = ..., incident_version: _Optional[int] = ..., kind: _Optional[_Union[SlaEventKind, str]] = ..., at: _Optional[int] = ..., emitted_at: _Optional[int] = ..., threshold: _Optional[int] = ..., clock: _Optional[_Union[SlaClock, _Mapping]] = ...) -> None: ...
