"""Which version of a provider's document is meant: by its own number, by ``use:``, by what is stored already. Pure.

``use: brightwater@3`` is version 3 for good; ``use: brightwater`` follows the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tandem.agreement.lint import missing_provider, refuse_errors
from tandem.agreement.load import Documents, Source, canonical_hash, parse_use
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.errors import AgreementError, Problem
from tandem.policy.stored import Pinned, State, StoredProvider, read_stored


@dataclass(frozen=True, slots=True)
class ProviderVersion:
    """A provider's document, stored or about to be."""

    source: Source[ProviderDocument]
    version: int
    new: bool


def pins(documents: Documents) -> set[Pinned]:
    """The provider versions that the given tenants name by number."""
    used = (parse_use(source.document.use) for source in documents.tenants.values() if source.document.use)
    return {(name, version) for name, version in used if version is not None}


def given_providers(documents: Documents, state: State) -> dict[str, ProviderVersion]:
    """The given providers' documents with their numbers; AgreementError with all that cannot have theirs."""
    found, problems = {}, list[Problem]()
    for name, source in documents.providers.items():
        try:
            found[name] = _provider_version(source, state.newest_providers.get(name))
        except AgreementError as error:
            problems += error.problems
    refuse_errors(problems)
    return found


def _provider_version(source: Source[ProviderDocument], newest: StoredProvider | None) -> ProviderVersion:
    """What is stored already, else the number that the document says, else the next one."""
    said = source.document.provider.version
    if newest is None:
        return ProviderVersion(source, said or 1, new=True)
    if newest.hash == canonical_hash(source.document):
        return ProviderVersion(source, newest.version, new=False)
    if said is not None and said <= newest.version:
        message = (
            f'version {newest.version} of "{newest.provider}" is stored already, and this one says something else; '
            f"write version: {newest.version + 1}"
        )
        raise AgreementError([source.problem(("provider", "version"), message)])
    return ProviderVersion(source, said or newest.version + 1, new=True)


def provider_of(
    source: Source[TenantDocument], given: Mapping[str, ProviderVersion], state: State
) -> ProviderVersion | None:
    """The version that ``use:`` means; AgreementError when there is none."""
    if not source.document.use:
        return None
    name, number = parse_use(source.document.use)
    newest = given.get(name) or _stored(state.newest_providers.get(name))
    if newest is None:
        raise AgreementError([missing_provider(source, {*given, *state.newest_providers})])
    if number is None or number == newest.version:
        return newest
    pinned = _stored(state.pinned.get((name, number)))
    if pinned is None:
        message = f'there is no version {number} of "{name}"; the newest is {newest.version}'
        raise AgreementError([source.problem(("use",), message)])
    return pinned


def _stored(row: StoredProvider | None) -> ProviderVersion | None:
    if row is None:
        return None
    source = read_stored(row.document, row.source, f"{row.provider}@{row.version}", ProviderDocument)
    return ProviderVersion(source, row.version, new=False)
