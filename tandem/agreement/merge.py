"""A tenant's document over its provider's: one document that says everything.

The tenant's entry replaces the provider's of the same id. What only concerns the provider's people holds for every
tenant whatever it replaces: absences of a person, overrides of a schedule.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.people import PersonSpec, ScheduleSpec
from tandem.agreement.schema.scope import ImpactMatrix, PriorityTable
from tandem.agreement.schema.vocabulary import Vocabulary


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_HasId)


def merge(tenant: TenantDocument, provider: ProviderDocument | None) -> TenantDocument:
    """``tenant`` with everything of ``provider`` that it does not replace. Without a provider, ``tenant``."""
    if provider is None:
        return tenant
    return tenant.model_copy(
        update={
            "calendars": {**provider.calendars, **tenant.calendars},
            "people": merge_people(tenant, provider),
            "schedules": merge_schedules(tenant, provider),
            "paths": _by_id(tenant.paths, provider.paths),
            "functions": _by_id(tenant.functions, provider.functions),
            "classification": _by_id(tenant.classification, provider.classification),
            "matrix": _by_id(tenant.matrix, provider.matrix),
            "priorities": merge_priorities(tenant.priorities, provider.priorities),
            "impact": merge_impact(tenant.impact, provider.impact),
            "vocabulary": merge_vocabulary(tenant.vocabulary, provider.vocabulary),
            "runbooks": {**provider.runbooks, **tenant.runbooks},
            "sla": {**provider.sla, **tenant.sla},
            "parties": {**provider.parties, **tenant.parties},
            "maintenance": _by_id(tenant.maintenance, provider.maintenance),
            "inhibit": _by_id(tenant.inhibit, provider.inhibit),
            "expected": _by_id(tenant.expected, provider.expected),
        }
    )


def merge_people(tenant: TenantDocument, provider: ProviderDocument) -> dict[str, PersonSpec]:
    """Absences of both documents hold for a person that stands in both.

    A provider's person who names no zone lives in the provider's: their absence begins at one instant for all clients.
    """
    zone = provider.provider.zone
    theirs = {
        name: each if each.zone else each.model_copy(update={"zone": zone}) for name, each in provider.people.items()
    }
    people = {**theirs, **tenant.people}
    for name in provider.people.keys() & tenant.people.keys():
        absences = (*provider.people[name].absences, *tenant.people[name].absences)
        update = {"absences": absences, "zone": tenant.people[name].zone or theirs[name].zone}
        people[name] = tenant.people[name].model_copy(update=update)
    return people


def merge_schedules(tenant: TenantDocument, provider: ProviderDocument) -> tuple[ScheduleSpec, ...]:
    """Overrides of both documents hold for a schedule that stands in both, the tenant's as the later ones."""
    shared = {schedule.id: schedule for schedule in provider.schedules}
    merged = []
    for schedule in _by_id(tenant.schedules, provider.schedules):
        other = shared.get(schedule.id)
        if other is not None and other is not schedule:
            merged.append(schedule.model_copy(update={"overrides": (*other.overrides, *schedule.overrides)}))
        else:
            merged.append(schedule)
    return tuple(merged)


def merge_priorities(over: PriorityTable, under: PriorityTable) -> PriorityTable:
    """Entry by entry: a table that says one word of a vendor keeps the other words of that vendor."""
    kinds = {kind: {**under.kinds.get(kind, {}), **over.kinds.get(kind, {})} for kind in {**under.kinds, **over.kinds}}
    vendors = {
        vendor: {**under.vendors.get(vendor, {}), **over.vendors.get(vendor, {})}
        for vendor in {**under.vendors, **over.vendors}
    }
    return PriorityTable(default={**under.default, **over.default}, kinds=kinds, vendors=vendors)


def merge_impact(over: ImpactMatrix, under: ImpactMatrix) -> ImpactMatrix:
    """Cell by cell."""
    cells = {
        level: {**under.matrix.get(level, {}), **over.matrix.get(level, {})}
        for level in {**under.matrix, **over.matrix}
    }
    return ImpactMatrix(
        matrix=cells,
        urgency={**under.urgency, **over.urgency},
        high_share=under.high_share if over.high_share is None else over.high_share,
        medium_share=under.medium_share if over.medium_share is None else over.medium_share,
    )


def merge_vocabulary(over: Vocabulary, under: Vocabulary) -> Vocabulary:
    """The words of both; the tenant's host classes are tried first."""
    classes = {name: globs for name, globs in under.host_classes.items() if name not in over.host_classes}
    return Vocabulary(
        categories=tuple(dict.fromkeys((*over.categories, *under.categories))),
        tags=tuple(dict.fromkeys((*over.tags, *under.tags))),
        exclusive=tuple(dict.fromkeys((*over.exclusive, *under.exclusive))),
        vendors={**under.vendors, **over.vendors},
        host_classes={**over.host_classes, **classes},
    )


def _by_id(over: Iterable[T], under: Iterable[T]) -> tuple[T, ...]:
    """Those of ``over`` first, then those of ``under`` whose id it does not have."""
    first = tuple(over)
    replaced = {entry.id for entry in first}
    return (*first, *(entry for entry in under if entry.id not in replaced))
