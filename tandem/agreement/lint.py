"""``tandem agreement check``: what documents mean together. All problems at once, each at its line and column.

Shape is ``load``'s business; this looks at documents that have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tandem.agreement.checks.context import Context, provider_context, tenant_context
from tandem.agreement.checks.on_call import check_on_call
from tandem.agreement.checks.ownership import check_ownership
from tandem.agreement.checks.references import check_references
from tandem.agreement.load import Documents, Source, parse_use
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.fields import suggest
from tandem.errors import AgreementError, Problem


def lint_tenant(tenant: Source[TenantDocument], provider: Source[ProviderDocument] | None = None) -> list[Problem]:
    """Errors and warnings of a tenant's document over its provider's (whose own problems are not repeated)."""
    return _run(tenant_context(tenant, provider))


def lint_provider(provider: Source[ProviderDocument]) -> list[Problem]:
    """Errors and warnings of a provider's document on its own."""
    return _run(provider_context(provider))


def broken_references(
    tenant: Source[TenantDocument], provider: Source[ProviderDocument] | None = None
) -> list[Problem]:
    """Only what names something that does not exist: with such a fault no question has a true answer."""
    contexts = [tenant_context(tenant, provider), *([provider_context(provider)] if provider else [])]
    return sorted({problem for context in contexts for problem in check_references(context)})


def lint_documents(documents: Documents) -> list[Problem]:
    """Everything about a directory's documents, and what they say about one another; in file order."""
    problems = [problem for source in documents.providers.values() for problem in lint_provider(source)]
    for source in documents.tenants.values():
        provider = documents.provider_of(source.document)
        if source.document.use and provider is None:
            problems.append(missing_provider(source, documents.providers))
        else:
            problems += lint_tenant(source, provider)
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


def _run(context: Context) -> list[Problem]:
    found = [*check_references(context), *check_on_call(context), *check_ownership(context)]
    return sorted(set(found))


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
