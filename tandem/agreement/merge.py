"""A tenant's document over its provider's: one document that says everything.

The tenant's entry replaces the provider's of the same id. What only concerns the provider's people holds for every
tenant whatever it replaces: absences of a person, overrides of a schedule.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.people import PersonSpec, ScheduleSpec
from tandem.agreement.schema.scope import PriorityTable


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
            "sla": {**provider.sla, **tenant.sla},
            "parties": {**provider.parties, **tenant.parties},
        }
    )


def merge_people(tenant: TenantDocument, provider: ProviderDocument) -> dict[str, PersonSpec]:
    """Absences of both documents hold for a person that stands in both."""
    people = {**provider.people, **tenant.people}
    for name in provider.people.keys() & tenant.people.keys():
        absences = (*provider.people[name].absences, *tenant.people[name].absences)
        people[name] = tenant.people[name].model_copy(update={"absences": absences})
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


def _by_id(over: Iterable[T], under: Iterable[T]) -> tuple[T, ...]:
    """Those of ``over`` first, then those of ``under`` whose id it does not have."""
    first = tuple(over)
    replaced = {entry.id for entry in first}
    return (*first, *(entry for entry in under if entry.id not in replaced))
