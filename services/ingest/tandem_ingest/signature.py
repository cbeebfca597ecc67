"""Does a post prove that it is from its integration? One verifier for every vendor, by configuration.

Pure and in constant time: every candidate is compared with every secret, an unknown integration costs what a wrong
secret costs, and the one refusal says nothing of why. Which status a refusal becomes is the edge's business.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256

from tandem.errors import Reason, Refused
from tandem.model.integration import AuthKind, HmacScheme, Integration, IntegrationSecret
from tandem_ingest import times

SIGNATURES = 16
"""At most so many signatures of one post are looked at; rotation needs two."""
USUAL_KEYS = 2
"""Keys of an integration that rotates; a refusal costs as many hashes of the body."""
_ID_LENGTH = 200
_WRONG = b"\0" * 32
_KEY_PREFIX = b"whsec_"


def verify(
    integration: Integration | None, headers: Mapping[str, str], path_secret: str | None, body: bytes, now: datetime
) -> str | None:
    """Prove the post, or refuse it.

    Args:
        integration: None when there is no such integration.
        headers: names in lower case; a header that came twice is one value joined by ``", "``.
        path_secret: the last segment of the URL, when there is one.
        body: as received, before any decoding.
        now: aware UTC, decides expiry and tolerance.

    Returns:
        The delivery id the sender signed or sent along, if its scheme has one.

    Raises:
        Refused: UNAUTHENTICATED, always with the same words.
    """
    proven, delivery_id, hashed, shown = False, None, 0, ""
    if integration is not None and integration.enabled and (path_secret is None) != (integration.auth is AuthKind.PATH):
        valid = [each for each in integration.secrets if each.expires_at is None or now < each.expires_at]
        if integration.auth is AuthKind.HMAC:
            keys = [each.value for each in valid if each.value]
            proven, delivery_id = _signed(integration.hmac or HmacScheme(), keys, headers, body, now)
            hashed = len(keys)
        else:
            shown = _shown(integration, headers, path_secret)
            proven = _knows(valid, shown)
    if not proven:
        _waste(body, shown, USUAL_KEYS - hashed)
        raise Refused(Reason.UNAUTHENTICATED, "Unknown integration, or credentials that are missing, wrong or expired.")
    return delivery_id


def _waste(body: bytes, shown: str, hashes: int) -> None:
    """Whatever was wrong, the same work has been done at the end: hashing the body tells by its length otherwise."""
    _knows((), shown)
    for _ in range(hashes):
        hmac.digest(b"nobody", body, "sha256")


# --- secrets that are sent ---------------------------------------------------------------------------------------


def _shown(integration: Integration, headers: Mapping[str, str], path_secret: str | None) -> str:
    """The secret the post shows, empty when it shows none."""
    match integration.auth:
        case AuthKind.PATH:
            return path_secret or ""
        case AuthKind.HEADER:
            return headers.get(integration.header.lower(), "")
        case AuthKind.BASIC:
            return _basic(headers.get("authorization", ""), integration.user)
        case _:
            scheme, _, token = headers.get("authorization", "").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else ""


def _basic(value: str, user: str | None) -> str:
    scheme, _, encoded = value.partition(" ")
    try:
        name, _, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return ""
    known = user is None or hmac.compare_digest(name.encode(), user.encode())
    return secret if known and scheme.lower() == "basic" else ""


def _knows(secrets: Sequence[IntegrationSecret], shown: str) -> bool:
    """Whether ``shown`` is one of ``secrets``; an empty one never is."""
    digest = sha256(shown.encode("utf-8", "surrogatepass")).digest()
    found = False
    for secret in secrets:
        found |= hmac.compare_digest(digest, secret.digest)
    return found and bool(shown)


# --- signatures --------------------------------------------------------------------------------------------------


def _signed(
    scheme: HmacScheme, keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: datetime
) -> tuple[bool, str | None]:
    """Whether one of the post's signatures fits one of ``keys``, and the post's id."""
    stamp = headers.get((scheme.timestamp_header or "").lower(), "")
    its_id = headers.get((scheme.id_header or "").lower(), "")
    message = _message(scheme.signed, stamp, its_id, body)
    fits = message is not None and (scheme.signed == "body" or _is_fresh(stamp, scheme, now))
    found = False
    candidates = _candidates(scheme, headers.get(scheme.header.lower(), ""))
    for key in keys:
        expected = hmac.digest(_key(key), body if message is None else message, "sha256")
        for candidate in candidates:
            found |= hmac.compare_digest(expected, candidate)
    return found and fits, its_id[:_ID_LENGTH] or None


def _message(signed: str, stamp: str, its_id: str, body: bytes) -> bytes | None:
    """What was signed; None when a part of it is missing or could be read as two others."""
    try:
        at, name = stamp.encode("ascii"), its_id.encode("ascii")
    except UnicodeEncodeError:
        return None
    match signed:
        case "body":
            return body
        case "id.ts.body":
            return b"%b.%b.%b" % (name, at, body) if at and name and b"." not in name else None
        case "ts.body" | "ts:body" | "ts+body":
            return at + signed[2:3].replace("+", "").encode() + body if at else None
        case "body+ts":
            return body + at if at else None
        case _:
            return None  # a scheme nobody can satisfy is safer than one that everybody does


def _is_fresh(stamp: str, scheme: HmacScheme, now: datetime) -> bool:
    at = times.parse(stamp, zone=UTC)
    return at is not None and abs(now - at) <= scheme.tolerance


def _key(value: bytes) -> bytes:
    """The key of a secret; the ``whsec_`` of Standard Webhooks marks base64."""
    if not value.startswith(_KEY_PREFIX):
        return value
    try:
        return b64decode(value[len(_KEY_PREFIX) :] + b"==")
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
