"""Agreements in PostgreSQL: immutable numbered versions and which one is active.

A version holds the tenant's document and its provider's, both canonical, so it answers the same for ever, whatever
happens to the provider's document later: a changed provider document makes a new version for each of its tenants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.agreement.compile import compile_agreement
from tandem.agreement.lint import lint_documents, refuse_errors
from tandem.agreement.load import Documents, Source, canonical_hash, canonical_text
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.db.pool import unavailable

_LAST = text(
    "SELECT v.version, v.hash FROM agreement.active a JOIN agreement.version v USING (tenant, version)"
    " WHERE a.tenant = :tenant"
)
_NEXT = text("SELECT coalesce(max(version), 0) + 1 FROM agreement.version WHERE tenant = :tenant")
_INSERT = text(
    "INSERT INTO agreement.version"
    " (tenant, version, hash, source, document, provider, provider_document, author, note, created_at)"
    " VALUES (:tenant, :version, :hash, :source, :document, :provider, :provider_document, :author, :note, :now)"
)
_ACTIVATE = text(
    "INSERT INTO agreement.active (tenant, version, activated_at) VALUES (:tenant, :version, :now)"
    " ON CONFLICT (tenant) DO UPDATE SET version = excluded.version, activated_at = excluded.activated_at"
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('agreement ' || :tenant, 0))")


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one document."""

    tenant: str
    version: int
    changed: bool
    """False: the active version says the same already."""


async def apply_documents(
    engine: AsyncEngine, documents: Documents, *, author: str, note: str, now: datetime
) -> list[Applied]:
    """Make every tenant's document its active version, all of them or none.

    Raises:
        AgreementError: some document does not pass ``check``; nothing was stored.
    """
    checked = check_documents(documents)
    applied: list[Applied] = []
    with unavailable():
        async with engine.begin() as connection:
            for source, provider in checked:
                applied.append(await _apply(connection, source, provider, author=author, note=note, now=now))
    return applied


def check_documents(
    documents: Documents,
) -> list[tuple[Source[TenantDocument], Source[ProviderDocument] | None]]:
    """Every tenant's document with its provider's, linted and compiled once.

    Raises:
        AgreementError: every error of every document at once.
    """
    pairs = [(source, documents.provider_of(source.document)) for source in documents.tenants.values()]
    refuse_errors(lint_documents(documents))
    for source, provider in pairs:
        compile_agreement(source.document, provider.document if provider else None, version=0)
    return pairs


async def _apply(
    connection: AsyncConnection,
    source: Source[TenantDocument],
    provider: Source[ProviderDocument] | None,
    *,
    author: str,
    note: str,
    now: datetime,
) -> Applied:
    document = source.document
    tenant = document.tenant.id
    await connection.execute(_LOCK, {"tenant": tenant})
    digest = canonical_hash(document, provider.document) if provider else canonical_hash(document)
    last = (await connection.execute(_LAST, {"tenant": tenant})).first()
    if last is not None and last.hash == digest:
        return Applied(tenant, last.version, changed=False)
    version: int = (await connection.execute(_NEXT, {"tenant": tenant})).scalar_one()
    values = {
        "tenant": tenant,
        "version": version,
        "hash": digest,
        "source": _source_text(source.file, document),
        "document": canonical_text(document),
        "provider": provider.document.provider.id if provider else None,
        "provider_document": canonical_text(provider.document) if provider else None,
        "author": author,
        "note": note,
        "now": now,
    }
    await connection.execute(_INSERT, values)
    await connection.execute(_ACTIVATE, {"tenant": tenant, "version": version, "now": now})
    return Applied(tenant, version, changed=True)


def _source_text(file: str, document: TenantDocument) -> str:
    """The file as its owner wrote it, comments included; its canonical form when it did not come from a file."""
    path = Path(file)
    return path.read_text(encoding="utf-8-sig") if path.is_file() else canonical_text(document)
