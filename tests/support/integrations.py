"""Integrations with known secrets, and posts signed for them by independent code."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from tandem.model.integration import AuthKind, HmacScheme, Integration, IntegrationSecret

STANDARD_WEBHOOKS = HmacScheme(
    header="webhook-signature",
    prefix="v1,",
    encoding="base64",
    signed="id.ts.body",
    timestamp_header="webhook-timestamp",
    id_header="webhook-id",
)


def secret(value: str, *, expires_at: datetime | None = None, keyed: bool = True) -> IntegrationSecret:
    return IntegrationSecret(
        secret_id=value[:4],
        digest=hashlib.sha256(value.encode()).digest(),
        value=value.encode() if keyed else None,
        expires_at=expires_at,
    )


def integration(
    name: str = "rmm",
    *,
    vendor: str = "generic",
    auth: AuthKind = AuthKind.BEARER,
    secrets: tuple[IntegrationSecret, ...] = (),
    scheme: HmacScheme | None = None,
    user: str | None = None,
    enabled: bool = True,
    tenant: str = "acme",
) -> Integration:
    return Integration(
        name=name,
        tenant=tenant,
        vendor=vendor,
        auth=auth,
        hmac=scheme,
        user=user,
        secrets=secrets or (secret("s3cret-of-this-integration"),),
        enabled=enabled,
    )


def digest(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def unix(at: datetime, shift: timedelta = timedelta(0)) -> str:
    return str(int((at + shift).timestamp()))
