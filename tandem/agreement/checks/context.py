"""What every check looks at: one document with positions, and everything that is in force with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tandem.agreement.load import Source
from tandem.agreement.merge import merge
from tandem.agreement.schema.documents import ProviderDocument, SharedParts, TenantDocument
from tandem.errors import Problem
from tandem.model.ownership import TenantKind

BY_ID = (
    *("schedules", "paths", "functions", "classification", "matrix", "sites", "assets"),
    *("maintenance", "silences", "inhibit", "expected"),
)
"""Sections that are lists of entries with an ``id``."""


@dataclass(frozen=True, slots=True)
class Context:
    """``own`` is the document whose problems are reported, ``whole`` what is in force with it."""

    own: Source[TenantDocument] | Source[ProviderDocument]
    whole: SharedParts
    other: Source[ProviderDocument] | None = None
    """The provider's document under a tenant's."""

    @property
    def tenant(self) -> TenantDocument | None:
        """The merged agreement; None when a provider's document is checked on its own."""
        return self.whole if isinstance(self.whole, TenantDocument) else None

    @property
    def managed(self) -> bool:
        """Whether the client has no internal team."""
        return self.tenant is not None and self.tenant.tenant.kind is TenantKind.MANAGED

    def problem(self, path: tuple[int | str, ...], message: str, *, level: str = "error", key: bool = False) -> Problem:
        """``message`` at a place of the own document."""
        return self.own.problem(path, message, level=level, key=key)

    def entries(self, section: str) -> Iterator[tuple[int, Any]]:
        """(index, entry) of a list of the own document."""
        return enumerate(getattr(self.own.document, section, ()))

    def place(self, section: str, name: str, *deeper: int | str) -> str:
        """Where an entry stands, for the middle of a sentence: ``line 12``, or ``brightwater.yaml line 12``."""
        for source in (self.own, self.other):
            path = entry_path(source.document, section, name) if source else None
            if source and path is not None:
                line = source.problem((*path, *deeper), "").line
                return f"line {line}" if source is self.own else f"{source.file} line {line}"
        return "elsewhere"


def entry_path(document: SharedParts, section: str, name: str) -> tuple[int | str, ...] | None:
    """Where the entry ``name`` of a list by id or of a mapping stands in ``document``; None when it does not."""
    entries = getattr(document, section, ())
    if isinstance(entries, dict):
        return (section, name) if name in entries else None
    return next(((section, index) for index, entry in enumerate(entries) if entry.id == name), None)


def tenant_context(tenant: Source[TenantDocument], provider: Source[ProviderDocument] | None) -> Context:
    """Check a tenant's document over its provider's."""
    return Context(tenant, merge(tenant.document, provider.document if provider else None), provider)


def provider_context(provider: Source[ProviderDocument]) -> Context:
    """Check a provider's document on its own."""
    return Context(provider, provider.document)
