"""Who is responsible: the scope matrix's row, the internal party's hours, and the one responsible party.

Does not decide who is paged (``tracks``) nor how urgent it is (``priority``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from tandem.agreement.compiled import Agreement, RowQuery
from tandem.agreement.schema.scope import ScopeRow
from tandem.model.ownership import Mode, Owner, Party, TenantKind, Track
from tandem.model.priority import Priority
from tandem_router.classify import Classified

SAFETY = "safety"
"""Row id of what no row names (D13)."""


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
    runners_up: tuple[tuple[str, str], ...] = ()
    because: str = ""

    @property
    def daytime_party(self) -> Party:
        """The owner, or the lead of a shared row."""
        if self.owner is Owner.SHARED:
            return self.lead or Party.MSP
        return Party(self.owner.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Whether the internal party has somebody on duty at an instant (R-A4)."""

    on_duty: bool
    calendar: str
    zone: str
    local: str
    """The instant on the internal party's wall clock."""
    because: str


@dataclass(frozen=True, slots=True)
class Responsible:
    """Exactly one party, and why."""

    party: Party
    took_over: bool
    """The MSP stands in because the internal party has nobody on duty."""
    because: str


def is_managed(agreement: Agreement) -> bool:
    """A client without an internal team: only the MSP acts."""
    return agreement.tenant.kind is TenantKind.MANAGED


def find(classified: Classified, severity: str, agreement: Agreement) -> Scope:
    """The most specific row, or the safety row when none names this alert. Never fails."""
    asset = classified.asset
    answer = agreement.find_row(
        RowQuery(
            function=classified.function,
            category=classified.category,
            site=classified.site,
            asset_tags=frozenset(asset.tags) if asset is not None else frozenset(),
            severity=severity,
        )
    )
    if answer.row is None:
        return _safety(agreement, answer.runners_up)
    return of_row(answer.row, agreement, answer.runners_up)


def find_by_id(row: str, agreement: Agreement) -> Scope:
    """The row that decided an incident, in the agreement's version that decided it."""
    for candidate in agreement.rows:
        if candidate.id == row:
            return of_row(candidate, agreement)
    return _safety(agreement)


def of_row(row: ScopeRow, agreement: Agreement, runners_up: tuple[tuple[str, str], ...] = ()) -> Scope:
    """``row`` with its defaults; a managed tenant has the MSP only."""
    owner, lead = row.owner, row.lead
    said = owner.value if owner is not Owner.SHARED else f"shared, {lead.value if lead else 'msp'} leads"
    if is_managed(agreement):
        owner, lead = Owner.MSP, None
        said = "msp's, as everything of a managed client"
    return Scope(
        row=row.id,
        owner=owner,
        lead=(lead or Party.MSP) if owner is Owner.SHARED else None,
        monitoring_owner=Party.MSP if is_managed(agreement) else row.monitoring_owner,
        after_hours=row.after_hours or "msp",
        sla=row.sla,
        mode=row.mode or agreement.tenant.mode,
        track=row.track,
        paths=row.paths,
        both_told=row.both_told,
        night_page=row.night == "page",
        runners_up=runners_up,
        because=f"row {row.id}: {said}",
    )


def _safety(agreement: Agreement, runners_up: tuple[tuple[str, str], ...] = ()) -> Scope:
    """Nobody wrote this row, so the safety row's lead takes it and both parties are told."""
    managed = is_managed(agreement)
    lead = Party.MSP if managed else agreement.safety.lead
    return Scope(
        row=SAFETY,
        owner=Owner.MSP if managed else Owner.SHARED,
        lead=None if managed else lead,
        monitoring_owner=Party.MSP,
        after_hours="msp",
        sla=agreement.safety.sla,
        mode=agreement.tenant.mode,
        unmapped=True,
        runners_up=runners_up,
        because=f"no row of the matrix names it: the safety row takes it, {lead.value} leads",
    )


def duty(agreement: Agreement, now: datetime) -> Duty:
    """Calendar, holidays and absences of the internal party together; one absence of two people is no night."""
    calendar = agreement.calendar_of(Party.INTERNAL)
    local = now.astimezone(calendar.zone)
    is_open = calendar.is_open(now)
    absent = is_open and _all_absent(agreement, local.date())
    zone = str(calendar.zone)
    shown = local.strftime("%a %Y-%m-%d %H:%M")
    if absent:
        why = f"everybody of the internal team is absent on {local.date().isoformat()}"
    else:
        why = f"internal hours are {'open' if is_open else 'closed'} ({shown} {zone})"
    return Duty(on_duty=is_open and not absent, calendar=calendar.name, zone=zone, local=shown, because=why)


def _all_absent(agreement: Agreement, day: date) -> bool:
    team = [person for person in agreement.people.values() if person.party is Party.INTERNAL]
    return bool(team) and all(any(a.first <= day <= a.last for a in person.absences) for person in team)


def responsible(scope: Scope, priority: Priority, on_duty: Duty) -> Responsible:
    """The owner or lead; after hours the row's after-hours party takes what pages (R-A4)."""
    party = scope.daytime_party
    if party is Party.MSP or on_duty.on_duty or not priority.pages:
        return Responsible(party, took_over=False, because=f"{party.value} is responsible")
    if scope.after_hours == Party.MSP.value:
        return Responsible(
            Party.MSP, took_over=True, because=f"{on_duty.because}, so msp takes {priority.value} after hours"
        )
    return Responsible(
        party, took_over=False, because=f"{on_duty.because}; the row keeps it with {party.value} after hours"
    )
