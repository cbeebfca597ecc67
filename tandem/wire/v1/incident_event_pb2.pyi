from tandem.wire.v1 import alert_pb2 as _alert_pb2
from tandem.wire.v1 import incident_pb2 as _incident_pb2
from tandem.wire.v1 import ownership_pb2 as _ownership_pb2
from tandem.wire.v1 import priority_pb2 as _priority_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FactKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FACT_KIND_UNSPECIFIED: _ClassVar[FactKind]
    FACT_KIND_OPENED: _ClassVar[FactKind]
    FACT_KIND_ALERT_JOINED: _ClassVar[FactKind]
    FACT_KIND_ALERT_CLEARED: _ClassVar[FactKind]
    FACT_KIND_ACKNOWLEDGED: _ClassVar[FactKind]
    FACT_KIND_UNACKNOWLEDGED: _ClassVar[FactKind]
    FACT_KIND_STARTED: _ClassVar[FactKind]
    FACT_KIND_JOINED: _ClassVar[FactKind]
    FACT_KIND_RESOLVED: _ClassVar[FactKind]
    FACT_KIND_REOPENED: _ClassVar[FactKind]
    FACT_KIND_REPRIORITISED: _ClassVar[FactKind]
    FACT_KIND_REOWNED: _ClassVar[FactKind]
    FACT_KIND_HANDOFF_OFFERED: _ClassVar[FactKind]
    FACT_KIND_HANDOFF_ACCEPTED: _ClassVar[FactKind]
    FACT_KIND_HANDOFF_REFUSED: _ClassVar[FactKind]
    FACT_KIND_HANDOFF_WITHDRAWN: _ClassVar[FactKind]
    FACT_KIND_HANDOFF_EXPIRED: _ClassVar[FactKind]
    FACT_KIND_REQUESTED: _ClassVar[FactKind]
    FACT_KIND_ANSWERED: _ClassVar[FactKind]
    FACT_KIND_NOTED: _ClassVar[FactKind]
    FACT_KIND_SNOOZED: _ClassVar[FactKind]
    FACT_KIND_MERGED: _ClassVar[FactKind]
    FACT_KIND_LINKED: _ClassVar[FactKind]
    FACT_KIND_SUPPRESSED: _ClassVar[FactKind]
    FACT_KIND_RELEASED: _ClassVar[FactKind]
    FACT_KIND_CORRECTED: _ClassVar[FactKind]
    FACT_KIND_COMMAND_REFUSED: _ClassVar[FactKind]
FACT_KIND_UNSPECIFIED: FactKind
FACT_KIND_OPENED: FactKind
FACT_KIND_ALERT_JOINED: FactKind
FACT_KIND_ALERT_CLEARED: FactKind
FACT_KIND_ACKNOWLEDGED: FactKind
FACT_KIND_UNACKNOWLEDGED: FactKind
FACT_KIND_STARTED: FactKind
FACT_KIND_JOINED: FactKind
FACT_KIND_RESOLVED: FactKind
FACT_KIND_REOPENED: FactKind
FACT_KIND_REPRIORITISED: FactKind
FACT_KIND_REOWNED: FactKind
FACT_KIND_HANDOFF_OFFERED: FactKind
FACT_KIND_HANDOFF_ACCEPTED: FactKind
FACT_KIND_HANDOFF_REFUSED: FactKind
FACT_KIND_HANDOFF_WITHDRAWN: FactKind
FACT_KIND_HANDOFF_EXPIRED: FactKind
FACT_KIND_REQUESTED: FactKind
FACT_KIND_ANSWERED: FactKind
FACT_KIND_NOTED: FactKind
FACT_KIND_SNOOZED: FactKind
FACT_KIND_MERGED: FactKind
FACT_KIND_LINKED: FactKind
FACT_KIND_SUPPRESSED: FactKind
FACT_KIND_RELEASED: FactKind
FACT_KIND_CORRECTED: FactKind
FACT_KIND_COMMAND_REFUSED: FactKind

class FactDetail(_message.Message):
    __slots__ = ("reason", "text", "auto", "from_party", "to_party", "from_priority", "to_priority", "until", "obligation_id", "obligation", "blocking", "other_incident", "cycle", "hold_until", "command_id", "affected_users", "from_owner", "conditions", "track", "assists")
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AUTO_FIELD_NUMBER: _ClassVar[int]
    FROM_PARTY_FIELD_NUMBER: _ClassVar[int]
    TO_PARTY_FIELD_NUMBER: _ClassVar[int]
    FROM_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TO_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    OBLIGATION_ID_FIELD_NUMBER: _ClassVar[int]
    OBLIGATION_FIELD_NUMBER: _ClassVar[int]
    BLOCKING_FIELD_NUMBER: _ClassVar[int]
    OTHER_INCIDENT_FIELD_NUMBER: _ClassVar[int]
    CYCLE_FIELD_NUMBER: _ClassVar[int]
    HOLD_UNTIL_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_USERS_FIELD_NUMBER: _ClassVar[int]
    FROM_OWNER_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    ASSISTS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    text: str
    auto: bool
    from_party: _ownership_pb2.Party
    to_party: _ownership_pb2.Party
    from_priority: _priority_pb2.Priority
    to_priority: _priority_pb2.Priority
    until: int
    obligation_id: str
    obligation: str
    blocking: bool
    other_incident: bytes
    cycle: int
    hold_until: int
    command_id: bytes
    affected_users: int
    from_owner: _ownership_pb2.Owner
    conditions: _containers.RepeatedScalarFieldContainer[str]
    track: _ownership_pb2.Track
    assists: bool
    def __init__(self, reason: _Optional[str] = ..., text: _Optional[str] = ..., auto: _Optional[bool] = ..., from_party: _Optional[_Union[_ownership_pb2.Party, str]] = ..., to_party: _Optional[_Union[_ownership_pb2.Party, str]] = ..., from_priority: _Optional[_Union[_priority_pb2.Priority, str]] = ..., to_priority: _Optional[_Union[_priority_pb2.Priority, str]] = ..., until: _Optional[int] = ..., obligation_id: _Optional[str] = ..., obligation: _Optional[str] = ..., blocking: _Optional[bool] = ..., other_incident: _Optional[bytes] = ..., cycle: _Optional[int] = ..., hold_until: _Optional[int] = ..., command_id: _Optional[bytes] = ..., affected_users: _Optional[int] = ..., from_owner: _Optional[_Union[_ownership_pb2.Owner, str]] = ..., conditions: _Optional[_Iterable[str]] = ..., track: _Optional[_Union[_ownership_pb2.Track, str]] = ..., assists: _Optional[bool] = ...) -> None: ...

class FactAlert(_message.Message):
    __slots__ = ("alert_id", "dedup_key", "title", "status", "severity", "severity_word", "host", "integration", "vendor", "occurred_at", "received_at", "url")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    DEDUP_KEY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_WORD_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    INTEGRATION_FIELD_NUMBER: _ClassVar[int]
    VENDOR_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    alert_id: bytes
    dedup_key: str
    title: str
    status: _alert_pb2.AlertStatus
    severity: _alert_pb2.Severity
    severity_word: str
    host: str
    integration: str
    vendor: str
    occurred_at: int
    received_at: int
    url: str
    def __init__(self, alert_id: _Optional[bytes] = ..., dedup_key: _Optional[str] = ..., title: _Optional[str] = ..., status: _Optional[_Union[_alert_pb2.AlertStatus, str]] = ..., severity: _Optional[_Union[_alert_pb2.Severity, str]] = ..., severity_word: _Optional[str] = ..., host: _Optional[str] = ..., integration: _Optional[str] = ..., vendor: _Optional[str] = ..., occurred_at: _Optional[int] = ..., received_at: _Optional[int] = ..., url: _Optional[str] = ...) -> None: ...

class Fact(_message.Message):
    __slots__ = ("tenant", "incident_id", "version", "kind", "effective_at", "received_at", "priority", "owner", "responsible_party", "by", "alert", "detail")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    RESPONSIBLE_PARTY_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    ALERT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    incident_id: bytes
    version: int
    kind: FactKind
    effective_at: int
    received_at: int
    priority: _priority_pb2.Priority
    owner: _ownership_pb2.Owner
    responsible_party: _ownership_pb2.Party
    by: _ownership_pb2.Actor
    alert: FactAlert
    detail: FactDetail
    def __init__(self, tenant: _Optional[str] = ..., incident_id: _Optional[bytes] = ..., version: _Optional[int] = ..., kind: _Optional[_Union[FactKind, str]] = ..., effective_at: _Optional[int] = ..., received_at: _Optional[int] = ..., priority: _Optional[_Union[_priority_pb2.Priority, str]] = ..., owner: _Optional[_Union[_ownership_pb2.Owner, str]] = ..., responsible_party: _Optional[_Union[_ownership_pb2.Party, str]] = ..., by: _Optional[_Union[_ownership_pb2.Actor, _Mapping]] = ..., alert: _Optional[_Union[FactAlert, _Mapping]] = ..., detail: _Optional[_Union[FactDetail, _Mapping]] = ...) -> None: ...

class IncidentEvent(_message.Message):
    __slots__ = ("schema", "fact", "incident")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    FACT_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_FIELD_NUMBER: _ClassVar[int]
    schema: int
    fact: Fact
    incident: _incident_pb2.Incident
    def __init__(self, schema: _Optional[int] = ..., fact: _Optional[_Union[Fact, _Mapping]] = ..., incident: _Optional[_Union[_incident_pb2.Incident, _Mapping]] = ...) -> None: ...
