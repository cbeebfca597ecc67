"""Facts told as a story, the default promises of domain.md 1.4, and the calendar of its worked examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.load import load_tenant
from tandem.model.alert import AlertStatus
from tandem.model.calendar import ALWAYS, Calendar, build_calendar
from tandem.model.events import ClockName, Fact, FactAlert, FactDetail, FactKind, IncidentEvent, SlaClock
from tandem.model.incident import Incident
from tandem.model.ownership import SYSTEM, Actor, Owner, Party
from tandem.model.priority import Priority
from tandem_sla_clock.clauses import Clause
from tandem_sla_clock.course import Run
from tandem_sla_clock.fold import runs
from tandem_sla_clock.timeline import Profile

INCIDENT = UUID("0193a1f0-0000-7000-8000-000000000001")
BOTH = (Party.INTERNAL, Party.MSP)

WORKDAYS = {day: [(time(9), time(17))] for day in range(5)}
HOLIDAYS = [
    *(date(2026, 5, 25), date(2026, 7, 3), date(2026, 9, 7), date(2026, 11, 26), date(2026, 12, 25)),
    *(date(2027, 1, 1), date(2027, 1, 18)),
]
NYBH = build_calendar("nybh", "America/New_York", WORKDAYS, HOLIDAYS, {date(2026, 11, 27): [(time(9), time(13))]})

C, P = ClockName, Priority
MINUTES = {
    (C.DETECT, P.P1): 15, (C.DETECT, P.P2): 30,
    (C.RESPONSE, P.P1): 30, (C.RESPONSE, P.P2): 60,
    (C.JOINT_CALL, P.P1): 60,
    (C.RESOLUTION, P.P1): 240, (C.RESOLUTION, P.P2): 480,
}  # fmt: skip
for _asked in (C.HANDOFF_ACCEPT, C.OBLIGATION_APPROVAL, C.OBLIGATION_INFORMATION):
    MINUTES |= {(_asked, P.P1): 15, (_asked, P.P2): 30}
BUSINESS_HOURS = {(C.RESOLUTION, P.P3): 24, (C.RESOLUTION, P.P4): 40}
for _clock in (C.RESPONSE, C.HANDOFF_ACCEPT, C.OBLIGATION_APPROVAL, C.OBLIGATION_INFORMATION):
    BUSINESS_HOURS |= {(_clock, P.P3): 4, (_clock, P.P4): 8}


def instant(text: str) -> datetime:
    """``2026-11-20T14:00`` as aware UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True)
class DefaultClauses:
    """The targets of domain.md 1.4 with every party's business hours in one calendar."""

    calendar: Calendar = NYBH
    parties: tuple[Party, ...] = BOTH
    calendars: dict[Party, Calendar] = field(default_factory=dict)

    def clause(self, clock: ClockName, priority: Priority, party: Party) -> Clause | None:
        if (clock, priority) in MINUTES:
            return Clause(timedelta(minutes=MINUTES[clock, priority]), ALWAYS)
        if (clock, priority) in BUSINESS_HOURS:
            hours = timedelta(hours=BUSINESS_HOURS[clock, priority])
            return Clause(hours, self.calendars.get(party, self.calendar))
        return None


class Story:
    """The facts of one incident, told in order of arrival; versions count up by themselves."""

    def __init__(
        self,
        detected: str,
        *,
        occurred: str | None = None,
        priority: Priority = Priority.P1,
        responsible: Party = Party.MSP,
        incident_id: UUID = INCIDENT,
        tenant: str = "acme",
    ) -> None:
        self.facts: list[Fact] = []
        self.incident_id, self.tenant = incident_id, tenant
        self.priority, self.responsible = priority, responsible
        onset = instant(occurred or detected)
        alert = FactAlert(dedup_key="disk", occurred_at=onset, received_at=instant(detected))
        self.tell(FactKind.OPENED, detected, alert=alert)

    def tell(
        self,
        kind: FactKind,
        at: str,
        by: Party | None = None,
        *,
        learned: str | None = None,
        alert: FactAlert | None = None,
        **detail: Any,
    ) -> Story:
        """Any fact, effective ``at``, learned then unless said otherwise."""
        fact = Fact(
            tenant=self.tenant,
            incident_id=self.incident_id,
            version=len(self.facts) + 1,
            kind=kind,
            effective_at=instant(at),
            received_at=instant(learned or at),
            priority=self.priority,
            owner=Owner(self.responsible.value),
            responsible_party=self.responsible,
            by=Actor(by, f"{by.value}-person") if by else SYSTEM,
            alert=alert,
            detail=FactDetail(**detail),
        )
        self.facts.append(fact)
        return self

    def acknowledged(self, at: str, by: Party | None = None) -> Story:
        return self.tell(FactKind.ACKNOWLEDGED, at, by or self.responsible)

    def joined(self, at: str, by: Party) -> Story:
        return self.tell(FactKind.JOINED, at, by)

    def resolved(self, at: str, by: Party | None = None, *, learned: str | None = None) -> Story:
        return self.tell(FactKind.RESOLVED, at, by or self.responsible, learned=learned)

    def cleared(self, at: str, *, learned: str | None = None) -> Story:
        """A clear without hold-down: resolved at once."""
        return self.tell(FactKind.RESOLVED, at, learned=learned, auto=True)

    def clear_held(self, at: str, until: str) -> Story:
        alert = FactAlert(dedup_key="disk", status=AlertStatus.RESOLVED)
        return self.tell(FactKind.ALERT_CLEARED, at, alert=alert, hold_until=instant(until))

    def fired(self, at: str) -> Story:
        alert = FactAlert(dedup_key="disk", status=AlertStatus.FIRING)
        return self.tell(FactKind.ALERT_JOINED, at, alert=alert)

    def reopened(self, at: str) -> Story:
        return self.tell(FactKind.REOPENED, at)

    def reprioritised(self, at: str, to: Priority) -> Story:
        self.priority = to
        return self.tell(FactKind.REPRIORITISED, at, to_priority=to)

    def requested(self, at: str, by: Party, obligation_id: str = "o1", obligation: str = "approval") -> Story:
        return self.tell(
            FactKind.REQUESTED,
            at,
            by,
            to_party=by.other,
            obligation_id=obligation_id,
            obligation=obligation,
            blocking=True,
        )

    def answered(self, at: str, by: Party, obligation_id: str = "o1") -> Story:
        return self.tell(FactKind.ANSWERED, at, by, obligation_id=obligation_id)

    def runs(self, now: str | datetime, clauses: DefaultClauses | None = None) -> tuple[Run, ...]:
        at = instant(now) if isinstance(now, str) else now
        return runs(self.facts, clauses or DefaultClauses(), Profile(incident_id=self.incident_id), at)

    def clocks(self, now: str | datetime = "2027-12-31T00:00", clauses: DefaultClauses | None = None) -> Clocks:
        return Clocks(tuple(run.clock for run in self.runs(now, clauses)))


@dataclass(frozen=True)
class Clocks:
    """Clocks of one incident, found by name."""

    all: tuple[SlaClock, ...]

    def one(self, clock: ClockName, party: Party | None = None, cycle: int = 1) -> SlaClock:
        found = [c for c in self.all if c.clock is clock and c.cycle == cycle and party in {None, c.party}]
        assert len(found) == 1, f"{clock}: {found}"
        return found[0]

    @property
    def detect(self) -> SlaClock:
        return self.one(ClockName.DETECT)

    @property
    def response(self) -> SlaClock:
        return self.one(ClockName.RESPONSE)

    @property
    def resolution(self) -> SlaClock:
        return self.one(ClockName.RESOLUTION)

    def joint_call(self, party: Party) -> SlaClock:
        return self.one(ClockName.JOINT_CALL, party)

    def has(self, clock: ClockName) -> bool:
        return any(c.clock is clock for c in self.all)


OFFICE_AND_DESK = """
schema: tandem/agreement/v1
tenant: {id: acme, name: Acme, kind: KIND, mode: live, users: 100, zone: America/New_York}
calendars:
  office:
    zone: America/New_York
    weekly: {mon-fri: 09:00-17:00}
    holidays: [2026-11-26]
    special: {2026-11-27: 09:00-13:00}
people:
  ann: {name: Ann, party: internal}
  mo: {name: Mo, party: msp}
parties:
  internal: {name: Acme IT, calendar: office, accountable: ann}
  msp: {name: Brightwater, calendar: 24x7, accountable: mo}
schedules:
  - {id: ops, zone: America/New_York, party: msp, track: ops, layers: [{people: [mo], anchor: 2026-01-05T09:00:00}]}
  - {id: soc, zone: America/New_York, party: msp, track: soc, layers: [{people: [mo], anchor: 2026-01-05T09:00:00}]}
paths:
  - {id: msp-ops, party: msp, track: ops, steps: [{page: ["schedule:ops"]}]}
  - {id: msp-soc, party: msp, track: soc, steps: [{page: ["schedule:soc"]}]}
functions:
  - {id: storage, name: Storage}
  - {id: unmapped, name: Unmapped}
matrix:
  - {id: storage, function: storage, owner: msp}
sla:
  gold: {priorities: {P2: {response: 20m, detect: 5bh}}}
"""


@cache
def sla_agreement(kind: str = "co-managed") -> Agreement:
    """The internal party works in an office, the MSP around the clock; profile ``gold`` beside the defaults."""
    return compile_agreement(load_tenant(OFFICE_AND_DESK.replace("KIND", kind)), None, version=1)


@dataclass
class SlaBook:
    """An agreement book that holds one version and remembers what it was asked for."""

    agreement: Agreement
    ensured: list[tuple[str, int | None]] = field(default_factory=list)

    async def ensure(self, pairs: Iterable[tuple[str, int | None]]) -> None:
        self.ensured += pairs

    def at(self, tenant: str, version: int) -> Agreement:
        assert (tenant, version) in self.ensured
        return self.agreement


def events_of(story: Story, *, after: int = 0) -> list[IncidentEvent]:
    """The story's facts past version ``after`` as the router publishes them."""
    opened = story.facts[0]
    incident = Incident(
        incident_id=story.incident_id,
        tenant=story.tenant,
        group_key="disk",
        version=1,
        title="Disk full",
        priority=opened.priority,
        owner=opened.owner,
        responsible_party=opened.responsible_party,
        monitoring_owner=Party.MSP,
        function="storage",
        row="storage",
        sla_profile="standard",
        agreement_version=1,
        opened_at=opened.received_at,
        detected_at=opened.received_at,
        occurred_at=(opened.alert.occurred_at if opened.alert else None) or opened.received_at,
    )
    return [
        IncidentEvent(fact=fact, incident=replace(incident, version=fact.version, priority=fact.priority))
        for fact in story.facts[after:]
    ]
