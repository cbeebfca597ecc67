"""Cursors of lists: opaque, signed, with the filter frozen inside. Holds no SQL.

A list is ordered by (instant, id), newest first; a cursor says after which row the next part starts.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from tandem.errors import Reason, Refused

LONGEST = 4000
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next part of a list starts: strictly after (at, id) in descending order."""

    at: datetime
    id: UUID
    filters: dict[str, Any]
    """The query the list was asked with; later parts keep it."""


def write(cursor: Cursor, key: bytes) -> str:
    """The cursor as text for a URL."""
    body = msgspec.json.encode(cursor)
    return base64.urlsafe_b64encode(_mac(body, key) + body).decode().rstrip("=")


def read(text: str, key: bytes) -> Cursor:
    """The cursor of a text.

    Raises:
        Refused: it was not made with ``key``.
    """
    try:
        if len(text) > LONGEST:
            raise ValueError("too long")
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(body, key)):
            raise ValueError("not signed by us")
        return msgspec.json.decode(body, type=Cursor)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as fault:
        raise Refused(Reason.INVALID, "this cursor is not one of ours; start again without it") from fault


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"cursor\0" + body, sha256).digest()[:_MAC_BYTES]
