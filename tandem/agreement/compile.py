"""A tenant's document and its provider's, compiled into the one value every service asks. Once per version; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from tandem.agreement.business_hours import build_calendars
from tandem.agreement.compiled import Agreement, default_path
from tandem.agreement.conditions import Condition, compile_conditions
from tandem.agreement.defaults import defaults, filled_profiles, ladder_path
from tandem.agreement.matrix import deciding_order, row_finder
from tandem.agreement.merge import merge, merge_priorities
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.people import PathSpec, ScheduleSpec
from tandem.agreement.schema.scope import AssetSpec, ClassificationRule, FunctionSpec, ScopeRow
from tandem.errors import AgreementError, Problem
from tandem.model.ownership import Owner, Party, TenantKind, Track

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
    rows = deciding_order((_completed(row, whole, paths) for row in whole.matrix), (site.id for site in whole.sites))
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
        classification=_compiled_rules(whole.classification),
        rows=tuple(entry.row for entry in rows),
        find_row=row_finder(rows),
        priorities=merge_priorities(whole.priorities, defaults().priorities),
        rules=whole.rules,
        timing=whole.timing,
        sla=_frozen(filled_profiles(whole.sla)),
        safety=whole.safety,
        hosts=_frozen(hosts_of(whole.assets)),
    )


def all_paths(document: TenantDocument) -> dict[str, PathSpec]:
    """The document's paths by id, and the default ladder for a party and track that have a schedule but no path."""
    paths = {path.id: path for path in document.paths}
    for party in Party:
        for track in Track:
            schedule = _schedule_of(document.schedules, party, track)
            if schedule is not None and not any((p.party, p.track) == (party, track) for p in document.paths):
                made = ladder_path(schedule, party, track)
                paths.setdefault(made.id, made)
    return paths


def hosts_of(assets: Iterable[AssetSpec]) -> dict[str, str]:
    """Case-folded host -> asset id; an asset's id is one of its hosts, and an explicit host beats another's id."""
    listed = {host.casefold(): asset.id for asset in assets for host in asset.hosts}
    return {asset.id.casefold(): asset.id for asset in assets} | listed


def _completed(row: ScopeRow, document: TenantDocument, paths: Mapping[str, PathSpec]) -> ScopeRow:
    """``row`` with its defaults: track, paths of both parties, who takes it after hours, mode."""
    track = row.track or track_of(row.function, document.functions)
    found = {party: default_path(paths, party, track) for party in Party}
    chosen = {party: path.id for party, path in found.items() if path is not None} | row.paths
    return row.model_copy(
        update={
            "track": track,
            "paths": chosen,
            "after_hours": row.after_hours or _after_hours(row, document),
            "mode": row.mode or document.tenant.mode,
        }
    )


def _after_hours(row: ScopeRow, document: TenantDocument) -> str:
    if row.owner is Owner.MSP or document.tenant.kind is TenantKind.MANAGED:
        return "msp"
    return "msp" if Party.MSP in document.parties else "internal"


def track_of(functions: Iterable[str], known: Iterable[FunctionSpec]) -> Track:
    """The track of the first declared function; an undeclared one is operations."""
    tracks = {function.id: function.track for function in known}
    return next((tracks[name] for name in functions if name in tracks), Track.OPS)


def _schedule_of(schedules: Iterable[ScheduleSpec], party: Party, track: Track) -> ScheduleSpec | None:
    own = [schedule for schedule in schedules if (schedule.party, schedule.track) == (party, track)]
    return own[0] if len(own) == 1 else None


def _compiled_rules(rules: Iterable[ClassificationRule]) -> tuple[tuple[ClassificationRule, Condition], ...]:
    return tuple((rule, compile_conditions(rule.when)) for rule in rules)


def _frozen(mapping: dict[K, V]) -> Mapping[K, V]:
    return MappingProxyType(mapping)
