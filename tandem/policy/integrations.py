"""Ways in, in PostgreSQL: add, list, switch on and off. Their secrets are in secrets.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.agreement.schema.documents import IntegrationSpec
from tandem.db.pool import unavailable
from tandem.errors import Reason, Refused
from tandem.model.integration import AuthKind, HmacScheme, Integration, IntegrationSecret, customer_table
from tandem.model.signing import scheme_of
from tandem.policy.secrets import Made, opened, store

_ENSURE = text(
    "INSERT INTO agreement.integration AS i (name, tenant, vendor, auth, header, hmac, created_at)"
    " VALUES (:name, :tenant, :vendor, :auth, :header, cast(:hmac as jsonb), :now)"
    " ON CONFLICT (name) DO UPDATE SET vendor = excluded.vendor, auth = excluded.auth, header = excluded.header,"
    " hmac = coalesce(i.hmac, excluded.hmac) WHERE i.tenant = excluded.tenant RETURNING name"
)
_ALL = text("SELECT * FROM agreement.integration ORDER BY name")
_ONE = text("SELECT * FROM agreement.integration WHERE name = :name")
_VALID_SECRETS = text(
    "SELECT * FROM agreement.secret WHERE expires_at IS NULL OR expires_at > :now ORDER BY created_at"
)
_ADD = text(
    "INSERT INTO agreement.integration"
    " (name, tenant, vendor, auth, header, username, hmac, options, provider, tenant_from, created_at)"
    " VALUES (:name, :tenant, :vendor, :auth, :header, :username, cast(:hmac as jsonb), cast(:options as jsonb),"
    " :provider, :tenant_from, :now) ON CONFLICT (name) DO NOTHING RETURNING name"
)
_RATE = text("UPDATE agreement.integration SET rate = :rate WHERE name = :name RETURNING name")
_ENABLE = text("UPDATE agreement.integration SET enabled = :enabled WHERE name = :name RETURNING name")
_CUSTOMERS = text(
    "SELECT DISTINCT ON (provider) provider, document::jsonb #> '{provider,customers}' AS customers"
    " FROM agreement.provider_version WHERE provider = any(:providers) ORDER BY provider, version DESC"
)
_CLIENTS = text(
    "SELECT v.provider, a.tenant FROM agreement.active a JOIN agreement.version v USING (tenant, version)"
    " WHERE v.provider = any(:providers)"
)


async def load_integrations(engine: AsyncEngine, key: bytes, now: datetime) -> list[Integration]:
    """Every integration with its unexpired secrets; HMAC keys opened. ``engine`` reads as a service."""
    with unavailable():
        async with engine.connect() as connection:
            rows = (await connection.execute(_ALL)).mappings().all()
            kept: dict[str, list[IntegrationSecret]] = defaultdict(list)
            for row in (await connection.execute(_VALID_SECRETS, {"now": now})).mappings():
                kept[row["integration"]].append(opened(row, key))
            tables = await _customers(connection, {row["provider"] for row in rows if row["tenant_from"]})
    return [_integration(row, tuple(kept[row["name"]]), tables) for row in rows]


async def provider_customers(engine: AsyncEngine, provider: str) -> Mapping[str, str]:
    """A provider's customers, in small letters, and the client each is; as far as they are clients of its own."""
    with unavailable():
        async with engine.connect() as connection:
            return (await _customers(connection, {provider})).get(provider, {})


async def _customers(connection: AsyncConnection, providers: set[str]) -> dict[str, Mapping[str, str]]:
    """Provider -> its customers, as far as they are clients of its own: a typing error opens nobody else's door."""
    if not providers:
        return {}
    values = {"providers": sorted(providers)}
    clients = {(row.provider, row.tenant) for row in await connection.execute(_CLIENTS, values)}
    return {
        row.provider: customer_table(
            {name: tenant for name, tenant in (row.customers or {}).items() if (row.provider, tenant) in clients}
        )
        for row in await connection.execute(_CUSTOMERS, values)
    }


async def one_integration(engine: AsyncEngine, name: str) -> Integration:
    """The integration of that name, without secrets.

    Raises:
        Refused: there is none.
    """
    with unavailable():
        async with engine.connect() as connection:
            row = (await connection.execute(_ONE, {"name": name})).mappings().first()
            if row is None:
                raise no_integration(name)
            return _integration(row, (), {})


def no_integration(name: str) -> Refused:
    """The refusal of a name that nobody has."""
    return Refused(Reason.NOT_FOUND, f"there is no integration {name[:64]!r}; `tandem integrations list` shows them")


async def enable(engine: AsyncEngine, name: str, *, enabled: bool) -> None:
    """Switch a way in on or off; off it answers like one that does not exist.

    Raises:
        Refused: there is none of that name.
    """
    with unavailable():
        async with engine.begin() as connection:
            if (await connection.execute(_ENABLE, {"name": name, "enabled": enabled})).first() is None:
                raise no_integration(name)


async def add_integration(
    engine: AsyncEngine, integration: Integration, *, key: bytes, now: datetime, secret: str | None = None
) -> Made:
    """Store a new way in with its first secret, ours or the vendor's own; one that exists already is refused."""
    with unavailable():
        async with engine.begin() as connection:
            if (await connection.execute(_ADD, _values(integration, now))).first() is None:
                detail = f"there is an integration {integration.name} already; rotate its secret or choose another name"
                raise Refused(Reason.CONFLICT, detail)
            return await store(connection, integration, key=key, now=now, secret=secret)


def _values(integration: Integration, now: datetime) -> dict[str, Any]:
    options = {
        "also": [kind.value for kind in integration.also],
        "prefix": integration.prefix,
        "parameter": integration.parameter,
        "topics": integration.topics,
    }
    return {
        "name": integration.name,
        "tenant": integration.tenant,
        "vendor": integration.vendor,
        "auth": integration.auth.value,
        "header": integration.header,
        "username": integration.user,
        "hmac": msgspec.json.encode(integration.hmac).decode() if integration.hmac else None,
        "options": msgspec.json.encode(options).decode(),
        "provider": integration.provider,
        "tenant_from": integration.tenant_from,
        "now": now,
    }


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
                scheme = scheme_of(spec.vendor) if spec.auth is AuthKind.HMAC else None
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


async def set_rate(engine: AsyncEngine, name: str, rate: float | None) -> None:
    """How many alerts a second ``name`` may post in the long run; None: what the instance says, 0: any.

    Raises:
        Refused: NOT_FOUND.
    """
    with unavailable():
        async with engine.begin() as connection:
            done = await connection.execute(_RATE, {"name": name, "rate": rate})
            if done.first() is None:
                detail = f"there is no integration {name[:64]!r}; `tandem integrations list` shows them"
                raise Refused(Reason.NOT_FOUND, detail)


def _integration(
    row: RowMapping, kept: tuple[IntegrationSecret, ...], customers: Mapping[str, Mapping[str, str]]
) -> Integration:
    stored, options = row["hmac"], row["options"]
    return Integration(
        name=row["name"],
        tenant=row["tenant"],
        vendor=row["vendor"],
        auth=AuthKind(row["auth"]),
        also=tuple(AuthKind(kind) for kind in options.get("also", ())),
        header=row["header"],
        prefix=options.get("prefix", ""),
        parameter=options.get("parameter", "key"),
        topics=tuple(options.get("topics", ())),
        user=row["username"],
        hmac=msgspec.convert(stored, HmacScheme) if stored else None,
        secrets=kept,
        enabled=row["enabled"],
        rate=row["rate"],
        mapping=row["mapping"],
        provider=row["provider"],
        tenant_from=row["tenant_from"],
        customers=customers.get(row["provider"] or "", {}),
    )
