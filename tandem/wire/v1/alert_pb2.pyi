from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_CRITICAL: _ClassVar[Severity]
    SEVERITY_HIGH: _ClassVar[Severity]
    SEVERITY_MEDIUM: _ClassVar[Severity]
    SEVERITY_LOW: _ClassVar[Severity]
    SEVERITY_INFO: _ClassVar[Severity]
    SEVERITY_UNKNOWN: _ClassVar[Severity]

class AlertStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_STATUS_UNSPECIFIED: _ClassVar[AlertStatus]
    ALERT_STATUS_FIRING: _ClassVar[AlertStatus]
    ALERT_STATUS_RESOLVED: _ClassVar[AlertStatus]

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KIND_UNSPECIFIED: _ClassVar[Kind]
    KIND_RMM: _ClassVar[Kind]
    KIND_SIEM: _ClassVar[Kind]
    KIND_BACKUP: _ClassVar[Kind]
    KIND_MONITORING: _ClassVar[Kind]
SEVERITY_UNSPECIFIED: Severity
SEVERITY_CRITICAL: Severity
SEVERITY_HIGH: Severity
SEVERITY_MEDIUM: Severity
SEVERITY_LOW: Severity
SEVERITY_INFO: Severity
SEVERITY_UNKNOWN: Severity
ALERT_STATUS_UNSPECIFIED: AlertStatus
ALERT_STATUS_FIRING: AlertStatus
ALERT_STATUS_RESOLVED: AlertStatus
KIND_UNSPECIFIED: Kind
KIND_RMM: Kind
KIND_SIEM: Kind
KIND_BACKUP: Kind
KIND_MONITORING: Kind

class Alert(_message.Message):
    __slots__ = ("schema", "alert_id", "tenant", "integration", "vendor", "kind", "delivery_id", "dedup_key", "title", "status", "severity", "severity_word", "host", "occurred_at", "received_at", "customer", "url", "description", "labels", "test", "quarantined", "raw", "content_type", "expires_at")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    INTEGRATION_FIELD_NUMBER: _ClassVar[int]
    VENDOR_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    DEDUP_KEY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_WORD_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    schema: int
    alert_id: bytes
    tenant: str
    integration: str
    vendor: str
    kind: Kind
    delivery_id: str
    dedup_key: str
    title: str
    status: AlertStatus
    severity: Severity
    severity_word: str
    host: str
    occurred_at: int
    received_at: int
    customer: str
    url: str
    description: str
    labels: _containers.ScalarMap[str, str]
    test: bool
    quarantined: str
    raw: bytes
    content_type: str
    expires_at: int
    def __init__(self, schema: _Optional[int] = ..., alert_id: _Optional[bytes] = ..., tenant: _Optional[str] = ..., integration: _Optional[str] = ..., vendor: _Optional[str] = ..., kind: _Optional[_Union[Kind, str]] = ..., delivery_id: _Optional[str] = ..., dedup_key: _Optional[str] = ..., title: _Optional[str] = ..., status: _Optional[_Union[AlertStatus, str]] = ..., severity: _Optional[_Union[Severity, str]] = ..., severity_word: _Optional[str] = ..., host: _Optional[str] = ..., occurred_at: _Optional[int] = ..., received_at: _Optional[int] = ..., customer: _Optional[str] = ..., url: _Optional[str] = ..., description: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., test: _Optional[bool] = ..., quarantined: _Optional[str] = ..., raw: _Optional[bytes] = ..., content_type: _Optional[str] = ..., expires_at: _Optional[int] = ...) -> None: ...
