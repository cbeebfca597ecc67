"""The agreements a process works with, compiled once per version and held in memory.

Services follow the active version without a restart: ``refresh`` runs every two seconds. A version that cannot be
read any more leaves the one before in place and says so; past versions are loaded when an incident asks for them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import structlog
from pydantic import ValidationError
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.made import Made
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.clock import Clock
from tandem.db.pool import unavailable
from tandem.errors import AgreementError, Unavailable
from tandem.policy.silences import KEPT_DAYS, standing

KEPT = 256
"""Compiled versions held at most; the active ones are never dropped."""
_ACTIVE = text("SELECT tenant, version FROM agreement.active")
_ONE = text("SELECT * FROM agreement.version WHERE tenant = :tenant AND version = :version")

log = structlog.get_logger("tandem.policy")


class AgreementBook:
    """Compiled agreements by tenant and version."""

    def __init__(self, engine: AsyncEngine, *, clock: Clock | None = None) -> None:
        """``engine`` reads as the service this book is for; without ``clock`` silences that are over are kept too."""
        self._engine = engine
        self._clock = clock
        self._made: dict[str, tuple[Made, ...]] = {}
        self._in_force: dict[str, tuple[Agreement, tuple[Made, ...], Agreement]] = {}
        """Tenant -> (its version, what people made, both as one)."""
        self._active: dict[str, int] = {}
        self._compiled: OrderedDict[tuple[str, int], Agreement] = OrderedDict()
        self._unreadable: dict[str, int] = {}
        """Versions that were told of once and are not tried again."""

    def tenants(self) -> list[str]:
        """Every tenant with an active agreement, sorted."""
        return sorted(self._active)

    def active(self, tenant: str) -> Agreement | None:
        """The agreement in force, as of the last refresh, with the silences and windows that people made."""
        version = self._active.get(tenant)
        compiled = None if version is None else self._compiled.get((tenant, version))
        made = self._made.get(tenant, ())
        if compiled is None or not made:
            return compiled
        known = self._in_force.get(tenant)
        if known is None or known[0] is not compiled or known[1] is not made:
            known = self._in_force[tenant] = (compiled, made, _with_made(compiled, made))
        return known[2]

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
        """Follow the database: which version is active for whom, and what people made at run time."""
        since = self._clock.now() - timedelta(days=KEPT_DAYS) if self._clock is not None else None
        with unavailable():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(_ACTIVE)).all()
                made = await standing(connection, since)
        self._follow(made)
        for tenant, version in rows:
            if version in {self._active.get(tenant), self._unreadable.get(tenant)}:
                continue
            try:
                if (tenant, version) not in self._compiled:
                    await self._load(tenant, version)
            except (AgreementError, ValidationError) as fault:
                log.warning("the version before stays active", tenant=tenant, version=version, fault=str(fault)[:2000])
                self._unreadable[tenant] = version
                continue
            self._active[tenant] = version

    def _follow(self, made: Iterable[Made]) -> None:
        """Keep what is unchanged as it is, so that readers see at once whether anything changed."""
        found: dict[str, list[Made]] = {}
        for one in made:
            found.setdefault(one.tenant, []).append(one)
        self._made = {
            tenant: known if (known := self._made.get(tenant)) == tuple(ones) else tuple(ones)
            for tenant, ones in found.items()
        }

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


def _with_made(agreement: Agreement, made: Iterable[Made]) -> Agreement:
    zones = {site.id: site.zone for site in agreement.sites.values() if site.zone}
    holders = [one.compiled(zones, agreement.tenant.zone) for one in made]
    return replace(agreement, suppression=agreement.suppression.with_made(holders))
