"""Ways in, in PostgreSQL: add, list, rotate. A secret is shown once, when it is made."""

from __future__ import annotations

import base64
import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.agreement.schema.documents import IntegrationSpec
from tandem.db.pool import unavailable
from tandem.errors import Reason, Refused
from tandem.model.integration import AuthKind, HmacScheme, Integration, IntegrationSecret
from tandem.policy.seal import NONCE_BYTES, open_seal, seal

OVERLAP = timedelta(hours=24)
"""How long the old secret stays valid after a rotation."""
_FIELD = "integration secret"
_ENSURE = text(
    "INSERT INTO agreement.integration AS i (name, tenant, vendor, auth, header, hmac, created_at)"
    " VALUES (:name, :tenant, :vendor, :auth, :header, cast(:hmac as jsonb), :now)"
    " ON CONFLICT (name) DO UPDATE SET vendor = excluded.vendor, auth = excluded.auth, header = excluded.header,"
    " hmac = coalesce(i.hmac, excluded.hmac) WHERE i.tenant = excluded.tenant RETURNING name"
)
_ALL = text("SELECT * FROM agreement.integration ORDER BY name")
_VALID_SECRETS = text(
    "SELECT * FROM agreement.secret WHERE expires_at IS NULL OR expires_at > :now ORDER BY created_at"
)


@dataclass(frozen=True, slots=True)
class Made:
    """An integration and its new secret, in clear, for the one time it is shown."""

    integration: Integration
    secret: str


async def load_integrations(engine: AsyncEngine, key: bytes, now: datetime) -> list[Integration]:
    """Every integration with its unexpired secrets; HMAC keys opened. ``engine`` reads as a service."""
    with unavailable():
        async with engine.connect() as connection:
            rows = (
                (await connection.execute(text("SELECT * FROM agreement.integration ORDER BY name"))).mappings().all()
            )
            found = await connection.execute(
                text(
                    "SELECT * FROM agreement.secret WHERE expires_at IS NULL OR expires_at > :now ORDER BY created_at"
                ),
                {"now": now},
            )
            kept: dict[str, list[IntegrationSecret]] = defaultdict(list)
            for row in found.mappings():
                kept[row["integration"]].append(_secret(row, key))
    return [_integration(row, tuple(kept[row["name"]])) for row in rows]


async def add_integration(engine: AsyncEngine, integration: Integration, *, key: bytes, now: datetime) -> Made:
    """Store a new way in with its first secret; one that exists already is refused."""
    with unavailable():
        async with engine.begin() as connection:
            values = {
                "name": integration.name,
                "tenant": integration.tenant,
                "vendor": integration.vendor,
                "auth": integration.auth.value,
                "header": integration.header,
                "username": integration.user,
                "hmac": msgspec.json.encode(integration.hmac).decode() if integration.hmac else None,
                "now": now,
            }
            added = await connection.execute(
                text(
                    "INSERT INTO agreement.integration (name, tenant, vendor, auth, header, username, hmac, created_at)"
                    " VALUES (:name, :tenant, :vendor, :auth, :header, :username, cast(:hmac as jsonb), :now)"
                    " ON CONFLICT (name) DO NOTHING RETURNING name"
                ),
                values,
            )
            if added.first() is None:
                detail = f"there is an integration {integration.name} already; rotate its secret or choose another name"
                raise Refused(Reason.CONFLICT, detail)
            secret = await _store_secret(connection, integration, key=key, now=now)
    return Made(integration, secret)


async def ensure_integrations(
    engine: AsyncEngine, tenant: str, specs: Iterable[IntegrationSpec], *, now: datetime
) -> None:
    """Make the ways in that a tenant's document names, without a secret: ``rotate`` makes and shows the first one.

    Raises:
        Refused: another tenant has an integration of that name.
    """
    with unavailable():
        async with engine.begin() as connection:
            for spec in specs:
                scheme = HmacScheme() if spec.auth is AuthKind.HMAC else None
                values = {
                    "name": spec.name,
                    "tenant": tenant,
                    "vendor": spec.vendor,
                    "auth": spec.auth.value,
                    "header": spec.header or "X-Tandem-Key",
                    "hmac": msgspec.json.encode(scheme).decode() if scheme else None,
                    "now": now,
                }
                if (await connection.execute(_ENSURE, values)).first() is None:
                    detail = f"integration {spec.name} of {tenant}: another client has a way in of that name"
                    raise Refused(Reason.CONFLICT, detail)


async def rotate(engine: AsyncEngine, name: str, *, key: bytes, now: datetime, overlap: timedelta = OVERLAP) -> Made:
    """A second secret; the ones before stay valid for ``overlap``."""
    with unavailable():
        async with engine.begin() as connection:
            query = text("SELECT * FROM agreement.integration WHERE name = :name FOR UPDATE")
            row = (await connection.execute(query, {"name": name})).mappings().first()
            if row is None:
                detail = f"there is no integration {name[:64]!r}; `tandem integrations list` shows them"
                raise Refused(Reason.NOT_FOUND, detail)
            await connection.execute(
                text(
                    "UPDATE agreement.secret SET expires_at = least(coalesce(expires_at, :until), :until)"
                    " WHERE integration = :name"
                ),
                {"name": name, "until": now + overlap},
            )
            integration = _integration(row, ())
            secret = await _store_secret(connection, integration, key=key, now=now)
    return Made(integration, secret)


async def _store_secret(connection: AsyncConnection, integration: Integration, *, key: bytes, now: datetime) -> str:
    secret = _fresh_secret(integration)
    sealed = None
    if integration.auth is AuthKind.HMAC:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = seal(secret.encode(), key=key, tenant=integration.tenant, field=_FIELD, nonce=nonce)
    await connection.execute(
        text(
            "INSERT INTO agreement.secret (id, integration, tenant, digest, sealed, created_at)"
            " VALUES (:id, :integration, :tenant, :digest, :sealed, :now)"
        ),
        {
            "id": uuid4(),
            "integration": integration.name,
            "tenant": integration.tenant,
            "digest": sha256(secret.encode()).digest(),
            "sealed": sealed,
            "now": now,
        },
    )
    return secret


def _fresh_secret(integration: Integration) -> str:
    """256 random bits; Standard Webhooks senders want theirs with the prefix ``whsec_``."""
    if integration.hmac is not None and integration.hmac.signed == "id.ts.body":
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)


def _secret(row: RowMapping, key: bytes) -> IntegrationSecret:
    identity: UUID = row["id"]
    value = None
    if row["sealed"] is not None:
        value = open_seal(bytes(row["sealed"]), key=key, tenant=row["tenant"], field=_FIELD)
    return IntegrationSecret(
        secret_id=str(identity), digest=bytes(row["digest"]), value=value, expires_at=row["expires_at"]
    )


def _integration(row: RowMapping, kept: tuple[IntegrationSecret, ...]) -> Integration:
    stored: Any = row["hmac"]
    return Integration(
        name=row["name"],
        tenant=row["tenant"],
        vendor=row["vendor"],
        auth=AuthKind(row["auth"]),
        header=row["header"],
        user=row["username"],
        hmac=msgspec.convert(stored, HmacScheme) if stored else None,
        secrets=kept,
        enabled=row["enabled"],
    )
