"""A notifier without I/O: the stage's own planning driven by a manual clock, timers and pages as lists.

``Ladder`` plays router and SLA clock by handing in facts and SLA events, fires timers in order when time moves, and
keeps every page by when it would have been sent.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tandem.agreement.compiled import Agreement, RowAnswer
from tandem.agreement.rules import rule_index
from tandem.agreement.schema.documents import SafetyRow, TenantSpec
from tandem.agreement.schema.hours import Timing
from tandem.agreement.schema.people import Contact, PartySpec, PathSpec, PersonSpec, ScheduleSpec, Step
from tandem.agreement.schema.scope import DecisionRules, ImpactMatrix, PriorityTable
from tandem.db.timers import DueTimer
from tandem.model.calendar import ALWAYS, Calendar
from tandem.model.events import (
    ClockName,
    ClockState,
    Fact,
    FactAlert,
    FactDetail,
    FactKind,
    IncidentEvent,
    PageEvent,
    PageEventKind,
    SlaClock,
    SlaEvent,
    SlaEventKind,
)
from tandem.model.incident import Acknowledgement, Incident, IncidentState
from tandem.model.ownership import SYSTEM, Actor, Mode, Owner, Party, TenantKind, Track
from tandem.model.priority import Priority
from tandem_notifier.batch import ANSWERED, DUE, FAILED, Batch
from tandem_notifier.case import Case
from tandem_notifier.paging import SENDING, Page

INTERNAL, MSP = Party.INTERNAL, Party.MSP
START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
INCIDENT_ID = UUID("018f0000-0000-7000-8000-000000000001")
MINUTE = timedelta(minutes=1)


def person(party: Party, *channels: str, **fields: Any) -> PersonSpec:
    contacts = tuple(Contact(channel=channel, to=f"https://pager.example/{channel}") for channel in channels)  # type: ignore[arg-type]
    return PersonSpec(name="Somebody", party=party, contacts=contacts, **fields)


PEOPLE: Mapping[str, PersonSpec] = {
    "ina": person(INTERNAL, "webhook"),
    "ivo": person(INTERNAL, "webhook"),
    "isa": person(INTERNAL, "webhook"),
    "iris": person(INTERNAL, "webhook"),
    "max": person(MSP, "webhook"),
    "mia": person(MSP, "webhook"),
    "moe": person(MSP, "webhook"),
    "meg": person(MSP, "webhook"),
}


def step(after: int, *page: str) -> Step:
    return Step(after=timedelta(minutes=after), page=page)


def path(party: Party, track: Track, *steps: Step, **fields: Any) -> PathSpec:
    return PathSpec(id=f"{party.value}-{track.value}", party=party, track=track, steps=steps, **fields)


PATHS = (
    path(INTERNAL, Track.OPS, step(0, "person:ina"), step(5, "person:ivo"), step(5, "senior:internal"), repeat=1),
    path(MSP, Track.OPS, step(0, "person:max"), step(5, "person:mia"), repeat=1),
    path(INTERNAL, Track.SOC, step(0, "person:iris"), repeat=1),
    path(MSP, Track.SOC, step(0, "person:max"), repeat=1),
)
PARTIES = {
    INTERNAL: PartySpec(
        name="IT", calendar="24x7", accountable="isa", senior_ops="iris", security_contact="iris",
        team=Contact(channel="email", to="it@acme.example"),
    ),
    MSP: PartySpec(
        name="MSP", calendar="24x7", accountable="meg", senior_ops="moe", senior_soc="moe",
        team=Contact(channel="email", to="noc@msp.example"),
    ),
}  # fmt: skip


def agreement(
    *,
    paths: Iterable[PathSpec] = PATHS,
    people: Mapping[str, PersonSpec] = PEOPLE,
    schedules: Iterable[ScheduleSpec] = (),
    parties: Mapping[Party, PartySpec] | None = None,
    calendars: Mapping[str, Calendar] | None = None,
) -> Agreement:
    return Agreement(
        version=1,
        tenant=TenantSpec(id="acme", name="Acme", kind=TenantKind.CO_MANAGED, mode=Mode.LIVE),
        provider=None,
        parties=parties or PARTIES,
        calendars={"24x7": ALWAYS, **(calendars or {})},
        people=people,
        schedules={schedule.id: schedule for schedule in schedules},
        paths={each.id: each for each in paths},
        functions={},
        sites={},
        assets={},
        classification=(),
        find_rule=rule_index(()),
        rows=(),
        find_row=lambda _query: RowAnswer(None),
        priorities=PriorityTable(),
        impact=ImpactMatrix(),
        rules=DecisionRules(),
        timing=Timing(),
        sla={},
        safety=SafetyRow(),
    )


def incident(**fields: Any) -> Incident:
    """An open P1 of internal IT, operations track."""
    base: dict[str, Any] = {
        "incident_id": INCIDENT_ID,
        "tenant": "acme",
        "number": 7,
        "group_key": "disk",
        "version": 1,
        "title": "Disk full on srv-1",
        "priority": Priority.P1,
        "owner": Owner.INTERNAL,
        "responsible_party": INTERNAL,
        "monitoring_owner": MSP,
        "must_acknowledge": (INTERNAL,),
        "function": "servers",
        "row": "servers",
        "sla_profile": "standard",
        "paths": {party: f"{party.value}-{fields.get('track', Track.OPS).value}" for party in Party},
        "agreement_version": 1,
        "opened_at": START,
        "detected_at": START,
        "occurred_at": START,
    }
    return Incident(**(base | fields))


def event(state: Incident, kind: FactKind, at: datetime, *, by: Actor = SYSTEM, **detail: Any) -> IncidentEvent:
    fact = Fact(
        tenant=state.tenant,
        incident_id=state.incident_id,
        version=state.version,
        kind=kind,
        effective_at=at,
        received_at=at,
        priority=state.priority,
        owner=state.owner,
        responsible_party=state.responsible_party,
        by=by,
        alert=FactAlert(alert_id=UUID(int=1)) if kind is FactKind.OPENED else None,
        detail=FactDetail(**detail),
    )
    return IncidentEvent(fact=fact, incident=state)


@dataclass
class Ladder:
    """One incident walked through time."""

    agreement: Agreement
    incident: Incident
    now: datetime = START
    pages: list[Page] = field(default_factory=list)
    events: list[PageEvent] = field(default_factory=list)
    due: datetime | None = None
    case: Case | None = None

    def open(self) -> Ladder:
        self._plan(lambda batch: batch.on_incident(event(self.incident, FactKind.OPENED, self.now)))
        return self

    def fact(
        self, kind: FactKind, *, by: Actor = SYSTEM, detail: Mapping[str, Any] | None = None, **change: Any
    ) -> None:
        self.incident = replace(self.incident, version=self.incident.version + 1, **change)
        happened = event(self.incident, kind, self.now, by=by, **(detail or {}))
        self._plan(lambda batch: batch.on_incident(happened))

    def acknowledge(self, party: Party, who: str) -> None:
        acknowledged = {**self.incident.acknowledged, party: Acknowledgement(person=who, at=self.now)}
        mine = party is self.incident.responsible_party
        state = IncidentState.ACKNOWLEDGED if mine else self.incident.state
        self.fact(FactKind.ACKNOWLEDGED, by=Actor(party, who), acknowledged=acknowledged, state=state)

    def sla(self, kind: SlaEventKind, clock: ClockName = ClockName.RESPONSE, threshold: int | None = None) -> None:
        party = self.incident.responsible_party
        running = SlaClock(
            incident_id=INCIDENT_ID, clock=clock, party=party, cycle=self.incident.cycle, start=START,
            priority=self.incident.priority, target=30 * MINUTE, due=START + 30 * MINUTE, state=ClockState.RUNNING,
        )  # fmt: skip
        happened = SlaEvent(
            tenant="acme", incident_version=1, kind=kind, at=self.now, emitted_at=self.now, threshold=threshold,
            clock=running,
        )  # fmt: skip
        self._plan(lambda batch: batch.on_sla(happened))

    def fail(self, page: Page) -> None:
        self._timer(FAILED + str(page.page_id))

    def answer(self, page: Page) -> None:
        self._timer(ANSWERED + str(page.page_id))

    def forward(self, minutes: float) -> None:
        """Move time; timers that become due on the way fire at their instants."""
        end = self.now + minutes * MINUTE
        while self.due is not None and self.due <= end:
            self.now = max(self.now, self.due)
            self._timer(DUE)
        self.now = end

    def late(self, minutes: float) -> None:
        """Move time as if the service had been down: the timer fires once, at the end."""
        self.now += minutes * MINUTE
        if self.due is not None and self.due <= self.now:
            self._timer(DUE)

    def called(self) -> list[tuple[float, str]]:
        """(minutes after the start, person) of every page that was sent, told ones left out."""
        return [((page.planned_at - START) / MINUTE, page.person) for page in self.pages if not page.told]

    def people(self) -> list[str]:
        return [who for _, who in self.called()]

    def told(self) -> list[tuple[float, str, str]]:
        """(minutes after the start, party, why) of what was told."""
        return [
            ((p.planned_at - START) / MINUTE, p.party.value, p.path.removeprefix("tell:")) for p in self.pages if p.told
        ]

    def kinds(self) -> list[PageEventKind]:
        return [happened.kind for happened in self.events]

    def _timer(self, kind: str) -> None:
        timer = DueTimer("acme", str(INCIDENT_ID), kind, self.now)
        if kind == DUE:
            self.due = None
        self._plan(lambda batch: batch.on_timer(timer))

    def _plan(self, act: Any) -> None:
        known = {INCIDENT_ID: copy.deepcopy(self.case)} if self.case is not None else {}
        batch = Batch(known, lambda _tenant, _version: self.agreement, "https://tandem.example", self.now)
        act(batch)
        for outcome in batch.outcomes.values():
            self.case, self.due = outcome.case, outcome.next_due
            self.pages.extend(page for page in outcome.pages if page.state == SENDING)
            self.events.extend(outcome.events)
