"""Reading what is stored: clients and the versions of their agreements, for tools."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.db.pool import unavailable
from tandem.errors import Reason, Refused

_VERSIONS = text(
    "SELECT v.version, v.hash, v.author, v.note, v.created_at, a.version IS NOT NULL AS active"
    " FROM agreement.version v LEFT JOIN agreement.active a USING (tenant, version)"
    " WHERE v.tenant = :tenant ORDER BY v.version DESC"
)
_CLIENTS = text(
    "SELECT a.tenant, v.document::jsonb #>> '{tenant,name}' AS name, v.document::jsonb #>> '{tenant,kind}' AS kind,"
    " coalesce(v.document::jsonb #>> '{tenant,mode}', 'observe') AS mode, v.provider, a.version, a.activated_at"
    " FROM agreement.active a JOIN agreement.version v USING (tenant, version) ORDER BY a.tenant"
)
_SOURCE = text(
    "SELECT source FROM agreement.version WHERE tenant = :tenant AND version = coalesce(cast(:version as int),"
    " (SELECT version FROM agreement.active WHERE tenant = :tenant))"
)


async def versions(engine: AsyncEngine, tenant: str) -> list[dict[str, Any]]:
    """Every version of a tenant's agreement, newest first."""
    return await _rows(engine, _VERSIONS, {"tenant": tenant})


async def clients(engine: AsyncEngine) -> list[dict[str, Any]]:
    """Every tenant with an active agreement."""
    return await _rows(engine, _CLIENTS, {})


async def source(engine: AsyncEngine, tenant: str, version: int | None) -> str:
    """The document as its owner wrote it; version None is the active one.

    Raises:
        Refused: there is no such version.
    """
    rows = await _rows(engine, _SOURCE, {"tenant": tenant, "version": version})
    if not rows:
        detail = f"no version {version or ''} of {tenant[:64]!r}; `tandem clients list` shows who there is"
        raise Refused(Reason.NOT_FOUND, detail)
    found: str = rows[0]["source"]
    return found


async def _rows(engine: AsyncEngine, query: Any, values: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: ANN401 - a text()
    with unavailable():
        async with engine.connect() as connection:
            found = await connection.execute(query, values)
            return [dict(row) for row in found.mappings()]
