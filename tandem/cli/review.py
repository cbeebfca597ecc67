"""What a reviewer of the matrix should know though nothing is wrong: ``check --review``. Holds no command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from tandem.agreement.from_file import find_provider
from tandem.agreement.lint import broken_references
from tandem.agreement.load import Source, read_files
from tandem.agreement.overruled import overrulings
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.errors import AgreementError, Problem

Pair = tuple[Source[TenantDocument], Source[ProviderDocument] | None]


def review(files: Iterable[Path]) -> list[Problem]:
    """Notes about the tenants' documents among ``files``; broken ones are passed over."""
    return [note for source, provider in usable(files) for note in _notes(source, provider)]


def usable(files: Iterable[Path]) -> list[Pair]:
    """The tenants' documents with their providers' from beside them; those that cannot answer, ``check`` tells of."""
    documents, _ = read_files(list(files))
    return [pair for source in documents.tenants.values() if (pair := _with_provider(source)) is not None]


def _with_provider(source: Source[TenantDocument]) -> Pair | None:
    try:
        provider = find_provider(source.document, Path(source.file).parent)
    except AgreementError:
        return None
    if (source.document.use and provider is None) or broken_references(source, provider):
        return None
    return source, provider


def _notes(source: Source[TenantDocument], provider: Source[ProviderDocument] | None) -> Iterator[Problem]:
    rows = [row.id for row in source.document.matrix]
    every = overrulings(source.document, provider.document if provider else None)
    for number, found in enumerate(every, start=1):
        path = ("matrix", rows.index(found.row)) if found.row in rows else ("matrix",)
        note = source.problem(path, str(found), level="note")
        yield replace(note, witness={"name": f"wide-{number}", "alert": found.alert})
