"""The agreement that a command line names: a tenant's file, or a tenant of the database. Holds no command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.from_file import UNSAVED, find_provider, load_agreement
from tandem.agreement.lint import broken_references, missing_provider, refuse_errors
from tandem.agreement.load import tenant_source
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.errors import AgreementError, Reason, Refused

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tandem.cli.stored import Stored
    from tandem.policy.stored import StoredTenant

Pair = tuple[TenantDocument, ProviderDocument | None]


@dataclass(frozen=True, slots=True)
class Named:
    """An agreement with the documents it is made of."""

    label: str
    """``acme.yaml`` or ``acme@3``."""
    documents: Pair
    agreement: Agreement

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return self.agreement.tenant.id


def from_file(file: Path) -> Named:
    """A tenant's file with its provider's document from beside it.

    Raises:
        AgreementError: every error of shape, or everything that is referred to and does not exist.
    """
    tenant = tenant_source(file)
    provider = find_provider(tenant.document, file.parent)
    if tenant.document.use and provider is None:
        raise AgreementError([missing_provider(tenant)])
    refuse_errors(broken_references(tenant, provider))
    documents = (tenant.document, provider.document if provider else None)
    return Named(str(file), documents, compile_agreement(*documents, version=UNSAVED))


async def from_database(policy: AsyncEngine, reference: str) -> Named:
    """``acme`` as it is active, or ``acme@3``.

    Raises:
        Refused: there is no such tenant or version.
        AgreementError: this release cannot read it.
    """
    from tandem.policy import shelf

    tenant, at, number = reference.partition("@")
    if at and not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Refused(Reason.INVALID, f"{reference[:80]!r} should be a client, or client@version")
    return of_stored(await shelf.agreement(policy, tenant, int(number) if at else None))


def compiled(reference: str, data_dir: Path | None) -> Agreement:
    """The agreement of a file, or of a client of the installation's database.

    Raises:
        AgreementError: the file cannot be used; every reason.
        typer.Exit: the database cannot be reached or has no such client; said in one line.
    """
    if is_file(reference):
        return load_agreement(Path(reference), beside=Path(reference).parent)
    from tandem.cli.stored import reading

    async def work(stored: Stored) -> Agreement:
        return (await from_database(stored.policy, reference)).agreement

    return reading(data_dir, work)


def of_stored(row: StoredTenant) -> Named:
    """A stored version, compiled."""
    from tandem.policy.stored import stored_pair

    tenant, provider = stored_pair(row)
    documents = (tenant.document, provider.document if provider else None)
    return Named(f"{row.tenant}@{row.version}", documents, compile_agreement(*documents, version=row.version))


def is_file(reference: str) -> bool:
    """Whether a reference names a file: one that is there, or that looks like one."""
    return Path(reference).exists() or reference.endswith((".yaml", ".yml", ".json")) or "/" in reference
