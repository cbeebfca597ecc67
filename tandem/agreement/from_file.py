"""What commands read from one file: a whole agreement with the provider's document beside it, or only its schedules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from pydantic import ValidationError

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.document import Node, plain
from tandem.agreement.lint import broken_references, missing_provider, refuse_errors
from tandem.agreement.load import Source, parse_use, provider_source, read_tree, tenant_source
from tandem.agreement.merge import merge_people, merge_schedules
from tandem.agreement.schema.documents import ProviderDocument, SharedParts, TenantDocument
from tandem.agreement.schema.people import PersonSpec, ScheduleSpec
from tandem.agreement.wording import problems_of
from tandem.errors import AgreementError

UNSAVED = 0
"""Version of an agreement that is in no database."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """The part of a document that says who is on call."""

    schedules: Mapping[str, ScheduleSpec]
    people: Mapping[str, PersonSpec]
    """May lack people that the schedules name."""


def load_agreement(
    file: Traversable, *, beside: Traversable | None = None, variables: Mapping[str, str] | None = None
) -> Agreement:
    """The compiled agreement of a tenant's file, for commands that answer questions about it.

    A draft will do: who lacks a contact and which function lacks an owner is for ``check`` to say.

    Args:
        file: the tenant's document (a Path).
        beside: directory in which the document named by ``use:`` is looked for, usually the file's own.
        variables: as for ``load_directory``.

    Raises:
        AgreementError: every error of shape, or everything that is referred to and does not exist.
    """
    tenant = tenant_source(file, variables=variables)
    provider = find_provider(tenant.document, beside, variables=variables)
    if tenant.document.use and provider is None:
        raise AgreementError([missing_provider(tenant)])
    refuse_errors(broken_references(tenant, provider))
    return compile_agreement(tenant.document, provider.document if provider else None, version=UNSAVED)


def find_provider(
    document: TenantDocument, directory: Traversable | None, *, variables: Mapping[str, str] | None = None
) -> Source[ProviderDocument] | None:
    """The provider's document that ``use:`` names, from the files of ``directory``; None when it is not there."""
    if not document.use or directory is None:
        return None
    wanted = parse_use(document.use)[0]
    for entry in _likely_first(directory, wanted):
        try:
            _, root = read_tree(entry, variables=variables)
        except AgreementError:
            if entry.name.partition(".")[0] == wanted:
                raise
            continue  # another file's fault; `check` on the directory names it
        content = plain(root) if root.kind == "map" else {}
        head = content.get("provider")
        if isinstance(head, dict) and head.get("id") == wanted:
            return provider_source(entry, variables=variables)
    return None


def load_on_call(
    file: str | Traversable, *, beside: Traversable | None = None, variables: Mapping[str, str] | None = None
) -> OnCall:
    """Schedules and people of a tenant's or provider's document, of a bare ``schedules:`` section, or of a bare list.

    A tenant's schedules come with its provider's when that document is ``beside``.
    """
    name, root = read_tree(file, variables=variables)
    content = {"schedules": plain(root)} if root.kind == "list" else plain(root)
    model = _model_of(content)
    if root.kind == "list":  # so that positions are found under "schedules"
        root = Node("map", root.line, root.column, entries={"schedules": (root, root)})
    try:
        document = model.model_validate(content)
    except ValidationError as error:
        raise AgreementError(problems_of(error, root, file=name, model=model)) from None
    if isinstance(document, TenantDocument):
        provider = find_provider(document, beside, variables=variables)
        if provider is not None:
            schedules = merge_schedules(document, provider.document)
            return OnCall({entry.id: entry for entry in schedules}, merge_people(document, provider.document))
    return OnCall({schedule.id: schedule for schedule in document.schedules}, document.people)


def _model_of(content: object) -> type[SharedParts]:
    keys = content.keys() if isinstance(content, dict) else set()
    if "provider" in keys:
        return ProviderDocument
    return TenantDocument if {"tenant", "schema"} & keys else SharedParts


def _likely_first(directory: Traversable, name: str) -> Iterator[Traversable]:
    try:
        entries = [entry for entry in directory.iterdir() if entry.name.endswith((".yaml", ".yml"))]
    except OSError:
        entries = []
    yield from sorted(entries, key=lambda entry: (not entry.name.startswith(name), entry.name))
