"""What a person needs to connect a tool: address, header lines, a curl line, and our own signed posts. Pure."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem.model.signing import PLACES, base_string

TITLE = "Test of the way in"
"""What our own tests are called, however they were sent."""
BODY = f'{{"title":"{TITLE}","severity":"info","test":true}}'


def address(one: Integration, base: str, secret: str) -> str:
    """The URL to give to the tool, with the secret where it belongs there."""
    if AuthKind.PATH in one.kinds:
        return f"{base}/{quote(secret, safe='')}"
    return f"{base}?{one.parameter}={quote(secret, safe='')}" if AuthKind.QUERY in one.kinds else base


def header_lines(one: Integration, secret: str) -> list[str]:
    """Header lines to give to the tool; what signs is said in words."""
    lines = {
        AuthKind.BEARER: f"Authorization: Bearer {secret}",
        AuthKind.HEADER: f"{one.header}: {_after(one.prefix, secret)}",
        AuthKind.BASIC: f"Authorization: {_basic(one, secret)}",
        AuthKind.HMAC: f"{(one.hmac or HmacScheme()).header}: made by the tool with the secret",
    }
    return [lines[kind] for kind in one.kinds if kind in lines]


def curl(one: Integration, base: str, secret: str) -> str:
    """A line for a shell that posts a test; empty where a shell cannot prove it."""
    if one.auth is AuthKind.SNS:
        return ""
    if one.auth is AuthKind.HMAC:
        return _signing_curl(one.hmac or HmacScheme(), base, secret)
    shown = [
        f"-H '{line}'" for line in header_lines(one, secret)[:1] if one.auth not in {AuthKind.PATH, AuthKind.QUERY}
    ]
    parts = [f"curl -sS -X POST '{address(one, base, secret)}'", *shown, "-H 'X-Tandem-Test: 1'", f"-d '{BODY}'"]
    return " ".join(parts)


def _signing_curl(scheme: HmacScheme, base: str, secret: str) -> str:
    if base_string(scheme.signed) != "{body}" or scheme.key_encoding != "raw":
        return ""  # `tandem integrations test` signs every scheme
    made = f"openssl dgst -{scheme.algorithm} -hmac '{secret}'"
    written = f"{made} -r | cut -d' ' -f1" if scheme.encoding == "hex" else f"{made} -binary | base64 -w0"
    header = f'-H "{scheme.header}: {scheme.prefix}$(printf %s "$BODY" | {written})"'
    return f"""BODY='{BODY}'; curl -sS -X POST '{base}' {header} -H 'X-Tandem-Test: 1' -d "$BODY\""""


def credentials(one: Integration, secret: str, body: bytes, now: datetime, its_id: str) -> Mapping[str, str]:
    """Headers that prove a post of ours the way the integration's tool does."""
    match one.auth:
        case AuthKind.HMAC:
            return _signed(one.hmac or HmacScheme(), secret, body, now, its_id)
        case AuthKind.HEADER:
            return {one.header: _after(one.prefix, secret)}
        case AuthKind.BASIC:
            return {"Authorization": _basic(one, secret)}
        case AuthKind.BEARER:
            return {"Authorization": f"Bearer {secret}"}
        case _:
            return {}


def _signed(scheme: HmacScheme, secret: str, body: bytes, now: datetime, its_id: str) -> Mapping[str, str]:
    stamp = _stamp(scheme.timestamp_format, now)
    values = {"ts": stamp.encode(), "id": its_id.encode(), "body": body}
    parts = PLACES.split(base_string(scheme.signed))
    message = b"".join(values[part] if index % 2 else part.encode() for index, part in enumerate(parts))
    raw = hmac.digest(_key(scheme, secret), message, scheme.algorithm)
    written = raw.hex() if scheme.encoding == "hex" else b64encode(raw).decode()
    extra = {scheme.timestamp_header: stamp, scheme.id_header: its_id}
    return {scheme.header: scheme.prefix + written, **{name: value for name, value in extra.items() if name}}


def _stamp(form: str, now: datetime) -> str:
    match form:
        case "ms":
            return str(int(now.timestamp() * 1000))
        case "rfc3339":
            return f"{now:%Y-%m-%dT%H:%M:%SZ}"
        case _:
            return str(int(now.timestamp()))


def _key(scheme: HmacScheme, secret: str) -> bytes:
    if secret.startswith("whsec_"):
        return b64decode(secret.removeprefix("whsec_") + "==")
    if scheme.key_encoding == "base64":
        return b64decode(secret + "==")
    return bytes.fromhex(secret) if scheme.key_encoding == "hex" else secret.encode()


def _after(prefix: str, secret: str) -> str:
    if not prefix:
        return secret
    return f"{prefix} {secret}" if prefix[-1].isalnum() else f"{prefix}{secret}"


def _basic(one: Integration, secret: str) -> str:
    return "Basic " + b64encode(f"{one.user or 'tandem'}:{secret}".encode()).decode()
