"""What an apply has to write: versions of the given tenants, and of those that follow a provider. Touches no database.

A changed provider's document makes a new version for every tenant that follows it, whether its own document is given
or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tandem.agreement.compile import compile_agreement
from tandem.agreement.lint import lint_documents, lint_tenant, refuse_errors
from tandem.agreement.load import Documents, Source, canonical_hash, parse_use
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.errors import AgreementError, Problem
from tandem.policy.provider_versions import ProviderVersion, given_providers, provider_of
from tandem.policy.stored import State, StoredTenant, stored_pair


@dataclass(frozen=True, slots=True)
class TenantVersion:
    """A tenant's document with its provider's, checked."""

    source: Source[TenantDocument]
    provider: ProviderVersion | None
    version: int
    new: bool
    """False: this content is stored under that number already."""
    changed: bool
    """It is not what is active."""
    follows: bool = False
    """Its own document was not given: its provider's changed."""
    written: str | None = None
    """As its owner wrote it, where that is not in a file."""

    @property
    def provider_document(self) -> ProviderDocument | None:
        """What it is merged with."""
        return self.provider.source.document if self.provider else None

    @property
    def hash(self) -> str:
        """Of both documents."""
        return canonical_hash(self.source.document, *([self.provider_document] if self.provider_document else []))


@dataclass(frozen=True, slots=True)
class Left:
    """A tenant that follows a provider and stays where it is, because the new document does not fit it."""

    tenant: str
    version: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """What to write."""

    providers: tuple[ProviderVersion, ...]
    tenants: tuple[TenantVersion, ...]
    left: tuple[Left, ...] = ()


def work_out(documents: Documents, state: State, *, now: datetime, keep_reverted: bool = False) -> Work:
    """What applying ``documents`` writes. What is active already is not checked again.

    Args:
        documents: given, with any providers' among them.
        state: of their tenants and providers, and of all tenants that follow these.
        now: from which on people have to be reachable.
        keep_reverted: leave alone a tenant that has this content already but was set back to an older version.

    Raises:
        AgreementError: every error of every given document that would change something.
    """
    providers = given_providers(documents, state)
    tenants = _given(documents, providers, state, keep_reverted=keep_reverted)
    refuse_errors(_problems([each for each in tenants if each.changed], providers, now))
    for each in tenants:
        if each.changed:
            compile_agreement(each.source.document, each.provider_document, version=each.version)
    followers, left = _followers(documents, providers, state, now)
    return Work(tuple(providers.values()), (*tenants, *followers), tuple(left))


def intended(documents: Documents, state: State) -> list[TenantVersion]:
    """The versions that applying ``documents`` would make active, those of tenants that follow among them; unchecked.

    Raises:
        AgreementError: a provider or a version of one that is named is not there, or a stored one cannot be read.
    """
    providers = given_providers(documents, state)
    given = _given(documents, providers, state, keep_reverted=False)
    following = [_moved(active, provider, state) for active, provider in _behind(documents, providers, state)]
    return [each for each in (*given, *following) if each is not None and each.changed]


def _tenant_version(
    source: Source[TenantDocument],
    provider: ProviderVersion | None,
    state: State,
    *,
    keep_reverted: bool,
) -> TenantVersion:
    tenant = source.document.tenant.id
    active, newest = state.active.get(tenant), state.newest.get(tenant)
    wanted = TenantVersion(source, provider, newest.version + 1 if newest else 1, new=True, changed=True)
    for known in (active, newest):
        if known is not None and known.hash == wanted.hash:
            changed = known is not active and not keep_reverted
            version = known.version if changed or active is None else active.version
            return TenantVersion(source, provider, version, new=False, changed=changed)
    return wanted


def _problems(changed: list[TenantVersion], providers: Mapping[str, ProviderVersion], now: datetime) -> list[Problem]:
    """What ``check`` says about the documents that would change something."""
    given = {id(each.source) for each in providers.values()}
    together = [each for each in changed if each.provider is None or id(each.provider.source) in given]
    apart = [each for each in changed if each.provider is not None and id(each.provider.source) not in given]
    used = {each.provider.source.document.provider.id for each in together if each.provider}
    documents = Documents(
        {each.source.document.tenant.id: each.source for each in together},
        {name: each.source for name, each in providers.items() if each.new or name in used},
    )
    problems = lint_documents(documents, on=now)
    for each in apart:
        problems += lint_tenant(each.source, each.provider.source if each.provider else None, on=now)
    return problems


def _given(
    documents: Documents, providers: Mapping[str, ProviderVersion], state: State, *, keep_reverted: bool
) -> list[TenantVersion]:
    tenants, problems = [], list[Problem]()
    for source in documents.tenants.values():
        try:
            provider = provider_of(source, providers, state)
        except AgreementError as error:
            problems += error.problems
            continue
        tenants.append(_tenant_version(source, provider, state, keep_reverted=keep_reverted))
    refuse_errors(problems)
    return tenants


def _followers(
    documents: Documents, providers: Mapping[str, ProviderVersion], state: State, now: datetime
) -> tuple[list[TenantVersion], list[Left]]:
    """Tenants whose own document is not given and whose provider's has changed: moved, or left where they are."""
    moved, left = [], []
    for active, provider in _behind(documents, providers, state):
        try:
            version = _moved(active, provider, state)
            if version is None:
                continue
            refuse_errors(lint_tenant(version.source, provider.source, on=now))
            compile_agreement(version.source.document, provider.source.document, version=version.version)
        except AgreementError as error:
            left.append(Left(active.tenant, active.version, tuple(error.problems)))
            continue
        moved.append(version)
    return moved, left


def _behind(
    documents: Documents, providers: Mapping[str, ProviderVersion], state: State
) -> Iterator[tuple[StoredTenant, ProviderVersion]]:
    """Active versions of tenants that are not given, made with another document of a given provider."""
    for tenant, active in sorted(state.active.items()):
        provider = providers.get(active.provider or "")
        if provider is not None and tenant not in documents.tenants and not _has(state, active, provider):
            yield active, provider


def _moved(active: StoredTenant, provider: ProviderVersion, state: State) -> TenantVersion | None:
    """The tenant's stored document over the provider's new one; None when it is pinned to another version."""
    source = stored_pair(active)[0]
    if parse_use(source.document.use or "")[1] is not None:
        return None
    version = _tenant_version(source, provider, state, keep_reverted=True)
    return replace(version, follows=True, written=active.source)


def _has(state: State, active: StoredTenant, provider: ProviderVersion) -> bool:
    """Whether the tenant is at this version of its provider, or had it and was set back by hand."""
    newest = state.newest.get(active.tenant, active)
    return provider.version in {active.provider_version, newest.provider_version}
