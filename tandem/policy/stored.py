"""Numbered versions as the database keeps them, and their documents read again. Touches no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from tandem.agreement.compile import compile_agreement
from tandem.agreement.document import Node, parse
from tandem.agreement.lint import lint_tenant, refuse_errors
from tandem.agreement.load import Source
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.fields import clean
from tandem.errors import AgreementError, Problem

Doc = TypeVar("Doc", TenantDocument, ProviderDocument)
Pinned = tuple[str, int]
"""(provider, version)."""


@dataclass(frozen=True, slots=True)
class StoredProvider:
    """A numbered version of a provider's document."""

    provider: str
    version: int
    hash: str
    document: str
    """Canonical."""
    source: str


@dataclass(frozen=True, slots=True)
class StoredTenant:
    """A numbered version of a tenant's agreement."""

    tenant: str
    version: int
    hash: str
    document: str
    source: str
    provider: str | None
    provider_version: int | None
    provider_document: str | None


@dataclass(frozen=True, slots=True)
class State:
    """What the database knows of the tenants and providers that an apply is about."""

    stamp: tuple[int, ...]
    """Changes whenever somebody applies or activates."""
    newest_providers: Mapping[str, StoredProvider] = field(default_factory=dict)
    pinned: Mapping[Pinned, StoredProvider] = field(default_factory=dict)
    active: Mapping[str, StoredTenant] = field(default_factory=dict)
    newest: Mapping[str, StoredTenant] = field(default_factory=dict)
    """The last version of each tenant; another one is active when somebody went back by hand."""


def stored_pair(row: StoredTenant) -> tuple[Source[TenantDocument], Source[ProviderDocument] | None]:
    """A stored version's documents; positions are those of the file its owner wrote.

    Raises:
        AgreementError: this release cannot read it.
    """
    tenant = read_stored(row.document, row.source, f"{row.tenant}@{row.version}", TenantDocument)
    if row.provider_document is None:
        return tenant, None
    label = f"{row.provider}@{row.provider_version or '?'}"
    return tenant, read_stored(row.provider_document, row.provider_document, label, ProviderDocument)


def check_stored(row: StoredTenant, now: datetime) -> None:
    """Whether a stored version may be activated: read, checked and compiled by this release.

    Raises:
        AgreementError: it cannot be read, or does not pass; every reason.
    """
    tenant, provider = stored_pair(row)
    refuse_errors(lint_tenant(tenant, provider, on=now))
    compile_agreement(tenant.document, provider.document if provider else None, version=row.version)


def read_stored(text: str, written: str, label: str, model: type[Doc]) -> Source[Doc]:
    """A stored document with the positions of the file it came from."""
    try:
        document = model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"this release cannot read it: {where}: {first['msg']}" if where else "this release cannot read it"
        raise AgreementError([Problem(label, 1, 1, clean(message)[:300])]) from None
    try:
        root = parse(written, label)
    except AgreementError:
        root = Node("map", 1, 1)  # the document is what counts; only its positions are lost
    return Source(label, root, document)
