"""``tandem agreement check``: what documents mean together. All problems at once, each at its line and column.

Shape is ``load``'s business; this looks at documents that have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from tandem.agreement.checks.accountables import check_accountables
from tandem.agreement.checks.assets import check_assets
from tandem.agreement.checks.context import Context, provider_context, tenant_context
from tandem.agreement.checks.expected import check_expected
from tandem.agreement.checks.horizon import check_turns, roster_of
from tandem.agreement.checks.local_times import check_local_times
from tandem.agreement.checks.on_call import check_on_call
from tandem.agreement.checks.ownership import check_ownership
from tandem.agreement.checks.paths import check_paths
from tandem.agreement.checks.plausible import check_plausible
from tandem.agreement.checks.raci import check_raci
from tandem.agreement.checks.reachable import check_reachable
from tandem.agreement.checks.references import check_references
from tandem.agreement.checks.runbooks import check_runbooks
from tandem.agreement.checks.suppression import check_suppression
from tandem.agreement.checks.tracks import check_tracks
from tandem.agreement.checks.words import check_words
from tandem.agreement.load import Documents, Source, parse_use
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.fields import suggest
from tandem.errors import AgreementError, Problem


def lint_tenant(
    tenant: Source[TenantDocument], provider: Source[ProviderDocument] | None = None, *, on: datetime | None = None
) -> list[Problem]:
    """Errors and warnings of a tenant's document over its provider's (whose own problems are not repeated).

    Args:
        tenant: the client's document.
        provider: the document that its ``use:`` names.
        on: aware instant from which on somebody has to be reachable at every minute; None leaves time out.
    """
    return _run(tenant_context(tenant, provider), on)


def lint_provider(provider: Source[ProviderDocument], *, on: datetime | None = None) -> list[Problem]:
    """Errors and warnings of a provider's document on its own; ``on`` as for ``lint_tenant``."""
    return _run(provider_context(provider), on)


def broken_references(
    tenant: Source[TenantDocument], provider: Source[ProviderDocument] | None = None
) -> list[Problem]:
    """Only what names something that does not exist: with such a fault no question has a true answer."""
    contexts = [tenant_context(tenant, provider), *([provider_context(provider)] if provider else [])]
    return sorted({problem for context in contexts for problem in check_references(context)})


def lint_documents(documents: Documents, *, on: datetime | None = None) -> list[Problem]:
    """Everything about a directory's documents, and what they say about one another; in file order.

    ``on`` as for ``lint_tenant``.
    """
    problems = [problem for source in documents.providers.values() for problem in lint_provider(source, on=on)]
    for source in documents.tenants.values():
        provider = documents.provider_of(source.document)
        if source.document.use and provider is None:
            problems.append(missing_provider(source, documents.providers))
        else:
            problems += lint_tenant(source, provider, on=on)
    problems += _integrations(documents)
    problems += _customers(documents)
    return sorted(set(problems))


def missing_provider(source: Source[TenantDocument], known: Iterable[str] = ()) -> Problem:
    """The document that ``use:`` names is not there."""
    name = parse_use(source.document.use or "")[0]
    message = f'the document of the provider "{name}" is not here{suggest(name, known)}; put it beside this file'
    return source.problem(("use",), message)


def refuse_errors(problems: Iterable[Problem]) -> None:
    """Raise AgreementError with the errors among ``problems``; warnings alone pass."""
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        raise AgreementError(errors)


def _run(context: Context, on: datetime | None) -> list[Problem]:
    broken = list(check_references(context))
    found = [*broken, *check_on_call(context), *check_paths(context), *check_ownership(context), *check_raci(context)]
    found += [*check_local_times(context), *check_assets(context), *check_words(context), *check_runbooks(context)]
    found += [*check_suppression(context, on), *check_expected(context), *check_plausible(context, on)]
    sound = not any(problem.level == "error" for problem in broken)
    found += _in_time(context, on) if on is not None and sound else check_tracks(context, None)
    return sorted(set(found))


def _in_time(context: Context, on: datetime) -> Iterator[Problem]:
    roster = roster_of(context.whole, on)
    yield from check_turns(context)
    yield from check_tracks(context, roster)
    if roster is not None:
        yield from check_reachable(context, roster)
        yield from check_accountables(context, roster)


def _integrations(documents: Documents) -> Iterator[Problem]:
    """Their names are part of a URL, so they are unique in the whole instance."""
    owners: dict[str, str] = {}
    for tenant, source in documents.tenants.items():
        for index, integration in enumerate(source.document.integrations):
            owner = owners.setdefault(integration.name, tenant)
            if owner != tenant:
                message = f'the integration "{integration.name}" already belongs to {owner}; names are part of a URL'
                yield source.problem(("integrations", index, "name"), message)


def _customers(documents: Documents) -> Iterator[Problem]:
    for source in documents.providers.values():
        for customer, tenant in source.document.provider.customers.items():
            if tenant not in documents.tenants:
                message = f'"{customer}" is mapped to "{tenant}", and there is no such client here'
                close = suggest(tenant, documents.tenants)
                yield source.problem(("provider", "customers", customer), message + close, level="warning")
