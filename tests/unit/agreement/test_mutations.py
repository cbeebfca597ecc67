"""Nothing is silent: take any single row, schedule or contact out of the examples, and somebody is told.

Either ``check`` refuses what is left, in words that a reader can act on, or ``plan`` names what goes elsewhere: for a
row an example of the alerts and both rows, which the production decision confirms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from tandem.agreement.compile import compile_agreement
from tandem.agreement.diff import differences
from tandem.agreement.lint import lint_provider, lint_tenant
from tandem.agreement.load import Documents, Source, load_directory
from tandem.agreement.redecided import redecided
from tandem.agreement.schema.documents import ProviderDocument, SharedParts, TenantDocument
from tandem.agreement.tree import Node
from tandem.errors import Problem
from tandem_router.explain import explain
from tests.support.tree import ROOT

NOW = datetime(2026, 11, 20, tzinfo=UTC)
Document = TenantDocument | ProviderDocument


@cache
def examples() -> Documents:
    return load_directory(ROOT / "deploy" / "agreement")


@dataclass(frozen=True)
class Removal:
    """One thing that is no longer in one document."""

    document: str
    section: str
    """matrix, schedules or contacts."""
    name: str
    source: Source[Any]
    """The document without it."""

    def __str__(self) -> str:
        return f"{self.document}-{self.section}-{self.name}"


def removals() -> Iterator[Removal]:
    """Every row, schedule and contact of every example, once each."""
    sources = {**examples().tenants, **examples().providers}
    for name, source in sources.items():
        for section in ("matrix", "schedules"):
            for index, entry in enumerate(getattr(source.document, section)):
                yield Removal(name, section, entry.id, without_entry(source, section, index))
        for person, spec in source.document.people.items():
            for index, contact in enumerate(spec.contacts):
                changed = without_contact(source, person, index)
                yield Removal(name, "contacts", f"{person}-{contact.channel}", changed)


def without_entry(source: Source[Any], section: str, index: int) -> Source[Any]:
    kept = tuple(entry for number, entry in enumerate(getattr(source.document, section)) if number != index)
    document = source.document.model_copy(update={section: kept})
    return Source(source.file, without(source.root, (section,), index), document)


def without_contact(source: Source[Any], person: str, index: int) -> Source[Any]:
    spec = source.document.people[person]
    contacts = tuple(contact for number, contact in enumerate(spec.contacts) if number != index)
    people = {**source.document.people, person: spec.model_copy(update={"contacts": contacts})}
    document = source.document.model_copy(update={"people": people})
    return Source(source.file, without(source.root, ("people", person, "contacts"), index), document)


def without(node: Node, path: tuple[str, ...], index: int) -> Node:
    """The tree without one entry of a list."""
    if not path:
        return replace(node, parts=[part for number, part in enumerate(node.parts) if number != index])
    key, value = node.entries[path[0]]
    return replace(node, entries={**node.entries, path[0]: (key, without(value, path[1:], index))})


def provider_of(document: SharedParts) -> Source[ProviderDocument] | None:
    return examples().provider_of(document) if isinstance(document, TenantDocument) else None


@pytest.mark.parametrize("removal", list(removals()), ids=str)
def test_nothing_is_taken_out_silently(removal: Removal):
    refusals = refused(removal)

    if refusals:
        assert all(tells_what_to_do(problem, removal) for problem in refusals), [str(each) for each in refusals]
        return
    for tenant, (old, new) in before_and_after(removal).items():
        told = [each for each in differences(old, new) if told_of(each.section, each.name, removal)]
        if removal.section == "matrix":
            assert told or replaces_it(tenant, removal), f"{tenant}: the plan says nothing"
            goes_elsewhere(old, new, removal)
        else:
            assert told or (removal.document == "brightwater" and restated(tenant, removal)), tenant


def refused(removal: Removal) -> list[Problem]:
    """The errors of ``check`` on the document, or on a client's that uses it."""
    if isinstance(removal.source.document, TenantDocument):
        problems = lint_tenant(removal.source, provider_of(removal.source.document), on=NOW)
    else:
        problems = lint_provider(removal.source, on=NOW)
        for client in examples().tenants.values():
            problems += lint_tenant(client, removal.source, on=NOW)
    return [problem for problem in problems if problem.level == "error"]


def tells_what_to_do(problem: Problem, removal: Removal) -> bool:
    """A place to edit, and either an example with a fix or the name of what is missing."""
    proven = all(part in problem.message for part in ("For example", "Fix"))
    named = removal.name.split("-webhook")[0].split("-email")[0] in problem.message or "add" in problem.message
    return problem.line > 0 and problem.column > 0 and (proven if removal.section == "matrix" else proven or named)


def before_and_after(removal: Removal) -> dict[str, tuple[Any, Any]]:
    """Client -> (documents before, documents after) of every client that the removal may concern."""
    if isinstance(removal.source.document, TenantDocument):
        under = provider_of(removal.source.document)
        provider = under.document if under else None
        old = examples().tenants[removal.document].document
        return {removal.document: ((old, provider), (removal.source.document, provider))}
    old_provider = examples().providers[removal.document].document
    return {
        name: ((client.document, old_provider), (client.document, removal.source.document))
        for name, client in examples().tenants.items()
    }


def told_of(section: str, name: str, removal: Removal) -> bool:
    if removal.section == "contacts":
        return section == "people" and removal.name.startswith(name)
    return section == removal.section and name == removal.name


def replaces_it(tenant: str, removal: Removal) -> bool:
    """A client that has a row of its own by this id never used the provider's."""
    return any(row.id == removal.name for row in examples().tenants[tenant].document.matrix)


def restated(tenant: str, removal: Removal) -> bool:
    document = examples().tenants[tenant].document
    return any(removal.name.startswith(person) for person in document.people) or any(
        schedule.id == removal.name for schedule in document.schedules
    )


def goes_elsewhere(old: Any, new: Any, removal: Removal) -> None:
    """The plan's example alerts are decided by the rows that it names, before and after."""
    moved = redecided(old, new)
    assert moved.complete
    was, now = (compile_agreement(*documents, version=1) for documents in (old, new))
    if any(row.id == removal.name for row in was.rows) and not any(row.id == removal.name for row in now.rows):
        assert moved.found, "the row is gone and no alert is named"
    for each in moved.found:
        assert explain(was, each.alert, NOW)[1]["row"] == (each.old or "safety"), str(each)
        assert explain(now, each.alert, NOW)[1]["row"] == (each.new or "safety"), str(each)
