"""A tenant's document and its provider's, compiled into the one value every service asks. Once per version; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from tandem.agreement.business_hours import build_calendars
from tandem.agreement.compiled import Agreement, default_path
from tandem.agreement.conditions import Condition, compile_conditions
from tandem.agreement.coverage.duty import responders
from tandem.agreement.defaults import defaults, filled_impact, filled_profiles, ladder_path
from tandem.agreement.expected import compile_expected
from tandem.agreement.matrix import deciding_order, row_finder
from tandem.agreement.merge import merge, merge_priorities
from tandem.agreement.patterns import compile_glob
from tandem.agreement.proof.vocabulary import space_of
from tandem.agreement.rules import rule_index
from tandem.agreement.schema.documents import ProviderDocument, SharedParts, TenantDocument
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.schema.people import PathSpec, ScheduleSpec
from tandem.agreement.schema.scope import AssetSpec, ClassificationRule, FunctionSpec
from tandem.agreement.suppressors import compile_suppressions
from tandem.errors import AgreementError, Problem
from tandem.model.ownership import Mode, Owner, Party, TenantKind, Track

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
    rows = deciding_order((_completed(row, whole, paths) for row in whole.matrix), space)
    rules = _compiled_rules(whole.classification)
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


def all_paths(document: SharedParts) -> dict[str, PathSpec]:
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


def host_classes(classes: Mapping[str, Iterable[str]]) -> Callable[[str | None], str | None]:
    """Host -> the first class with a glob that fits it, without case; None without a host or a class."""
    compiled = [(name, [compile_glob(glob.casefold()) for glob in globs]) for name, globs in classes.items()]

    def class_of(host: str | None) -> str | None:
        folded = host.casefold() if host else ""
        fitting = (name for name, globs in compiled if any(glob.fullmatch(folded) for glob in globs))
        return next(fitting, None) if folded else None

    return class_of


def _completed(row: ScopeRow, document: TenantDocument, paths: Mapping[str, PathSpec]) -> ScopeRow:
    """``row`` with its defaults: track, paths of both parties, who takes it after hours, mode."""
    track = row.track or track_of(row.function or (), document.functions)
    found = {party: default_path(paths, party, track) for party in Party}
    chosen = {party: path.id for party, path in found.items() if path is not None} | row.paths
    return row.model_copy(
        update={
            "track": track,
            "paths": chosen,
            "after_hours": row.after_hours or _after_hours(row, document),
            "mode": row.mode or _mode_of(row, document),
        }
    )


def _mode_of(row: ScopeRow, document: TenantDocument) -> Mode | None:
    """The mode of the row's functions where ``modes`` says one for all alike; None: it follows the alert's function."""
    if not row.function and document.modes:
        return None
    said = {document.modes.get(name, document.tenant.mode) for name in row.function or ()} or {document.tenant.mode}
    return said.pop() if len(said) == 1 else None


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
