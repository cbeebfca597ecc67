"""A tenant's document and its provider's, compiled into the one value every service asks. Once per version; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from tandem.agreement.business_hours import build_calendars
from tandem.agreement.compiled import Agreement
from tandem.agreement.conditions import Condition, compile_conditions
from tandem.agreement.coverage.duty import responders
from tandem.agreement.defaults import defaults, filled_impact, filled_profiles
from tandem.agreement.escalation_paths import all_paths
from tandem.agreement.expected import compile_expected
from tandem.agreement.hosts import host_classes, hosts_of
from tandem.agreement.matrix import deciding_order, row_finder
from tandem.agreement.merge import merge, merge_priorities
from tandem.agreement.proof.vocabulary import space_of
from tandem.agreement.row_defaults import completed
from tandem.agreement.rules import rule_index
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.scope import ClassificationRule
from tandem.agreement.suppressors import compile_suppressions
from tandem.errors import AgreementError, Problem
from tandem.model.ownership import Party

K = TypeVar("K")
V = TypeVar("V")


def compile_agreement(tenant: TenantDocument, provider: ProviderDocument | None = None, *, version: int) -> Agreement:
    """The agreement of ``tenant``, with every default filled in.

    Sections that are missing are empty: a document with only ``tenant`` and ``schedules`` compiles. References are
    not followed here; ``lint`` does, and a document that passed it answers every question.

    Args:
        tenant: the client's document.
        provider: the document that ``use:`` names, or None.
        version: number that every decision made with it will carry.

    Raises:
        AgreementError: a calendar's country is not known. The problem names no line; ``lint`` finds it with one.
    """
    whole = merge(tenant, provider)
    try:
        calendars = build_calendars(whole.calendars)
    except ValueError as error:
        raise AgreementError([Problem(tenant.tenant.id, 1, 1, str(error))]) from None
    paths = all_paths(whole)
    space = space_of(whole)
    rows = deciding_order((completed(row, whole, paths) for row in whole.matrix), space)
    rules = _compiled_rules(whole.classification)
    # A table: one line fills one field.
    return Agreement(
        version=version,
        tenant=whole.tenant,
        provider=provider.provider.id if provider else None,
        parties=_frozen(whole.parties),
        calendars=_frozen(calendars),
        people=_frozen(whole.people),
        schedules=_frozen({schedule.id: schedule for schedule in whole.schedules}),
        paths=_frozen(paths),
        functions=_frozen({function.id: function for function in whole.functions}),
        sites=_frozen({site.id: site for site in whole.sites}),
        assets=_frozen({asset.id: asset for asset in whole.assets}),
        classification=rules,
        find_rule=rule_index(rules),
        rows=tuple(entry.row for entry in rows),
        find_row=row_finder(rows, space),
        priorities=merge_priorities(whole.priorities, defaults().priorities),
        impact=filled_impact(whole.impact),
        rules=whole.rules,
        timing=whole.timing,
        storm=whole.storm,
        flapping=whole.flapping,
        stale=whole.stale,
        sla=_frozen(filled_profiles(whole.sla)),
        safety=whole.safety,
        hosts=_frozen(hosts_of(whole.assets)),
        host_class_of=host_classes(whole.vocabulary.host_classes),
        runbooks=_frozen(whole.runbooks),
        suppression=compile_suppressions(
            maintenance=whole.maintenance,
            silences=whole.silences,
            inhibit=whole.inhibit,
            sites=whole.sites,
            assets=whole.assets,
            zone=whole.tenant.zone,
        ),
        expected=compile_expected(whole.expected, whole.tenant.zone),
        modes=_frozen(whole.modes),
        responders=responders(whole, Party.INTERNAL),
        overflows=any(row.overflow is not None for row in whole.matrix),
    )


def _compiled_rules(rules: Iterable[ClassificationRule]) -> tuple[tuple[ClassificationRule, Condition], ...]:
    return tuple((rule, compile_conditions(rule.when)) for rule in rules)


def _frozen(mapping: dict[K, V]) -> Mapping[K, V]:
    return MappingProxyType(mapping)
