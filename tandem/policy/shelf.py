"""Reading what is stored: clients and the versions of their agreements, for tools."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.db.pool import unavailable
from tandem.errors import Reason, Refused
from tandem.policy.stored import StoredTenant

_VERSIONS = text(
    "SELECT v.version, v.hash, v.provider, v.provider_version, v.author, v.note, v.created_at,"
    " a.version IS NOT NULL AS active FROM agreement.version v LEFT JOIN agreement.active a USING (tenant, version)"
    " WHERE v.tenant = :tenant ORDER BY v.version DESC"
)
_CLIENTS = text(
    "SELECT a.tenant, v.document::jsonb #>> '{tenant,name}' AS name, v.document::jsonb #>> '{tenant,kind}' AS kind,"
    " coalesce(v.document::jsonb #>> '{tenant,mode}', 'observe') AS mode, v.provider, v.provider_version,"
    " a.version, a.activated_at FROM agreement.active a JOIN agreement.version v USING (tenant, version)"
    " ORDER BY a.tenant"
)
_ACTIVATIONS = text(
    "SELECT version, activated_at, activated_by, note FROM agreement.activation WHERE tenant = :tenant"
    " ORDER BY number DESC"
)
_PROVIDER_VERSIONS = text(
    "SELECT version, hash, author, note, created_at FROM agreement.provider_version WHERE provider = :provider"
    " ORDER BY version DESC"
)
_SOURCE = text(
    "SELECT source, document FROM agreement.version WHERE tenant = :tenant"
    " AND version = coalesce(cast(:version as int), (SELECT version FROM agreement.active WHERE tenant = :tenant))"
)
_COLUMNS = "tenant, version, hash, document, source, provider, provider_version, provider_document"
_AGREEMENT = text(
    f"SELECT {_COLUMNS} FROM agreement.version WHERE tenant = :tenant"  # noqa: S608 - names of this file
    " AND version = coalesce(cast(:version as int), (SELECT version FROM agreement.active WHERE tenant = :tenant))"
)


async def versions(engine: AsyncEngine, tenant: str) -> list[dict[str, Any]]:
    """Every version of a tenant's agreement, newest first."""
    return await _rows(engine, _VERSIONS, {"tenant": tenant})


async def activations(engine: AsyncEngine, tenant: str) -> list[dict[str, Any]]:
    """Which version was made active when and by whom, newest first."""
    return await _rows(engine, _ACTIVATIONS, {"tenant": tenant})


async def provider_versions(engine: AsyncEngine, provider: str) -> list[dict[str, Any]]:
    """Every version of a provider's document, newest first."""
    return await _rows(engine, _PROVIDER_VERSIONS, {"provider": provider})


async def clients(engine: AsyncEngine) -> list[dict[str, Any]]:
    """Every tenant with an active agreement."""
    return await _rows(engine, _CLIENTS, {})


async def stored(engine: AsyncEngine, tenant: str, version: int | None) -> tuple[str, str]:
    """The document as its owner wrote it, and in its canonical form; version None is the active one.

    Raises:
        Refused: there is no such version.
    """
    rows = await _rows(engine, _SOURCE, {"tenant": tenant, "version": version})
    if not rows:
        raise _no_version(tenant, version)
    return rows[0]["source"], rows[0]["document"]


async def agreement(engine: AsyncEngine, tenant: str, version: int | None) -> StoredTenant:
    """A version whole; None is the active one.

    Raises:
        Refused: there is no such version.
    """
    rows = await _rows(engine, _AGREEMENT, {"tenant": tenant, "version": version})
    if not rows:
        raise _no_version(tenant, version)
    return StoredTenant(**rows[0])


def _no_version(tenant: str, version: int | None) -> Refused:
    what = f"no version {version} of {tenant[:64]!r}" if version else f"there is no client {tenant[:64]!r}"
    detail = f"{what}; `tandem clients list` shows who there is"
    return Refused(Reason.NOT_FOUND, detail)


async def _rows(engine: AsyncEngine, query: Any, values: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: ANN401 - a text()
    with unavailable():
        async with engine.connect() as connection:
            found = await connection.execute(query, values)
            return [dict(row) for row in found.mappings()]
