"""The fold of alerts: each opens an incident, joins one, is held, clears or is dropped, with exactly one decision."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert, AlertStatus
from tandem.model.incident import Incident, IncidentState
from tandem.model.suppression import HoldOutcome
from tandem_router import storm
from tandem_router.classify import Classified
from tandem_router.decide import NOTHING_OPEN, Situation, decide
from tandem_router.fold.arrivals import Arrivals, became
from tandem_router.fold.held_alerts import HeldAlerts
from tandem_router.fold.results import Decided
from tandem_router.fold.working_set import WorkingSet, runs
from tandem_router.grouping import condition_of
from tandem_router.held import Held
from tandem_router.incident.arrival import release
from tandem_router.incident.change import Change
from tandem_router.incident.clearing import clear_alert
from tandem_router.incident.opening import open_cleared
from tandem_router.routing import Routing


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Takes alerts in order."""

    work: WorkingSet
    arrivals: Arrivals
    held: HeldAlerts

    def take(self, alert: Alert) -> None:
        """Open, join, clear or drop."""
        work = self.work
        if alert.alert_id in work.loaded.seen:
            work.duplicates += 1
            return
        work.loaded.seen.add(alert.alert_id)
        agreement = work.in_force(alert.tenant)
        found, key = work.placed(alert)
        incident = work.incident_of(alert, key)
        if alert.status is AlertStatus.RESOLVED:
            self._clear(alert, incident, agreement, found)
        elif runs(incident):
            self.held.settle(alert, HoldOutcome.MERGED, incident.incident_id)
            self._join(alert, incident)
        elif work.early.came_late(alert):
            self._open_cleared(alert, agreement, found, incident)
        else:
            self._begin(alert, agreement, found, incident)

    def _begin(self, alert: Alert, agreement: Agreement, found: Classified, before: Incident | None) -> None:
        """Nothing of its group is open: it is held, joins the outage above it, or opens an incident (again)."""
        situation = self.arrivals.situation(alert, agreement, found)
        routing = decide(alert, agreement, situation, self.work.now, classified=found)
        if routing.hold is not None:
            self.held.hold(alert, routing, routing.hold)
            return
        held = self.work.holds.of(alert)
        first = self._went_first(alert, routing, held) if held is not None else None
        if first is not None:
            self._join(alert, first)
            return
        since = alert if held is None else replace(alert, occurred_at=held.occurred_at)
        change, outcome = self.arrivals.opened(since, routing, before, found, held_back=held is not None)
        self.held.settle(alert, became(outcome), change.incident.incident_id)
        if held is not None and became(outcome) is HoldOutcome.RELEASED:
            change = release(change, alert.received_at, self.work.now, held.released_words())
        self.work.decide(alert, change, routing, outcome)

    def _went_first(self, alert: Alert, routing: Routing, held: Held) -> Incident | None:
        """The incident of what waited, when its end has passed and its timer comes later: the alert joins that."""
        if held.until is None or held.until > alert.received_at:
            return None
        self.held.look_again({held.held_id})
        incident = self.work.incident_of(alert, routing.group_key)
        return incident if runs(incident) else None

    def _open_cleared(self, alert: Alert, agreement: Agreement, found: Classified, before: Incident | None) -> None:
        """The clear was here first: closed as soon as opened, and no reason to open again what is resolved (R-C7)."""
        work = self.work
        self.held.settle(alert, HoldOutcome.CLEARED_MEANWHILE, None)
        routing = decide(alert, agreement, NOTHING_OPEN, work.now, classified=found)
        if before is not None and not self.arrivals.is_over(before, alert.received_at):
            work.decide(alert, _once_more(before), routing, "repeated")
            return
        change = open_cleared(
            routing,
            alert,
            incident_id=work.new_id(alert),
            number=work.next_number(alert.tenant),
            now=work.now,
            recurrence_of=before.incident_id if before is not None else None,
        )
        work.decide(alert, change, routing, "opened")

    def _join(self, alert: Alert, incident: Incident) -> None:
        work, agreement = self.work, self.work.agreement_of(incident)
        running = incident.state is not IncidentState.RESOLVED
        routing = decide(alert, agreement, Situation(incident if running else None), work.now)
        if storm.is_parent(incident) and running:
            work.decide(alert, work.storms.attached(alert, routing, incident), routing, "repeated")
            return
        new = condition_of(alert) not in incident.firing
        if new and running and work.early.came_late(alert):
            work.decide(alert, _once_more(incident), routing, "repeated")
            return
        change = self.arrivals.with_alert(incident, alert, routing, agreement)
        outcome = "joined" if change.events else "repeated"
        work.decide(alert, change, routing, outcome if running else "reopened")
        if new:
            found, _ = work.placed(alert)
            work.outages.widened(alert, routing, change, work.in_force(alert.tenant), found)

    def _clear(self, alert: Alert, incident: Incident | None, agreement: Agreement, found: Classified) -> None:
        work = self.work
        outcome = "cleared" if work.holds.of(alert) is not None else "ignored"
        self.held.settle(alert, HoldOutcome.CLEARED_MEANWHILE, None)
        if incident is None:
            if outcome == "ignored":
                work.early.remember(alert)
            routing = decide(alert, agreement, NOTHING_OPEN, work.now, classified=found)
            work.decided.append(Decided(alert, None, agreement.version, outcome, routing))
            return
        routing = decide(alert, work.agreement_of(incident), Situation(incident), work.now)
        change = self._cleared(alert, incident)
        cleared = change.incident is not incident
        if not cleared and outcome == "ignored":
            work.early.remember(alert)
        work.decide(alert, change, routing, "cleared" if cleared else outcome)

    def _cleared(self, alert: Alert, incident: Incident) -> Change:
        """The incident without this condition, also when it was only counted; itself when nothing is cleared."""
        work, member = self.work, (alert.tenant, condition_of(alert))
        unkept = member in work.unkept
        change = clear_alert(incident, alert, work.agreement_of(incident), work.now, unkept=unkept)
        if unkept and change.incident is not incident:
            work.unkept.discard(member)
            work.joined[member] = incident.incident_id
        return change


def _once_more(incident: Incident) -> Change:
    """Counted, and no fact."""
    return Change(replace(incident, occurrences=incident.occurrences + 1))
