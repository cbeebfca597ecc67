"""How an API token is written: ``tdm_`` + id + 32 random bytes + checksum, all hexadecimal. Stores nothing.

The id finds the row, the checksum tells a cut or mistyped token from a wrong one without asking the database, and the
prefix lets scanners find a leaked one. Only the SHA-256 of the secret part is ever stored.
"""

from __future__ import annotations

import hmac
import string
from dataclasses import dataclass
from hashlib import sha256
from zlib import crc32

PREFIX = "tdm_"
ID_BYTES = 8
SECRET_BYTES = 32
_ID_END = len(PREFIX) + 2 * ID_BYTES
_SECRET_END = _ID_END + 2 * SECRET_BYTES
LENGTH = _SECRET_END + 8
_HEX = frozenset(string.hexdigits.lower())


@dataclass(frozen=True, slots=True)
class TokenText:
    """A token taken apart."""

    token_id: str
    digest: bytes
    """SHA-256 of the secret."""


def write(token_id: bytes, secret: bytes) -> str:
    """The text of a token, shown once."""
    body = f"{PREFIX}{token_id.hex()}{secret.hex()}"
    return f"{body}{_checksum(body)}"


def read(text: str) -> TokenText | None:
    """Take a token apart; None when it cannot be one of ours."""
    if len(text) != LENGTH or not text.startswith(PREFIX) or not _HEX.issuperset(text[len(PREFIX) :]):
        return None
    if not hmac.compare_digest(_checksum(text[:_SECRET_END]), text[_SECRET_END:]):
        return None
    secret = bytes.fromhex(text[_ID_END:_SECRET_END])
    return TokenText(text[len(PREFIX) : _ID_END], sha256(secret).digest())


def digest_of(secret: bytes) -> bytes:
    """What is stored of a secret or a session's cookie."""
    return sha256(secret).digest()


def _checksum(body: str) -> str:
    return f"{crc32(body.encode()):08x}"
