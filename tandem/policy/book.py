"""The agreements a process works with, compiled once per version and held in memory.

Services follow the active version without a restart: ``refresh`` runs every two seconds. A version that cannot be
read any more leaves the one before in place and says so; past versions are loaded when an incident asks for them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import structlog
from pydantic import ValidationError
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.db.pool import unavailable
from tandem.errors import AgreementError, Unavailable

KEPT = 256
"""Compiled versions held at most; the active ones are never dropped."""
_ACTIVE = text("SELECT tenant, version FROM agreement.active")
_ONE = text("SELECT * FROM agreement.version WHERE tenant = :tenant AND version = :version")

log = structlog.get_logger("tandem.policy")


class AgreementBook:
    """Compiled agreements by tenant and version."""

    def __init__(self, engine: AsyncEngine) -> None:
        """``engine`` reads as the service this book is for."""
        self._engine = engine
        self._active: dict[str, int] = {}
        self._compiled: OrderedDict[tuple[str, int], Agreement] = OrderedDict()

    def tenants(self) -> list[str]:
        """Every tenant with an active agreement, sorted."""
        return sorted(self._active)

    def active(self, tenant: str) -> Agreement | None:
        """The agreement in force, as of the last refresh."""
        version = self._active.get(tenant)
        return None if version is None else self._compiled.get((tenant, version))

    def at(self, tenant: str, version: int) -> Agreement:
        """A version that ``ensure`` has loaded.

        Raises:
            Unavailable: it was not ensured.
        """
        found = self._compiled.get((tenant, version))
        if found is None:
            what = f"agreement {tenant}@{version}"
            raise Unavailable(what, "not loaded")
        return found

    async def ensure(self, pairs: Iterable[tuple[str, int | None]]) -> None:
        """Load what is missing of (tenant, version); version None is the active one."""
        for tenant, version in pairs:
            if version is None:
                if tenant not in self._active:
                    await self.refresh()
            elif (tenant, version) not in self._compiled:
                await self._load(tenant, version)

    async def refresh(self) -> None:
        """Follow the database: which version is active for whom."""
        with unavailable():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(_ACTIVE)).all()
        for tenant, version in rows:
            if self._active.get(tenant) == version:
                continue
            try:
                if (tenant, version) not in self._compiled:
                    await self._load(tenant, version)
            except (AgreementError, ValidationError) as fault:
                log.warning("the version before stays active", tenant=tenant, version=version, fault=str(fault)[:2000])
                continue
            self._active[tenant] = version

    async def _load(self, tenant: str, version: int) -> None:
        with unavailable():
            async with self._engine.connect() as connection:
                found = await connection.execute(_ONE, {"tenant": tenant, "version": version})
                row = found.mappings().first()
        if row is None:
            what = f"agreement {tenant}@{version}"
            raise Unavailable(what, "there is no such version")
        self._keep(tenant, version, _compiled(row))

    def _keep(self, tenant: str, version: int, agreement: Agreement) -> None:
        self._compiled[tenant, version] = agreement
        for key in list(self._compiled):
            if len(self._compiled) <= KEPT:
                break
            if self._active.get(key[0]) != key[1] and key != (tenant, version):
                del self._compiled[key]


def _compiled(row: RowMapping) -> Agreement:
    # Canonical JSON as apply_documents wrote it: no positions are needed, and pydantic reads it twenty times faster.
    document = TenantDocument.model_validate_json(row["document"])
    provider = ProviderDocument.model_validate_json(row["provider_document"]) if row["provider_document"] else None
    return compile_agreement(document, provider, version=row["version"])
