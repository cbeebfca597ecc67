"""One batch folded in order over its incidents, in memory: what changed, what was decided, what was refused.

Pure: ids come from what arrived, numbers and incidents from what was loaded. Several alerts of one group in a batch
meet the incident that the first of them opened. Writing it down is ``store``'s, publishing ``service``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.bus.plan import DueTimer
from tandem.errors import PoisonRecord
from tandem.model.alert import Alert, AlertStatus
from tandem.model.events import Command, CommandKind, IncidentEvent
from tandem.model.incident import Incident, IncidentState
from tandem_router import incident as machine
from tandem_router.classify import Classified, classify
from tandem_router.commands import Outcome, Refusal, apply_command, clean
from tandem_router.decide import NOTHING_OPEN, Routing, Situation, decide, decide_raised
from tandem_router.grouping import condition_of, dedup_group, group_key, is_plain
from tandem_router.incident import Change

HOLD_DOWN = "hold_down"
"""Kind of the router's timers; their key is the incident's id."""

Membership = tuple[str, str]
"""(tenant, dedup key)."""


class Agreements(Protocol):
    """The agreements in memory (``tandem/policy/book.py``)."""

    async def ensure(self, pairs: Iterable[tuple[str, int | None]]) -> None:
        """Load what is missing; version None is the active one."""
        ...

    def active(self, tenant: str) -> Agreement | None:
        """The active version, None when the tenant has none."""
        ...

    def at(self, tenant: str, version: int) -> Agreement:
        """A version that was ensured."""
        ...


@dataclass(slots=True, kw_only=True)
class Loaded:
    """What the database knew when the batch began, and the classification that the look-up needed."""

    incidents: list[Incident] = field(default_factory=list)
    """Locked: of the alerts' groups the latest, and those of commands and timers."""
    members: dict[Membership, UUID] = field(default_factory=dict)
    """Incident of a dedup key that was grouped with others."""
    seen: set[UUID] = field(default_factory=set)
    """Alert ids that were routed before."""
    done: set[UUID] = field(default_factory=set)
    """Command ids that were answered before."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Last incident number per tenant."""
    classified: dict[UUID, tuple[Classified, str]] = field(default_factory=dict)
    """Alert id -> classification and group key by the active agreement."""


@dataclass(frozen=True, slots=True)
class Decided:
    """An alert with its one decision; no incident for a clear that nobody waits for."""

    alert: Alert
    incident_id: UUID | None
    agreement_version: int
    outcome: str
    """opened, joined, repeated, reopened, cleared or ignored."""
    routing: Routing


@dataclass(frozen=True, slots=True)
class Answered:
    """A command with its outcome; ``version`` is the incident's afterwards."""

    command: Command
    refusal: Refusal | None
    version: int


class Batch:
    """The working set of one batch. Feed it in order, then read its results."""

    def __init__(self, loaded: Loaded, agreements: Agreements, now: datetime, new_id: Callable[[Alert], UUID]) -> None:
        """``loaded`` is consumed: numbers and memberships move on in place. ``new_id`` is pure."""
        self._new_id = new_id
        self._loaded = loaded
        self._agreements = agreements
        self._now = now
        self.before: Mapping[UUID, Incident] = {incident.incident_id: incident for incident in loaded.incidents}
        self.incidents: dict[UUID, Incident] = dict(self.before)
        self.events: list[IncidentEvent] = []
        self.decided: list[Decided] = []
        self.answered: list[Answered] = []
        self.joined: dict[Membership, UUID] = {}
        self.numbered: dict[str, int] = {}
        self.duplicates = 0
        self.claimed: set[UUID] = set()
        self._latest = self._index(loaded.incidents)

    @staticmethod
    def _index(incidents: list[Incident]) -> dict[Membership, UUID]:
        """The incident of each group: the one that is not resolved, else the latest."""
        ranked = sorted(incidents, key=lambda i: (i.state is not IncidentState.RESOLVED, i.opened_at, i.incident_id))
        return {(incident.tenant, incident.group_key): incident.incident_id for incident in ranked}

    def take_alert(self, alert: Alert) -> None:
        """Open, join, clear or drop."""
        if alert.alert_id in self._loaded.seen:
            self.duplicates += 1
            return
        self._loaded.seen.add(alert.alert_id)
        agreement = active(self._agreements, alert.tenant)
        found, key = self._loaded.classified.get(alert.alert_id) or place(alert, agreement)
        incident = self._incident_of(alert, key)
        if alert.status is AlertStatus.RESOLVED:
            self._clear(alert, incident, agreement, found)
        elif incident is None or self._is_over(incident, alert.received_at):
            self._open(alert, agreement, found, incident)
        else:
            self._join(alert, incident)

    def take_command(self, command: Command) -> None:
        """Apply or refuse; each command is answered once."""
        if command.command_id in self._loaded.done:
            self.duplicates += 1
            return
        self._loaded.done.add(command.command_id)
        outcome = self._raise(command) if command.kind is CommandKind.RAISE else self._wish(command)
        if isinstance(outcome, Refusal):
            known = self.incidents.get(command.incident_id)
            version = known.version if known is not None and known.tenant == command.tenant else 0
            self.answered.append(Answered(command, outcome, version))
            return
        self._keep(outcome)
        self.answered.append(Answered(command, None, outcome.incident.version))

    def take_timer(self, timer: DueTimer) -> None:
        """A hold-down that may be over; looked at again, never trusted."""
        incident = self.incidents.get(UUID(timer.key))
        if timer.kind == HOLD_DOWN and incident is not None:
            self.claimed.add(incident.incident_id)
            self._settled(incident, self._now)

    def _incident_of(self, alert: Alert, key: str) -> Incident | None:
        """The running incident that holds this dedup key, whatever its words are now; else the group's latest."""
        member = self._loaded.members.get((alert.tenant, condition_of(alert)))
        alone = self._latest.get((alert.tenant, dedup_group(alert)))
        for holder in (member, alone):
            incident = self._settled_at(holder, alert.received_at)
            if incident is not None and incident.state is not IncidentState.RESOLVED:
                return incident
        return self._settled_at(self._latest.get((alert.tenant, key)), alert.received_at)

    def _settled_at(self, incident_id: UUID | None, at: datetime) -> Incident | None:
        incident = self.incidents.get(incident_id) if incident_id is not None else None
        return self._settled(incident, at) if incident is not None else None

    def _settled(self, incident: Incident, at: datetime) -> Incident:
        """The incident after its hold-down, if that was over at ``at``."""
        change = machine.expire_hold_down(incident, at)
        self._keep(change)
        return change.incident

    def _agreement_of(self, incident: Incident) -> Agreement:
        """The version it was opened with (R-E3)."""
        return self._agreements.at(incident.tenant, incident.agreement_version)

    def _is_over(self, incident: Incident, at: datetime) -> bool:
        resolved = incident.state is IncidentState.RESOLVED
        return resolved and not machine.may_reopen(incident, at, self._agreement_of(incident))

    def _open(self, alert: Alert, agreement: Agreement, found: Classified, before: Incident | None) -> None:
        routing = decide(alert, agreement, NOTHING_OPEN, self._now, classified=found)
        change = machine.open_incident(
            routing,
            alert,
            incident_id=self._new_id(alert),
            number=self._next_number(alert.tenant),
            now=self._now,
            recurrence_of=before.incident_id if before is not None else None,
        )
        self._decide(alert, change, routing, "opened")

    def _join(self, alert: Alert, incident: Incident) -> None:
        agreement = self._agreement_of(incident)
        running = incident.state is not IncidentState.RESOLVED
        routing = decide(alert, agreement, Situation(incident if running else None), self._now)
        change = machine.join_alert(incident, alert, routing)
        outcome = "joined" if change.events else "repeated"
        self._decide(alert, change, routing, outcome if running else "reopened")

    def _clear(self, alert: Alert, incident: Incident | None, agreement: Agreement, found: Classified) -> None:
        if incident is None:
            routing = decide(alert, agreement, NOTHING_OPEN, self._now, classified=found)
            self.decided.append(Decided(alert, None, agreement.version, "ignored", routing))
            return
        agreement = self._agreement_of(incident)
        routing = decide(alert, agreement, Situation(incident), self._now)
        change = machine.clear_alert(incident, alert, agreement, self._now)
        self._decide(alert, change, routing, "cleared" if change.events else "ignored")

    def _decide(self, alert: Alert, change: Change, routing: Routing, outcome: str) -> None:
        incident = change.incident
        self._keep(change)
        self.decided.append(Decided(alert, incident.incident_id, routing.agreement_version, outcome, routing))
        if alert.status is AlertStatus.FIRING and not is_plain(incident.group_key):
            member = (alert.tenant, condition_of(alert))
            self.joined[member] = self._loaded.members[member] = incident.incident_id

    def _raise(self, command: Command) -> Outcome:
        if command.incident_id in self.incidents:
            return Refusal("an incident of this id exists already")
        agreement = active(self._agreements, command.tenant)
        detail = replace(command.detail, title=(clean(command.detail.title) or "")[:300] or None)
        command = replace(command, detail=replace(detail, text=clean(detail.text), asset=clean(detail.asset)))
        routing = decide_raised(command, agreement, self._now)
        number = self._next_number(command.tenant)
        return machine.raise_incident(routing, command, number=number, now=self._now)

    def _wish(self, command: Command) -> Outcome:
        incident = self.incidents.get(command.incident_id)
        if incident is None or incident.tenant != command.tenant:
            return Refusal("no such incident")
        if (
            command.kind is CommandKind.REOPEN
            and self._latest[incident.tenant, incident.group_key] != command.incident_id
        ):
            return Refusal("a newer incident of the same condition exists")
        incident = self._settled(incident, command.at)
        return apply_command(incident, command, self._agreement_of(incident), self._now)

    def _keep(self, change: Change) -> None:
        incident = change.incident
        self.incidents[incident.incident_id] = incident
        self.events.extend(change.events)
        if incident.state is not IncidentState.RESOLVED:
            self._latest[incident.tenant, incident.group_key] = incident.incident_id

    def _next_number(self, tenant: str) -> int:
        number = self._loaded.numbers.get(tenant, 0) + 1
        self._loaded.numbers[tenant] = self.numbered[tenant] = number
        return number


def active(agreements: Agreements, tenant: str) -> Agreement:
    """The tenant's active agreement.

    Raises:
        PoisonRecord: it has none, so nobody can be told who is responsible; the record goes to quarantine.
    """
    agreement = agreements.active(tenant)
    if agreement is None:
        raise PoisonRecord(f"tenant {tenant[:64]!r} has no active agreement")
    return agreement


def place(alert: Alert, agreement: Agreement) -> tuple[Classified, str]:
    """Classification and group key of an alert: what the look-up of its incident needs."""
    found = classify(alert, agreement)
    return found, group_key(alert, found)
