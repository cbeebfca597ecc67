from tandem.wire.v1 import ownership_pb2 as _ownership_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PageEventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAGE_EVENT_KIND_UNSPECIFIED: _ClassVar[PageEventKind]
    PAGE_EVENT_KIND_PLANNED: _ClassVar[PageEventKind]
    PAGE_EVENT_KIND_SENT: _ClassVar[PageEventKind]
    PAGE_EVENT_KIND_DELIVERED: _ClassVar[PageEventKind]
    PAGE_EVENT_KIND_FAILED: _ClassVar[PageEventKind]
    PAGE_EVENT_KIND_ACKNOWLEDGED: _ClassVar[PageEventKind]
    PAGE_EVENT_KIND_EXHAUSTED: _ClassVar[PageEventKind]
    PAGE_EVENT_KIND_GAP: _ClassVar[PageEventKind]
    PAGE_EVENT_KIND_WOULD_HAVE_PAGED: _ClassVar[PageEventKind]
PAGE_EVENT_KIND_UNSPECIFIED: PageEventKind
PAGE_EVENT_KIND_PLANNED: PageEventKind
PAGE_EVENT_KIND_SENT: PageEventKind
PAGE_EVENT_KIND_DELIVERED: PageEventKind
PAGE_EVENT_KIND_FAILED: PageEventKind
PAGE_EVENT_KIND_ACKNOWLEDGED: PageEventKind
PAGE_EVENT_KIND_EXHAUSTED: PageEventKind
PAGE_EVENT_KIND_GAP: PageEventKind
PAGE_EVENT_KIND_WOULD_HAVE_PAGED: PageEventKind

class PageEvent(_message.Message):
    __slots__ = ("schema", "tenant", "incident_id", "page_id", "kind", "at", "party", "track", "person", "channel", "path", "step", "attempt", "reason")
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    PARTY_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    schema: int
    tenant: str
    incident_id: bytes
    page_id: bytes
    kind: PageEventKind
    at: int
    party: _ownership_pb2.Party
    track: _ownership_pb2.Track
    person: str
    channel: str
    path: str
    step: int
    attempt: int
    reason: str
    def __init__(self, schema: _Optional[int] = ..., tenant: _Optional[str] = ..., incident_id: _Optional[bytes] = ..., page_id: _Optional[bytes] = ..., kind: _Optional[_Union[PageEventKind, str]] = ..., at: _Optional[int] = ..., party: _Optional[_Union[_ownership_pb2.Party, str]] = ..., track: _Optional[_Union[_ownership_pb2.Track, str]] = ..., person: _Optional[str] = ..., channel: _Optional[str] = ..., path: _Optional[str] = ..., step: _Optional[int] = ..., attempt: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...
