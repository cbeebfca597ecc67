"""The working set of a batch: its incidents as they are now, what was decided and said of them. Holds no rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeGuard
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert, AlertStatus
from tandem.model.events import IncidentEvent
from tandem.model.incident import Incident, IncidentState
from tandem_router import storm
from tandem_router.classify import Classified
from tandem_router.fold.holds import Holds
from tandem_router.fold.loaded import Agreements, Loaded, active, place
from tandem_router.fold.results import Answered, Decided
from tandem_router.grouping import condition_of, dedup_group
from tandem_router.holding import call_holder
from tandem_router.incident.change import Change
from tandem_router.incident.clearing import expire_hold_down
from tandem_router.joining import calm_down
from tandem_router.routing import Routing
from tandem_router.together.early import EarlyClears
from tandem_router.together.merges import Merges
from tandem_router.together.outages import Outages
from tandem_router.together.storms import Storms
from tandem_router.together.work import Membership


class WorkingSet:
    """What the folds share. Is the ``Work`` of the parts that make one incident of several."""

    def __init__(self, loaded: Loaded, agreements: Agreements, now: datetime, new_id: Callable[[Alert], UUID]) -> None:
        """``loaded`` is consumed: numbers and memberships move on in place. ``new_id`` is pure."""
        self.new_id = new_id
        self.loaded = loaded
        self.agreements = agreements
        self.now = now
        self.before: Mapping[UUID, Incident] = {incident.incident_id: incident for incident in loaded.incidents}
        self.incidents: dict[UUID, Incident] = dict(self.before)
        self.events: list[IncidentEvent] = []
        self.decided: list[Decided] = []
        self.answered: list[Answered] = []
        self.joined: dict[Membership, UUID] = {}
        self.numbered: dict[str, int] = {}
        self.duplicates = 0
        self.claimed: set[tuple[UUID, str]] = set()
        """Incident and kind of the timers that fired."""
        self.holds = Holds(waiting=dict(loaded.held))
        self.next_looks = loaded.next_looks
        self.to_go_on: list[Membership] = []
        """(tenant, key) of the timers that let go the rest of what something held."""
        self.unkept = loaded.unkept
        self.openings = loaded.openings
        self._latest = _latest_of(loaded.incidents)
        self._put_together(loaded)

    def _put_together(self, loaded: Loaded) -> None:
        """The parts that make one incident of several."""
        self.early = EarlyClears(loaded.early)
        self.storms = Storms(work=self, openings=loaded.openings, unkept=loaded.unkept)
        self.merges = Merges(
            work=self,
            members=loaded.members,
            unkept=loaded.unkept,
            joined=self.joined,
            conditions=loaded.conditions,
        )
        self.outages = Outages(work=self, merges=self.merges, unkept=loaded.unkept)
        for incident in loaded.incidents:
            self.outages.note(incident)

    def in_force(self, tenant: str) -> Agreement:
        """The tenant's active version; PoisonRecord without one."""
        return active(self.agreements, tenant)

    def agreement_of(self, incident: Incident) -> Agreement:
        """The version it was opened with (R-E3)."""
        return self.agreements.at(incident.tenant, incident.agreement_version)

    def placed(self, alert: Alert) -> tuple[Classified, str]:
        """Classification and group key by the active version."""
        return self.loaded.classified.get(alert.alert_id) or place(alert, self.in_force(alert.tenant))

    def incident_of(self, alert: Alert, key: str) -> Incident | None:
        """The running incident that holds this dedup key, whatever its words are now; else the group's latest."""
        member = self.loaded.members.get((alert.tenant, condition_of(alert)))
        alone = self._latest.get((alert.tenant, dedup_group(alert)))
        for holder in (member, alone):
            incident = self._settled_at(holder, alert.received_at)
            if runs(incident):
                return incident
        latest = self._settled_at(self._latest.get((alert.tenant, key)), alert.received_at)
        if latest is None or latest.merged_into is None:
            return latest
        # What it was merged into has its conditions now; one that was merged further is known by membership only.
        into = self._settled_at(latest.merged_into, alert.received_at)
        return into if into is not None and into.merged_into is None else None

    def of_tenant(self, tenant: str) -> list[Incident]:
        """Its incidents as they are now, to be changed one after another."""
        return [known for known in self.incidents.values() if known.tenant == tenant]

    def running(self, tenant: str, group_key: str) -> Incident | None:
        """The incident of a group that is not resolved."""
        found = self.incidents.get(self._latest[tenant, group_key]) if (tenant, group_key) in self._latest else None
        return found if runs(found) else None

    def is_latest(self, incident: Incident) -> bool:
        """Whether no newer one of its group exists."""
        return self._latest[incident.tenant, incident.group_key] == incident.incident_id

    def _settled_at(self, incident_id: UUID | None, at: datetime) -> Incident | None:
        incident = self.incidents.get(incident_id) if incident_id is not None else None
        return self.settled(incident, at) if incident is not None else None

    def settled(self, incident: Incident, at: datetime) -> Incident:
        """The incident after its quiet time, its hold-down and its holder's time to answer, if over at ``at``."""
        for over in (calm_down, expire_hold_down, call_holder):
            change = over(incident, at)
            self.keep(change)
            incident = change.incident
        return incident

    def keep(self, change: Change) -> None:
        """Take a change over, with its facts."""
        incident = change.incident
        if incident.tenant in self.loaded.queues:
            self.loaded.queues[incident.tenant].moved(self.incidents.get(incident.incident_id), incident)
        self.incidents[incident.incident_id] = incident
        self.outages.note(incident)
        self.events.extend(change.events)
        if incident.state is not IncidentState.RESOLVED:
            self._latest[incident.tenant, incident.group_key] = incident.incident_id

    def decide(self, alert: Alert, change: Change, routing: Routing, outcome: str) -> None:
        """The one decision about an alert that came to an incident."""
        incident = change.incident
        self.keep(change)
        if outcome == "attached":
            routing = storm.attached(routing, incident)
        self.decided.append(Decided(alert, incident.incident_id, routing.agreement_version, outcome, routing))
        self.remember(alert, incident)

    def remember(self, alert: Alert, incident: Incident) -> None:
        """Which incident holds this condition, unless its group key says so."""
        member = (alert.tenant, condition_of(alert))
        elsewhere = self.loaded.members.get(member, incident.incident_id) != incident.incident_id
        if alert.status is AlertStatus.FIRING and (elsewhere or incident.group_key != dedup_group(alert)):
            self.joined[member] = self.loaded.members[member] = incident.incident_id
            fires = condition_of(alert) in incident.firing or incident.state is IncidentState.RESOLVED
            (self.unkept.discard if fires else self.unkept.add)(member)

    def next_number(self, tenant: str) -> int:
        """Of a new incident; gapless per tenant."""
        number = self.loaded.numbers.get(tenant, 0) + 1
        self.loaded.numbers[tenant] = self.numbered[tenant] = number
        return number


def runs(incident: Incident | None) -> TypeGuard[Incident]:
    """Whether there is one that is not resolved."""
    return incident is not None and incident.state is not IncidentState.RESOLVED


def _latest_of(incidents: list[Incident]) -> dict[Membership, UUID]:
    """The incident of each group: the one that is not resolved, else the latest."""
    ranked = sorted(incidents, key=lambda i: (i.state is not IncidentState.RESOLVED, i.opened_at, i.incident_id))
    return {(incident.tenant, incident.group_key): incident.incident_id for incident in ranked}
