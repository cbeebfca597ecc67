from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Quarantined(_message.Message):
    __slots__ = ("schema", "tenant", "service", "integration", "topic", "reason", "at", "raw")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    INTEGRATION_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    schema: int
    tenant: str
    service: str
    integration: str
    topic: str
    reason: str
    at: int
    raw: bytes
    def __init__(self, schema: _Optional[int] = ..., tenant: _Optional[str] = ..., service: _Optional[str] = ..., integration: _Optional[str] = ..., topic: _Optional[str] = ..., reason: _Optional[str] = ..., at: _Optional[int] = ..., raw: _Optional[bytes] = ...) -> None: ...
