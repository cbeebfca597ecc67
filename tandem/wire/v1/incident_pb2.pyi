from tandem.wire.v1 import ownership_pb2 as _ownership_pb2
from tandem.wire.v1 import priority_pb2 as _priority_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IncidentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INCIDENT_STATE_UNSPECIFIED: _ClassVar[IncidentState]
    INCIDENT_STATE_OPEN: _ClassVar[IncidentState]
    INCIDENT_STATE_ACKNOWLEDGED: _ClassVar[IncidentState]
    INCIDENT_STATE_IN_PROGRESS: _ClassVar[IncidentState]
    INCIDENT_STATE_RESOLVED: _ClassVar[IncidentState]

class IncidentClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INCIDENT_CLASS_UNSPECIFIED: _ClassVar[IncidentClass]
    INCIDENT_CLASS_OUTAGE: _ClassVar[IncidentClass]
    INCIDENT_CLASS_BREACH: _ClassVar[IncidentClass]
    INCIDENT_CLASS_DEGRADATION: _ClassVar[IncidentClass]
    INCIDENT_CLASS_SECURITY: _ClassVar[IncidentClass]
    INCIDENT_CLASS_BACKUP: _ClassVar[IncidentClass]
    INCIDENT_CLASS_AGENT_HEALTH: _ClassVar[IncidentClass]
    INCIDENT_CLASS_OTHER: _ClassVar[IncidentClass]
INCIDENT_STATE_UNSPECIFIED: IncidentState
INCIDENT_STATE_OPEN: IncidentState
INCIDENT_STATE_ACKNOWLEDGED: IncidentState
INCIDENT_STATE_IN_PROGRESS: IncidentState
INCIDENT_STATE_RESOLVED: IncidentState
INCIDENT_CLASS_UNSPECIFIED: IncidentClass
INCIDENT_CLASS_OUTAGE: IncidentClass
INCIDENT_CLASS_BREACH: IncidentClass
INCIDENT_CLASS_DEGRADATION: IncidentClass
INCIDENT_CLASS_SECURITY: IncidentClass
INCIDENT_CLASS_BACKUP: IncidentClass
INCIDENT_CLASS_AGENT_HEALTH: IncidentClass
INCIDENT_CLASS_OTHER: IncidentClass

class FiringAlert(_message.Message):
    __slots__ = ("alert_id", "asset", "severity", "since", "incident_class", "owner", "track")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_CLASS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    alert_id: bytes
    asset: str
    severity: str
    since: int
    incident_class: IncidentClass
    owner: _ownership_pb2.Owner
    track: _ownership_pb2.Track
    def __init__(self, alert_id: _Optional[bytes] = ..., asset: _Optional[str] = ..., severity: _Optional[str] = ..., since: _Optional[int] = ..., incident_class: _Optional[_Union[IncidentClass, str]] = ..., owner: _Optional[_Union[_ownership_pb2.Owner, str]] = ..., track: _Optional[_Union[_ownership_pb2.Track, str]] = ...) -> None: ...

class StateChange(_message.Message):
    __slots__ = ("condition", "at")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    condition: str
    at: int
    def __init__(self, condition: _Optional[str] = ..., at: _Optional[int] = ...) -> None: ...

class Acknowledgement(_message.Message):
    __slots__ = ("person", "at")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    person: str
    at: int
    def __init__(self, person: _Optional[str] = ..., at: _Optional[int] = ...) -> None: ...

class RaciPeople(_message.Message):
    __slots__ = ("accountable", "responsible", "consulted", "informed")
    class AccountableEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ACCOUNTABLE_FIELD_NUMBER: _ClassVar[int]
    RESPONSIBLE_FIELD_NUMBER: _ClassVar[int]
    CONSULTED_FIELD_NUMBER: _ClassVar[int]
    INFORMED_FIELD_NUMBER: _ClassVar[int]
    accountable: _containers.ScalarMap[str, str]
    responsible: _containers.RepeatedScalarFieldContainer[str]
    consulted: _containers.RepeatedScalarFieldContainer[str]
    informed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, accountable: _Optional[_Mapping[str, str]] = ..., responsible: _Optional[_Iterable[str]] = ..., consulted: _Optional[_Iterable[str]] = ..., informed: _Optional[_Iterable[str]] = ...) -> None: ...

class Face(_message.Message):
    __slots__ = ("track", "priority", "party", "owner", "lead", "function", "row", "mode", "p1_workflow", "must_acknowledge", "informed", "paths", "acknowledged", "opened_at", "raci", "runbook", "because")
    class PathsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AcknowledgedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Acknowledgement
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Acknowledgement, _Mapping]] = ...) -> None: ...
    TRACK_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    LEAD_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    P1_WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    MUST_ACKNOWLEDGE_FIELD_NUMBER: _ClassVar[int]
    INFORMED_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    RACI_FIELD_NUMBER: _ClassVar[int]
    RUNBOOK_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_FIELD_NUMBER: _ClassVar[int]
    track: _ownership_pb2.Track
    priority: _priority_pb2.Priority
    party: _ownership_pb2.Party
    owner: _ownership_pb2.Owner
    lead: _ownership_pb2.Party
    function: str
    row: str
    mode: _ownership_pb2.Mode
    p1_workflow: bool
    must_acknowledge: _containers.RepeatedScalarFieldContainer[_ownership_pb2.Party]
    informed: _containers.RepeatedScalarFieldContainer[_ownership_pb2.Party]
    paths: _containers.ScalarMap[str, str]
    acknowledged: _containers.MessageMap[str, Acknowledgement]
    opened_at: int
    raci: RaciPeople
    runbook: str
    because: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, track: _Optional[_Union[_ownership_pb2.Track, str]] = ..., priority: _Optional[_Union[_priority_pb2.Priority, str]] = ..., party: _Optional[_Union[_ownership_pb2.Party, str]] = ..., owner: _Optional[_Union[_ownership_pb2.Owner, str]] = ..., lead: _Optional[_Union[_ownership_pb2.Party, str]] = ..., function: _Optional[str] = ..., row: _Optional[str] = ..., mode: _Optional[_Union[_ownership_pb2.Mode, str]] = ..., p1_workflow: _Optional[bool] = ..., must_acknowledge: _Optional[_Iterable[_Union[_ownership_pb2.Party, str]]] = ..., informed: _Optional[_Iterable[_Union[_ownership_pb2.Party, str]]] = ..., paths: _Optional[_Mapping[str, str]] = ..., acknowledged: _Optional[_Mapping[str, Acknowledgement]] = ..., opened_at: _Optional[int] = ..., raci: _Optional[_Union[RaciPeople, _Mapping]] = ..., runbook: _Optional[str] = ..., because: _Optional[_Iterable[str]] = ...) -> None: ...

class Incident(_message.Message):
    __slots__ = ("incident_id", "tenant", "number", "group_key", "version", "cycle", "state", "title", "priority", "owner", "lead", "responsible_party", "monitoring_owner", "must_acknowledge", "informed", "function", "category", "incident_class", "track", "mode", "site", "host", "regulated", "affected_users", "tenant_users", "p1_workflow", "unmapped", "row", "sla_profile", "paths", "agreement_version", "provider", "opened_at", "detected_at", "occurred_at", "detect_flags", "detected_by", "acknowledged", "joined", "started_at", "resolved_at", "resolved_by", "clear_pending_at", "hold_until", "reopened_at", "occurrences", "last_seen_at", "firing", "because", "merged_into", "flags", "recurrence_of", "changes", "calm_at", "unkept", "linked", "raci", "runbook", "public_communications", "approval", "second_face", "own_priority", "answer_by")
    class PathsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class AcknowledgedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Acknowledgement
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Acknowledgement, _Mapping]] = ...) -> None: ...
    class JoinedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class FiringEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: FiringAlert
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[FiringAlert, _Mapping]] = ...) -> None: ...
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    GROUP_KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CYCLE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    LEAD_FIELD_NUMBER: _ClassVar[int]
    RESPONSIBLE_PARTY_FIELD_NUMBER: _ClassVar[int]
    MONITORING_OWNER_FIELD_NUMBER: _ClassVar[int]
    MUST_ACKNOWLEDGE_FIELD_NUMBER: _ClassVar[int]
    INFORMED_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_CLASS_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    REGULATED_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_USERS_FIELD_NUMBER: _ClassVar[int]
    TENANT_USERS_FIELD_NUMBER: _ClassVar[int]
    P1_WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    UNMAPPED_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    SLA_PROFILE_FIELD_NUMBER: _ClassVar[int]
    PATHS_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    DETECTED_AT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    DETECT_FLAGS_FIELD_NUMBER: _ClassVar[int]
    DETECTED_BY_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    JOINED_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_AT_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_BY_FIELD_NUMBER: _ClassVar[int]
    CLEAR_PENDING_AT_FIELD_NUMBER: _ClassVar[int]
    HOLD_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REOPENED_AT_FIELD_NUMBER: _ClassVar[int]
    OCCURRENCES_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    FIRING_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_FIELD_NUMBER: _ClassVar[int]
    MERGED_INTO_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    RECURRENCE_OF_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    CALM_AT_FIELD_NUMBER: _ClassVar[int]
    UNKEPT_FIELD_NUMBER: _ClassVar[int]
    LINKED_FIELD_NUMBER: _ClassVar[int]
    RACI_FIELD_NUMBER: _ClassVar[int]
    RUNBOOK_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_COMMUNICATIONS_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    SECOND_FACE_FIELD_NUMBER: _ClassVar[int]
    OWN_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ANSWER_BY_FIELD_NUMBER: _ClassVar[int]
    incident_id: bytes
    tenant: str
    number: int
    group_key: str
    version: int
    cycle: int
    state: IncidentState
    title: str
    priority: _priority_pb2.Priority
    owner: _ownership_pb2.Owner
    lead: _ownership_pb2.Party
    responsible_party: _ownership_pb2.Party
    monitoring_owner: _ownership_pb2.Party
    must_acknowledge: _containers.RepeatedScalarFieldContainer[_ownership_pb2.Party]
    informed: _containers.RepeatedScalarFieldContainer[_ownership_pb2.Party]
    function: str
    category: str
    incident_class: IncidentClass
    track: _ownership_pb2.Track
    mode: _ownership_pb2.Mode
    site: str
    host: str
    regulated: bool
    affected_users: int
    tenant_users: int
    p1_workflow: bool
    unmapped: bool
    row: str
    sla_profile: str
    paths: _containers.ScalarMap[str, str]
    agreement_version: int
    provider: str
    opened_at: int
    detected_at: int
    occurred_at: int
    detect_flags: _containers.RepeatedScalarFieldContainer[str]
    detected_by: str
    acknowledged: _containers.MessageMap[str, Acknowledgement]
    joined: _containers.ScalarMap[str, int]
    started_at: int
    resolved_at: int
    resolved_by: _ownership_pb2.Party
    clear_pending_at: int
    hold_until: int
    reopened_at: int
    occurrences: int
    last_seen_at: int
    firing: _containers.MessageMap[str, FiringAlert]
    because: _containers.RepeatedScalarFieldContainer[str]
    merged_into: bytes
    flags: _containers.RepeatedScalarFieldContainer[str]
    recurrence_of: bytes
    changes: _containers.RepeatedCompositeFieldContainer[StateChange]
    calm_at: int
    unkept: int
    linked: _containers.RepeatedScalarFieldContainer[bytes]
    raci: RaciPeople
    runbook: str
    public_communications: str
    approval: str
    second_face: Face
    own_priority: _priority_pb2.Priority
    answer_by: int
    def __init__(self, incident_id: _Optional[bytes] = ..., tenant: _Optional[str] = ..., number: _Optional[int] = ..., group_key: _Optional[str] = ..., version: _Optional[int] = ..., cycle: _Optional[int] = ..., state: _Optional[_Union[IncidentState, str]] = ..., title: _Optional[str] = ..., priority: _Optional[_Union[_priority_pb2.Priority, str]] = ..., owner: _Optional[_Union[_ownership_pb2.Owner, str]] = ..., lead: _Optional[_Union[_ownership_pb2.Party, str]] = ..., responsible_party: _Optional[_Union[_ownership_pb2.Party, str]] = ..., monitoring_owner: _Optional[_Union[_ownership_pb2.Party, str]] = ..., must_acknowledge: _Optional[_Iterable[_Union[_ownership_pb2.Party, str]]] = ..., informed: _Optional[_Iterable[_Union[_ownership_pb2.Party, str]]] = ..., function: _Optional[str] = ..., category: _Optional[str] = ..., incident_class: _Optional[_Union[IncidentClass, str]] = ..., track: _Optional[_Union[_ownership_pb2.Track, str]] = ..., mode: _Optional[_Union[_ownership_pb2.Mode, str]] = ..., site: _Optional[str] = ..., host: _Optional[str] = ..., regulated: _Optional[bool] = ..., affected_users: _Optional[int] = ..., tenant_users: _Optional[int] = ..., p1_workflow: _Optional[bool] = ..., unmapped: _Optional[bool] = ..., row: _Optional[str] = ..., sla_profile: _Optional[str] = ..., paths: _Optional[_Mapping[str, str]] = ..., agreement_version: _Optional[int] = ..., provider: _Optional[str] = ..., opened_at: _Optional[int] = ..., detected_at: _Optional[int] = ..., occurred_at: _Optional[int] = ..., detect_flags: _Optional[_Iterable[str]] = ..., detected_by: _Optional[str] = ..., acknowledged: _Optional[_Mapping[str, Acknowledgement]] = ..., joined: _Optional[_Mapping[str, int]] = ..., started_at: _Optional[int] = ..., resolved_at: _Optional[int] = ..., resolved_by: _Optional[_Union[_ownership_pb2.Party, str]] = ..., clear_pending_at: _Optional[int] = ..., hold_until: _Optional[int] = ..., reopened_at: _Optional[int] = ..., occurrences: _Optional[int] = ..., last_seen_at: _Optional[int] = ..., firing: _Optional[_Mapping[str, FiringAlert]] = ..., because: _Optional[_Iterable[str]] = ..., merged_into: _Optional[bytes] = ..., flags: _Optional[_Iterable[str]] = ..., recurrence_of: _Optional[bytes] = ..., changes: _Optional[_Iterable[_Union[StateChange, _Mapping]]] = ..., calm_at: _Optional[int] = ..., unkept: _Optional[int] = ..., linked: _Optional[_Iterable[bytes]] = ..., raci: _Optional[_Union[RaciPeople, _Mapping]] = ..., runbook: _Optional[str] = ..., public_communications: _Optional[str] = ..., approval: _Optional[str] = ..., second_face: _Optional[_Union[Face, _Mapping]] = ..., own_priority: _Optional[_Union[_priority_pb2.Priority, str]] = ..., answer_by: _Optional[int] = ...) -> None: ...
