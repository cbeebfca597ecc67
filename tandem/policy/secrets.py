"""Secrets of the ways in: made or given, shown once, several at a time while one replaces another.

Stored as a digest; the key of an integration that verifies signatures is stored sealed besides, because it must be
known. A row says under which envelope key, so that a new one can take over (``rewrap``).
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.db.pool import unavailable
from tandem.errors import Reason, Refused
from tandem.model.integration import AuthKind, Integration, IntegrationSecret
from tandem.policy.seal import NONCE_BYTES, open_seal, seal

OVERLAP = timedelta(hours=24)
"""How long the old secret stays valid after a rotation."""
LONGEST_OVERLAP = timedelta(days=90)
SHORTEST = 16
LONGEST = 512
"""Characters of a secret that a vendor gave."""
_FIELD = "integration secret"
_LOCK = text("SELECT name FROM agreement.integration WHERE name = :name FOR UPDATE")
_STORE = text(
    "INSERT INTO agreement.secret (id, integration, tenant, digest, sealed, key_id, created_at, expires_at)"
    " VALUES (:id, :integration, :tenant, :digest, :sealed, :key_id, :now, :expires_at)"
)
_EXPIRE = text(
    "UPDATE agreement.secret SET expires_at = least(coalesce(expires_at, :until), :until) WHERE integration = :name"
)
_LIST = text(
    "SELECT id, ending, key_id, created_at, expires_at FROM agreement.secret WHERE integration = :name"
    " AND (expires_at IS NULL OR expires_at > :now) ORDER BY created_at, id"
)
_REVOKE = text(
    "UPDATE agreement.secret SET expires_at = :now WHERE integration = :name AND id::text LIKE :begin"
    " AND (expires_at IS NULL OR expires_at > :now) RETURNING id"
)
_FORGET = text("DELETE FROM agreement.secret WHERE expires_at < :before")
_SEALED = text("SELECT id, tenant, sealed, key_id FROM agreement.secret WHERE sealed IS NOT NULL FOR UPDATE")
_RESEAL = text("UPDATE agreement.secret SET sealed = :sealed, key_id = :key_id WHERE id = :id")
_KEPT = timedelta(days=30)
"""An expired secret's row, for those who look for what was valid when."""


@dataclass(frozen=True, slots=True)
class Made:
    """An integration and its new secret, in clear, for the one time it is shown."""

    integration: Integration
    secret: str = field(repr=False)
    secret_id: UUID | None = None


async def rotate(
    engine: AsyncEngine,
    integration: Integration,
    *,
    key: bytes,
    now: datetime,
    overlap: timedelta = OVERLAP,
    secret: str | None = None,
) -> Made:
    """One more secret, ours or the vendor's own; those before stay valid for ``overlap``."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Refused(Reason.INVALID, f"an overlap lies between 0 and {LONGEST_OVERLAP.days} days")
    with unavailable():
        async with engine.begin() as connection:
            await connection.execute(_LOCK, {"name": integration.name})
            await connection.execute(_FORGET, {"before": now - _KEPT})
            await connection.execute(_EXPIRE, {"name": integration.name, "until": now + overlap})
            return await store(connection, integration, key=key, now=now, secret=secret)


async def lend(engine: AsyncEngine, integration: Integration, *, key: bytes, now: datetime, until: datetime) -> Made:
    """One more secret for a short while, beside the others: a test post has to prove itself like any other."""
    with unavailable():
        async with engine.begin() as connection:
            return await store(connection, integration, key=key, now=now, expires_at=until)


async def revoke(engine: AsyncEngine, name: str, begin: str, *, now: datetime) -> UUID:
    """End the secret whose id begins so, at once.

    Raises:
        Refused: none of this integration's valid ones does, or several do.
    """
    if len(begin) < 4 or not set(begin) <= set("0123456789abcdef-"):
        raise Refused(Reason.INVALID, f"{begin[:40]!r} is not the beginning of a secret's id")
    with unavailable():
        async with engine.begin() as connection:
            values = {"name": name, "begin": f"{begin}%", "now": now}
            ended = (await connection.execute(_REVOKE, values)).scalars().all()
            if len(ended) != 1:  # raising takes the others back
                what = "several secrets'" if ended else "no valid secret's"
                raise Refused(
                    Reason.NOT_FOUND, f"{what} id begins with {begin}; `tandem integrations show {name}` lists them"
                )
    found: UUID = ended[0]
    return found


async def valid_secrets(engine: AsyncEngine, name: str, now: datetime) -> list[dict[str, Any]]:
    """What may be said of an integration's valid secrets, oldest first: id, age, last four of the digest."""
    with unavailable():
        async with engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(_LIST, {"name": name, "now": now})).mappings()]


async def rewrap(engine: AsyncEngine, *, old: bytes, new: bytes) -> tuple[int, int]:
    """Seal every key under ``new``: how many there are, and how many of them had to be. All of them or none.

    Raises:
        SealBroken: one opens with neither key.
    """
    changed = 0
    with unavailable():
        async with engine.begin() as connection:
            rows = (await connection.execute(_SEALED)).mappings().all()
            for row in rows:
                if row["key_id"] == key_id(new):
                    continue
                value = open_seal(bytes(row["sealed"]), key=old, tenant=row["tenant"], field=_FIELD)
                values = {"id": row["id"], "sealed": _sealed(value, new, row["tenant"]), "key_id": key_id(new)}
                await connection.execute(_RESEAL, values)
                changed += 1
    return len(rows), changed


async def store(
    connection: AsyncConnection,
    integration: Integration,
    *,
    key: bytes,
    now: datetime,
    secret: str | None = None,
    expires_at: datetime | None = None,
) -> Made:
    """Store one more secret; without ``secret`` a fresh one. Where Amazon signs there is none to store."""
    if integration.kinds == (AuthKind.SNS,):
        return Made(integration, "")
    value = _checked(secret) if secret is not None else _fresh(integration)
    keyed = AuthKind.HMAC in integration.kinds
    made = uuid4()
    await connection.execute(
        _STORE,
        {
            "id": made,
            "integration": integration.name,
            "tenant": integration.tenant,
            "digest": sha256(value.encode()).digest(),
            "sealed": _sealed(value.encode(), key, integration.tenant) if keyed else None,
            "key_id": key_id(key) if keyed else None,
            "now": now,
            "expires_at": expires_at,
        },
    )
    return Made(integration, value, made)


def opened(row: RowMapping, key: bytes) -> IntegrationSecret:
    """A stored secret as ingest needs it.

    Raises:
        SealBroken: sealed under another key.
    """
    value = None
    if row["sealed"] is not None:
        value = open_seal(bytes(row["sealed"]), key=key, tenant=row["tenant"], field=_FIELD)
    return IntegrationSecret(
        secret_id=str(row["id"]), digest=bytes(row["digest"]), value=value, expires_at=row["expires_at"]
    )


def key_id(key: bytes) -> str:
    """Names an envelope key without telling anything of it."""
    return sha256(b"tandem key id\0" + key).hexdigest()[:12]


def _sealed(value: bytes, key: bytes, tenant: str) -> bytes:
    return seal(value, key=key, tenant=tenant, field=_FIELD, nonce=secrets.token_bytes(NONCE_BYTES))


def _fresh(integration: Integration) -> str:
    """256 random bits; Standard Webhooks senders want theirs with the prefix ``whsec_``.

    PagerDuty's are 32 characters, and its senders refuse to be given another number: 128 bits.
    """
    if integration.vendor == "pagerduty" and integration.shows:
        return secrets.token_hex(16)
    if integration.hmac is not None and integration.hmac.signed == "id.ts.body":
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    encoding = integration.hmac.key_encoding if integration.hmac is not None else "raw"
    if encoding == "base64":
        return base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_hex(32) if encoding == "hex" else secrets.token_urlsafe(32)


def _checked(secret: str) -> str:
    """A vendor's own secret, if it can be sent and is not to be guessed."""
    if not SHORTEST <= len(secret) <= LONGEST or not secret.isascii() or not secret.isprintable():
        detail = f"a secret has {SHORTEST} to {LONGEST} printable ASCII characters"
        raise Refused(Reason.INVALID, detail)
    if len(set(secret)) < 6:
        raise Refused(Reason.INVALID, "this secret could be guessed; let Tandem make one")
    return secret
