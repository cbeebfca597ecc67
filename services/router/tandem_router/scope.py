"""Who is responsible: the scope matrix's row, the asset's own owner, and the one responsible party at an instant.

Does not decide who is paged (``tracks``) nor how urgent it is (``priority``); hours are ``tandem/agreement/duty.py``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tandem.agreement.compiled import Agreement, RowQuery
from tandem.agreement.duty import Duty, duty
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.schema.scope import AssetSpec
from tandem.model.alert import Alert, Kind
from tandem.model.incident import RaciPeople
from tandem.model.ownership import Mode, Owner, Party, TenantKind, Track
from tandem.model.priority import Priority
from tandem_router import raci
from tandem_router.classify import Classified

SAFETY = "safety"
"""Row id of what no row names (D13)."""
AFTER_HOURS, OVERFLOW = "after_hours", "overflow"
"""Flags of an incident that the MSP has only because of the hours, or of the internal party's full queue."""
HOURS_OVER = "hours_over"
"""Flag of an incident that somebody holds although the hours would give it to the other party."""
RunnersUp = tuple[tuple[str, str], ...]
"""(row, why it does not decide) of the rows that come closest."""
_INTERNAL_NATURES = frozenset({"business_logic", "privileged"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the matrix says about a function, with every default filled in."""

    row: str
    owner: Owner
    lead: Party | None
    """Set when the owner is shared."""
    monitoring_owner: Party
    after_hours: str
    """msp, internal or none: who takes it when the internal party has nobody on duty."""
    sla: str
    mode: Mode
    track: Track | None = None
    paths: Mapping[Party, str] = field(default_factory=dict)
    both_told: bool = False
    night_page: bool = False
    unmapped: bool = False
    overflow: bool = False
    """New incidents go to the MSP while the internal queue is over its limit (R-A6)."""
    raci: RaciPeople = field(default_factory=RaciPeople)
    runbook: str | None = None
    public_communications: str | None = None
    because: str = ""

    @property
    def daytime_party(self) -> Party:
        """The owner, or the lead of a shared row."""
        if self.owner is Owner.SHARED:
            return self.lead or Party.MSP
        return Party(self.owner.value)


@dataclass(frozen=True, slots=True)
class Responsible:
    """Exactly one party, and why."""

    party: Party
    took_over: bool
    """The MSP stands in because the internal party has nobody on duty, or too much to do."""
    because: str
    flag: str | None = None
    """after_hours or overflow, when it stands in."""


def is_managed(agreement: Agreement) -> bool:
    """A client without an internal team: only the MSP acts."""
    return agreement.tenant.kind is TenantKind.MANAGED


def find(classified: Classified, alert: Alert, agreement: Agreement) -> Scope:
    """The most specific row, or the safety row when none names this alert. Never fails."""
    return found_and_others(classified, alert, agreement)[0]


def found_and_others(classified: Classified, alert: Alert, agreement: Agreement) -> tuple[Scope, RunnersUp]:
    """The same, and the rows that come closest to it."""
    asset = classified.asset
    answer = agreement.find_row(
        RowQuery(
            function=classified.function,
            scenario=classified.scenario.value,
            category=classified.category,
            site=classified.site,
            tags=frozenset(asset.tags) if asset is not None else frozenset(),
            severity=alert.severity.value,
            kind=alert.kind.value,
            vendor=alert.vendor,
            data_class=asset.data_class.value if asset is not None and asset.data_class is not None else None,
            host_class=agreement.host_class_of(alert.host),
        )
    )
    if answer.row is None:
        return _safety(agreement, classified.function, alert.kind, asset), answer.runners_up
    return of_row(answer.row, agreement, classified.function, asset), answer.runners_up


def find_by_id(row: str, agreement: Agreement, function: str | None = None) -> Scope:
    """The row that decided an incident, in the agreement's version that decided it; assets are not asked again."""
    found = agreement.row_of.get(row)
    return of_row(found, agreement, function) if found is not None else _safety(agreement, function)


def of_row(row: ScopeRow, agreement: Agreement, function: str | None = None, asset: AssetSpec | None = None) -> Scope:
    """``row`` with its defaults for an alert of ``function`` about ``asset``; a managed tenant has the MSP only."""
    if asset is not None and asset.owner is not None:
        return _worked_out(row, agreement, function, asset)
    # The same for every alert of the function.
    key = ("scope", row.id, function)
    known: Scope | None = agreement.kept.get(key)
    if known is None:
        known = agreement.kept[key] = _worked_out(row, agreement, function, None)
    return known


def _worked_out(row: ScopeRow, agreement: Agreement, function: str | None, asset: AssetSpec | None) -> Scope:
    owner, lead = row.owner, row.lead
    said = owner.value if owner is not Owner.SHARED else f"shared, {lead.value if lead else 'msp'} leads"
    if is_managed(agreement):
        owner, lead = Owner.MSP, None
        said = "msp's, as everything of a managed client"
    elif asset is not None and asset.owner is not None and asset.owner.value != owner.value:
        owner, lead = Owner(asset.owner.value), None
        said = f"{said}; but asset {asset.id} is {asset.owner.value}'s own"
    return Scope(
        row=row.id,
        owner=owner,
        lead=(lead or Party.MSP) if owner is Owner.SHARED else None,
        monitoring_owner=Party.MSP if is_managed(agreement) else row.monitoring_owner,
        after_hours=row.after_hours or "msp",
        sla=row.sla,
        mode=row.mode or agreement.modes.get(function or "", agreement.tenant.mode),
        track=row.track,
        paths=row.paths,
        both_told=row.both_told,
        night_page=row.night == "page",
        overflow=row.overflow is not None,
        raci=raci.people_of(row, agreement),
        runbook=agreement.runbooks.get(row.runbook or function or "", row.runbook),
        public_communications=row.public_communications,
        because=f"row {row.id}: {said}",
    )


def _safety(
    agreement: Agreement,
    function: str | None = None,
    kind: Kind | None = None,
    asset: AssetSpec | None = None,
) -> Scope:
    """Nobody wrote this row, so the safety row's lead takes it and both parties are told."""
    managed = is_managed(agreement)
    lead, why = (Party.MSP, "the client is managed") if managed else _default_lead(agreement, function, kind, asset)
    return Scope(
        row=SAFETY,
        owner=Owner.MSP if managed else Owner.SHARED,
        lead=None if managed else lead,
        monitoring_owner=Party.MSP,
        after_hours="msp",
        sla=agreement.safety.sla,
        mode=agreement.modes.get(function or "", agreement.tenant.mode),
        unmapped=True,
        raci=raci.people_of(None, agreement),
        because=f"no row of the matrix names it: the safety row takes it, {lead.value} leads ({why})",
    )


def _default_lead(
    agreement: Agreement, function: str | None, kind: Kind | None, asset: AssetSpec | None
) -> tuple[Party, str]:
    """R-P7: business logic and privileged work are the internal team's, everything else the MSP's; and why."""
    if asset is not None and asset.owner is not None:
        return asset.owner, f"asset {asset.id} is {asset.owner.value}'s own"
    if agreement.safety.lead is not None:
        return agreement.safety.lead, "the agreement says so"
    spec = agreement.functions.get(function or "")
    nature = spec.nature if spec is not None else None
    if nature is not None:
        party = Party.INTERNAL if nature in _INTERNAL_NATURES else Party.MSP
        return party, f"{function} is {nature.replace('_', ' ')}"
    return Party.MSP, f"a {kind.value} tool watches it" if kind is not None else "nothing says whose work it is"


def responsible(scope: Scope, priority: Priority, on_duty: Duty) -> Responsible:
    """The owner or lead; after hours the row's after-hours party takes what pages (R-A4)."""
    party = scope.daytime_party
    if party is Party.MSP or on_duty.on_duty or not priority.pages:
        return Responsible(party, took_over=False, because=f"{party.value} is responsible")
    if scope.after_hours == Party.MSP.value:
        because = f"{on_duty.because}, so msp takes {priority.value} after hours"
        return Responsible(Party.MSP, took_over=True, because=because, flag=AFTER_HOURS)
    return Responsible(
        party, took_over=False, because=f"{on_duty.because}; the row keeps it with {party.value} after hours"
    )


def duty_of(scope: Scope, agreement: Agreement, now: datetime) -> Duty:
    """Whether the internal party has somebody on duty for what the row is about (R-A4)."""
    return duty(agreement, now, scope.raci.responsible)


def overflowed(scope: Scope, on_duty: Duty, queue: str) -> Responsible | None:
    """The MSP, when the row allows it and ``queue`` says in words that the internal queue is full (R-A6).

    In business hours only: after hours the hours decide.
    """
    if not queue or not scope.overflow or not on_duty.on_duty or scope.daytime_party is not Party.INTERNAL:
        return None
    return Responsible(Party.MSP, took_over=True, because=f"overflow: {queue}, so msp takes it", flag=OVERFLOW)
