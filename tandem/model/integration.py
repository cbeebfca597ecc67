"""An integration: one configured way in, with its vendor, its tenant and how its posts prove who they are.

Stored by ``tandem/policy``; ingest holds all of them in memory and checks without asking anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class AuthKind(StrEnum):
    """How a post proves who it is. Every kind but HMAC sends the secret itself."""

    HMAC = "hmac"
    BEARER = "bearer"
    HEADER = "header"
    BASIC = "basic"
    PATH = "path"
    """The secret is the last segment of the URL, for senders that cannot set a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacScheme:
    """How a vendor signs, as configuration: one verifier serves all of them."""

    header: str = "X-Tandem-Signature"
    prefix: str = "sha256="
    encoding: str = "hex"
    """hex or base64."""
    signed: str = "body"
    """``body``, ``ts.body``, ``ts:body``, ``body+ts``, ``ts+body`` or ``id.ts.body`` (Standard Webhooks)."""
    timestamp_header: str | None = None
    """Needed when ``signed`` holds ``ts``: unix seconds, or RFC 3339."""
    id_header: str | None = None
    """Needed when ``signed`` holds ``id``; also the delivery id."""
    tolerance: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationSecret:
    """One valid secret; several at once while rotating.

    ``digest`` is SHA-256 of the secret and serves every kind but HMAC, whose key must be known (``value``).
    """

    secret_id: str
    digest: bytes
    value: bytes | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """One way in. ``name`` is the id in the URL, unique in the instance: ``[a-z0-9-]{1,64}``."""

    name: str
    tenant: str
    vendor: str
    auth: AuthKind
    header: str = "X-Tandem-Key"
    """Used by AuthKind.HEADER."""
    user: str | None = None
    """Used by AuthKind.BASIC; None accepts any user name."""
    hmac: HmacScheme | None = None
    secrets: tuple[IntegrationSecret, ...] = ()
    enabled: bool = True
