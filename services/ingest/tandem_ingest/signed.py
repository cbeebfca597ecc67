"""Signatures over the body of a post: HMAC as configuration, one verifier for every scheme. Pure, constant time.

A post that signs an instant is named by it and its bytes: sent again it is the same delivery, whoever sends it and
however often this process was started meanwhile, and past the tolerance it is refused.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

from tandem.model.integration import HmacScheme
from tandem.model.signing import ALGORITHMS, PLACES, base_string
from tandem_ingest import times

SIGNATURES = 16
"""At most so many signatures of one post are looked at; rotation needs two."""
_ID_LENGTH = 200
_STAMP_LENGTH = 64
_WRONG = b"\0" * 20
_KEY_PREFIX = b"whsec_"
_BODY_ALONE = "{body}"
_UNITS = {"s": 10, "ms": 13}
"""Digits of an instant of our time in each unit."""


def fits(
    scheme: HmacScheme, keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: datetime
) -> tuple[bool, str | None]:
    """Whether one of the post's signatures fits one of ``keys``, and what names the delivery by what was signed."""
    base = base_string(scheme.signed)
    stamp = its_id = ""
    if base != _BODY_ALONE:  # which most schemes sign
        stamp = headers.get((scheme.timestamp_header or "").lower(), "")
        its_id = headers.get((scheme.id_header or "").lower(), "")
    known = scheme.algorithm in ALGORITHMS
    message = _message(base, stamp, its_id, body) if known else None
    fresh = "{ts}" not in base or _is_fresh(stamp, scheme, now)
    algorithm = scheme.algorithm if known else ALGORITHMS[0]
    found = False
    candidates = _candidates(scheme, headers.get(scheme.header.lower(), ""))
    for key in keys:
        expected = hmac.digest(_key(key, scheme.key_encoding), body if message is None else message, algorithm)
        for candidate in candidates:
            found |= hmac.compare_digest(expected, candidate)
    return found and fresh and message is not None, _delivery_id(base, stamp, its_id, body)


def _delivery_id(base: str, stamp: str, its_id: str, body: bytes) -> str | None:
    """What was signed and differs between deliveries; an id that nobody signed is whatever a replay says."""
    if "{id}" in base:
        return its_id[:_ID_LENGTH] or None
    return f"{stamp[:_STAMP_LENGTH]}~{sha256(body).hexdigest()[:32]}" if "{ts}" in base else None


def _message(base: str, stamp: str, its_id: str, body: bytes) -> bytes | None:
    """What was signed; None when a part of it is missing or could be read as two others."""
    if base == _BODY_ALONE:
        return body
    try:
        values = {"ts": stamp.encode("ascii"), "id": its_id.encode("ascii"), "body": body}
    except UnicodeEncodeError:
        return None
    words, places = _taken_apart(base)
    if places.count("body") != 1:  # a scheme nobody can satisfy is safer than one that everybody does
        return None
    if not all(values[place] for place in places if place != "body"):
        return None
    if "id" in places and any(word in values["id"] for word in words if word):
        return None
    message = words[0]
    for place, word in zip(places, words[1:], strict=True):
        message += values[place] + word
    return message


@cache
def _taken_apart(base: str) -> tuple[list[bytes], list[str]]:
    """The words of a base string and the places between them; as many schemes as an operator configured."""
    parts = PLACES.split(base)
    return [word.encode() for word in parts[::2]], parts[1::2]


def _is_fresh(stamp: str, scheme: HmacScheme, now: datetime) -> bool:
    digits = stamp.strip().partition(".")[0]
    wanted = _UNITS.get(scheme.timestamp_format)
    if wanted is not None and not (digits.isascii() and digits.isdigit() and len(digits) == wanted):
        return False
    if scheme.timestamp_format == "rfc3339" and digits.isdigit():
        return False
    at = times.parse(stamp, zone=UTC)
    return at is not None and abs(now - at) <= scheme.tolerance


def _key(value: bytes, encoding: str) -> bytes:
    """The key of a secret; the ``whsec_`` of Standard Webhooks marks base64."""
    try:
        if value.startswith(_KEY_PREFIX):
            return b64decode(value[len(_KEY_PREFIX) :] + b"==")
        if encoding == "base64":
            return b64decode(value + b"==")
        return binascii.unhexlify(value) if encoding == "hex" else value
    except binascii.Error:
        return value


def _candidates(scheme: HmacScheme, value: str) -> list[bytes]:
    """The signatures in a header; several are split by blanks, and by commas where the prefix has none."""
    parts = value.split() if "," in scheme.prefix else value.replace(",", " ").split()
    prefix = scheme.prefix.lower()
    shown = [part[len(prefix) :] for part in parts[:SIGNATURES] if part[: len(prefix)].lower() == prefix]
    return [_bytes(each, scheme.encoding) for each in shown] or [_WRONG]


def _bytes(signature: str, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(signature)
        plain = signature.rstrip("=").replace("-", "+").replace("_", "/")
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return _WRONG
