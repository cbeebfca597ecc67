"""Agreements in PostgreSQL: immutable numbered versions, which one is active, and every activation there ever was.

A version holds the tenant's document and its provider's, both canonical, so it answers the same for ever, whatever
happens to the provider's document later. What an apply writes is worked out by ``resolve`` outside of any transaction
and written only if nobody else wrote meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.agreement.load import Documents, Source, canonical_hash, canonical_text
from tandem.agreement.schema.documents import SharedParts
from tandem.db.pool import unavailable
from tandem.errors import Problem, Reason, Refused, Unavailable
from tandem.policy.provider_versions import ProviderVersion, pins
from tandem.policy.resolve import TenantVersion, Work, work_out
from tandem.policy.stored import State, StoredProvider, StoredTenant, check_stored

TRIES = 5
"""Applies at the same moment wait for one another; the work of the later ones is done again, at most so often."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('tandem agreement versions', 0))")
_STAMP = text(
    "SELECT (SELECT count(*) FROM agreement.version), (SELECT count(*) FROM agreement.provider_version),"
    " (SELECT count(*) FROM agreement.activation)"
)
_PROVIDER_COLUMNS = "provider, version, hash, document, source"
_NEWEST_PROVIDERS = text(
    f"SELECT DISTINCT ON (provider) {_PROVIDER_COLUMNS} FROM agreement.provider_version ORDER BY provider, version DESC"  # noqa: S608 - names of this file
)
_PINNED_PROVIDERS = text(
    f"SELECT {_PROVIDER_COLUMNS} FROM agreement.provider_version WHERE (provider, version)"  # noqa: S608 - as above
    " IN (SELECT * FROM unnest(cast(:names AS text[]), cast(:versions AS int[])))"
)
_TENANT_COLUMNS = "tenant, version, hash, document, source, provider, provider_version, provider_document"
_CONCERNED = "(v.tenant = any(cast(:tenants AS text[])) OR v.provider = any(cast(:providers AS text[])))"
_ACTIVE = text(
    f"SELECT {_TENANT_COLUMNS} FROM agreement.active JOIN agreement.version v USING (tenant, version)"  # noqa: S608 - as above
    f" WHERE {_CONCERNED}"
)
_NEWEST = text(
    f"SELECT DISTINCT ON (tenant) {_TENANT_COLUMNS} FROM agreement.version"  # noqa: S608 - as above
    " WHERE tenant = any(cast(:tenants AS text[])) ORDER BY tenant, version DESC"
)
_ONE = text(f"SELECT {_TENANT_COLUMNS} FROM agreement.version WHERE tenant = :tenant AND version = :version")  # noqa: S608 - as above
_INSERT_PROVIDER = text(
    "INSERT INTO agreement.provider_version (provider, version, hash, source, document, author, note, created_at)"
    " VALUES (:provider, :version, :hash, :source, :document, :author, :note, :now)"
)
_INSERT = text(
    "INSERT INTO agreement.version (tenant, version, hash, source, document, provider, provider_version,"
    " provider_document, author, note, created_at) VALUES (:tenant, :version, :hash, :source, :document, :provider,"
    " :provider_version, :provider_document, :author, :note, :now)"
)
_ACTIVATE = text(
    "INSERT INTO agreement.active (tenant, version, activated_at) VALUES (:tenant, :version, :now)"
    " ON CONFLICT (tenant) DO UPDATE SET version = excluded.version, activated_at = excluded.activated_at"
)
_REMEMBER = text(
    "INSERT INTO agreement.activation (tenant, number, version, activated_at, activated_by, note) SELECT :tenant,"
    " coalesce(max(number), 0) + 1, :version, :now, :author, :note FROM agreement.activation WHERE tenant = :tenant"
)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one tenant."""

    tenant: str
    version: int
    """Active now."""
    changed: bool
    """False: the active version says the same already, or the new one does not fit."""
    provider: str | None = None
    """``brightwater@3``: the provider's document it is made with."""
    follows: bool = False
    """Its own document was not given: it moves with its provider's."""
    problems: tuple[Problem, ...] = ()
    """Why a tenant that follows stays at the version before."""


@dataclass(frozen=True, slots=True)
class AppliedProvider:
    """What became of one provider's document."""

    provider: str
    version: int
    changed: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What an apply did."""

    providers: tuple[AppliedProvider, ...]
    tenants: tuple[Applied, ...]

    @property
    def left(self) -> tuple[Applied, ...]:
        """Tenants that should have followed their provider's document and could not."""
        return tuple(one for one in self.tenants if one.problems)


async def apply_documents(
    engine: AsyncEngine,
    documents: Documents,
    *,
    author: str,
    note: str,
    now: datetime,
    keep_reverted: bool = False,
) -> Report:
    """Make every given document the newest version, and active: all of them or none.

    A tenant that follows a given provider's document gets a version of its own from it. One that it does not fit stays
    where it is and is reported: its clients' nights do not depend on whether another client's document is sound.

    Args:
        engine: as ``tandem_policy``.
        documents: given; a provider that is not among them is taken as it is stored.
        author: who answers for it.
        note: why.
        now: aware UTC; from then on people have to be reachable.
        keep_reverted: leave alone a tenant that was set back by hand from just this content.

    Raises:
        AgreementError: some given document does not pass ``check``; nothing was stored.
        Unavailable: the database, or others apply all the time.
    """
    for _ in range(TRIES):
        state = await read_state(engine, documents)
        work = await asyncio.to_thread(work_out, documents, state, now=now, keep_reverted=keep_reverted)
        with unavailable():
            async with engine.begin() as connection:
                await connection.execute(_LOCK)
                if await _stamp(connection) != state.stamp:
                    continue
                await _write(connection, work, author=author, note=note, now=now)
        return _report(work)
    raise Unavailable("agreements", "others are applying too; try again")


async def activate(engine: AsyncEngine, tenant: str, version: int, *, author: str, note: str, now: datetime) -> Applied:
    """Make a stored version the active one again; history keeps who did it and when.

    Raises:
        Refused: there is no such version.
        AgreementError: it cannot be read by this release or does not pass ``check`` any more; the active one stays.
    """
    with unavailable():
        async with engine.connect() as connection:
            found = await connection.execute(_ONE, {"tenant": tenant, "version": version})
            row = found.mappings().first()
    if row is None:
        detail = f"no version {version} of {tenant[:64]!r}; `tandem agreement versions {tenant[:64]}` lists them"
        raise Refused(Reason.NOT_FOUND, detail)
    stored = StoredTenant(**row)
    await asyncio.to_thread(check_stored, stored, now)
    values = {"tenant": tenant, "version": version, "author": author, "note": note, "now": now}
    with unavailable():
        async with engine.begin() as connection:
            await connection.execute(_LOCK)
            active = (await _tenants(connection, _ACTIVE, {"tenants": [tenant], "providers": []})).get(tenant)
            changed = active is None or active.version != version
            if changed:
                await _make_active(connection, values)
    return Applied(tenant, version, changed=changed, provider=_label(stored.provider, stored.provider_version))


async def read_state(engine: AsyncEngine, documents: Documents) -> State:
    """What is stored of the tenants and providers of ``documents``, and of the tenants that follow these."""
    wanted = sorted(pins(documents))
    concerned = {"tenants": sorted(documents.tenants), "providers": sorted(documents.providers)}
    named = {"names": [name for name, _ in wanted], "versions": [version for _, version in wanted]}
    with unavailable():
        async with engine.connect() as connection:
            stamp = await _stamp(connection)  # first: what is read after it may be newer, never older
            newest = [StoredProvider(**row) for row in (await connection.execute(_NEWEST_PROVIDERS)).mappings()]
            pinned = [StoredProvider(**row) for row in (await connection.execute(_PINNED_PROVIDERS, named)).mappings()]
            active = await _tenants(connection, _ACTIVE, concerned)
            last = await _tenants(connection, _NEWEST, {"tenants": sorted({*documents.tenants, *active})})
    return State(
        stamp,
        newest_providers={row.provider: row for row in newest},
        pinned={(row.provider, row.version): row for row in pinned},
        active=active,
        newest=last,
    )


async def _stamp(connection: AsyncConnection) -> tuple[int, ...]:
    return tuple((await connection.execute(_STAMP)).one())


async def _tenants(connection: AsyncConnection, query: Any, values: Mapping[str, Any]) -> dict[str, StoredTenant]:  # noqa: ANN401 - a text()
    return {row["tenant"]: StoredTenant(**row) for row in (await connection.execute(query, values)).mappings()}


async def _write(connection: AsyncConnection, work: Work, *, author: str, note: str, now: datetime) -> None:
    for provider in work.providers:
        if provider.new:
            await connection.execute(_INSERT_PROVIDER, _provider_row(provider, author=author, note=note, now=now))
    for tenant in work.tenants:
        said = _why(tenant, note)
        if tenant.new:
            await connection.execute(_INSERT, _tenant_row(tenant, author=author, note=said, now=now))
        if tenant.changed:
            name = tenant.source.document.tenant.id
            values = {"tenant": name, "version": tenant.version, "author": author, "note": said, "now": now}
            await _make_active(connection, values)


async def _make_active(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    row = {name: values[name] for name in ("tenant", "version", "now")}
    await connection.execute(_ACTIVATE, row)
    await connection.execute(_REMEMBER, values)


def _provider_row(provider: ProviderVersion, **said: Any) -> dict[str, Any]:  # noqa: ANN401 - author, note, now
    document = provider.source.document
    return {
        "provider": document.provider.id,
        "version": provider.version,
        "hash": canonical_hash(document),
        "source": _written(provider.source),
        "document": canonical_text(document),
        **said,
    }


def _tenant_row(tenant: TenantVersion, **said: Any) -> dict[str, Any]:  # noqa: ANN401 - author, note, now
    provider = tenant.provider
    return {
        "tenant": tenant.source.document.tenant.id,
        "version": tenant.version,
        "hash": tenant.hash,
        "source": tenant.written or _written(tenant.source),
        "document": canonical_text(tenant.source.document),
        "provider": provider.source.document.provider.id if provider else None,
        "provider_version": provider.version if provider else None,
        "provider_document": canonical_text(provider.source.document) if provider else None,
        **said,
    }


def _why(tenant: TenantVersion, note: str) -> str:
    """The note of a version; of one that follows, what it follows."""
    if not tenant.follows or tenant.provider is None:
        return note
    moved = f"follows {_label(tenant.provider.source.document.provider.id, tenant.provider.version)}"
    return f"{moved}: {note}" if note else moved


def _report(work: Work) -> Report:
    providers = [AppliedProvider(p.source.document.provider.id, p.version, changed=p.new) for p in work.providers]
    tenants = [
        Applied(
            each.source.document.tenant.id,
            each.version,
            changed=each.changed,
            provider=_label(each.provider.source.document.provider.id, each.provider.version)
            if each.provider
            else None,
            follows=each.follows,
        )
        for each in work.tenants
    ]
    left = [Applied(one.tenant, one.version, changed=False, follows=True, problems=one.problems) for one in work.left]
    return Report(tuple(providers), (*tenants, *left))


def _label(provider: str | None, version: int | None) -> str | None:
    return f"{provider}@{version}" if provider and version else None


def _written(source: Source[Any]) -> str:
    """The file as its owner wrote it, comments included; its canonical form when it did not come from a file."""
    document: SharedParts = source.document
    path = Path(source.file)
    return path.read_text(encoding="utf-8-sig") if path.is_file() else canonical_text(document)
