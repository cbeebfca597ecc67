from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Party(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARTY_UNSPECIFIED: _ClassVar[Party]
    PARTY_INTERNAL: _ClassVar[Party]
    PARTY_MSP: _ClassVar[Party]

class Owner(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OWNER_UNSPECIFIED: _ClassVar[Owner]
    OWNER_INTERNAL: _ClassVar[Owner]
    OWNER_MSP: _ClassVar[Owner]
    OWNER_SHARED: _ClassVar[Owner]

class Track(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRACK_UNSPECIFIED: _ClassVar[Track]
    TRACK_SOC: _ClassVar[Track]
    TRACK_OPS: _ClassVar[Track]

class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODE_UNSPECIFIED: _ClassVar[Mode]
    MODE_OBSERVE: _ClassVar[Mode]
    MODE_OVERLAP: _ClassVar[Mode]
    MODE_LIVE: _ClassVar[Mode]
PARTY_UNSPECIFIED: Party
PARTY_INTERNAL: Party
PARTY_MSP: Party
OWNER_UNSPECIFIED: Owner
OWNER_INTERNAL: Owner
OWNER_MSP: Owner
OWNER_SHARED: Owner
TRACK_UNSPECIFIED: Track
TRACK_SOC: Track
TRACK_OPS: Track
MODE_UNSPECIFIED: Mode
MODE_OBSERVE: Mode
MODE_OVERLAP: Mode
MODE_LIVE: Mode

class Actor(_message.Message):
    __slots__ = ("party", "person")
    PARTY_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    party: Party
    person: str
    def __init__(self, party: _Optional[_Union[Party, str]] = ..., person: _Optional[str] = ...) -> None: ...
