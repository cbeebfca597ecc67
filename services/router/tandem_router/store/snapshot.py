"""An incident as JSON and back: the form in which a row keeps it. Holds no SQL."""

from __future__ import annotations

from types import MappingProxyType

import msgspec

from tandem.model.incident import Incident


def _plain(value: object) -> object:
    """What msgspec has no form for: read-only mappings."""
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


encode = msgspec.json.Encoder(enc_hook=_plain).encode

decode = msgspec.json.Decoder(Incident).decode
