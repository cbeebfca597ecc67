"""What Alertmanager calls a label set: FNV-1a of 64 bits over the sorted labels, as its webhook and its API show it.

The same number on both ways in makes an alert one condition, whichever way it comes.

Source: prometheus/common, model/fnv.go and model/signature.go (labelSetToFingerprint).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

_OFFSET = 0xCBF29CE484222325
_PRIME = 0x100000001B3
_BITS = 0xFFFFFFFFFFFFFFFF
_REMEMBERED = 4096
_LONGEST = 2048
"""Bytes of a label set that is remembered: what fires comes again every minute, and the hash costs 30 us."""


def fingerprint(labels: Mapping[str, str]) -> str:
    """Sixteen hex digits; ``labels`` are without empty values."""
    parts = sorted((_bytes(name), _bytes(value)) for name, value in labels.items())
    # 0xff is no byte of UTF-8: it keeps a=bc and ab=c apart.
    text = b"".join(b"%b\xff%b\xff" % part for part in parts)
    return _remembered(text) if len(text) <= _LONGEST else _hash(text)


def _hash(text: bytes) -> str:
    found = _OFFSET
    for byte in text:
        found = (found ^ byte) * _PRIME & _BITS
    return f"{found:016x}"


_remembered = lru_cache(_REMEMBERED)(_hash)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
