"""The fold of held alerts: what is held now, looked at again when its hold may be over (R-C17). Values: ``held``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tandem.bus.plan import DueTimer
from tandem.model.alert import Alert
from tandem.model.suppression import HoldOutcome
from tandem_router.decide import Situation, decide
from tandem_router.fold.arrivals import Arrivals, became
from tandem_router.fold.loaded import place
from tandem_router.fold.results import Decided
from tandem_router.fold.working_set import WorkingSet, runs
from tandem_router.held import AT_ONCE, Held
from tandem_router.incident.arrival import attach, release
from tandem_router.incident.change import Change
from tandem_router.routing import Routing
from tandem_router.suppress import Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAlerts:
    """Holds alerts, and takes them up again."""

    work: WorkingSet
    arrivals: Arrivals

    def hold(self, alert: Alert, routing: Routing, hold: Hold) -> None:
        """The decision about an alert that something holds (again)."""
        held = self.work.holds.of(alert)
        if held is None:
            self.work.holds.begin(alert, routing, hold)
        else:
            self.work.holds.again(held, alert, routing, hold)
        self._attach(alert, hold, held)
        self.work.decided.append(Decided(alert, hold.parent, routing.agreement_version, "held", routing))

    def settle(self, alert: Alert, outcome: HoldOutcome, incident_id: UUID | None) -> None:
        """What became of the hold in which this condition waits, if it waits."""
        held = self.work.holds.of(alert)
        if held is not None:
            self.work.holds.settle(held, outcome, alert.received_at, incident_id=incident_id)

    def let_go(self, timer: DueTimer) -> None:
        """What held others is over; the rest of many follow with a timer of their own."""
        ids = self.work.loaded.let_go.get(timer.key, ())
        self.look_again(set(ids))
        if len(ids) == AT_ONCE:
            self.work.to_go_on.append((timer.tenant, f"{timer.key.partition('#')[0]}#{ids[-1]}"))

    def look_again(self, ids: set[UUID]) -> None:
        """Holds that may be over: held on by something else, merged, or released with the original onset (R-C17)."""
        for held in [held for held in self.work.holds.waiting.values() if held.held_id in ids]:
            self._look(held, held.ends_at(self.work.now))

    def _look(self, held: Held, at: datetime) -> None:
        work, alert = self.work, held.waiting(at)
        agreement = work.in_force(alert.tenant)
        found, key = place(alert, agreement)
        incident = work.incident_of(alert, key)
        if runs(incident):
            work.holds.settle(held, HoldOutcome.MERGED, at, incident_id=incident.incident_id)
            self._arrive(alert, self.arrivals.joined(incident, alert, Situation(incident)))
            return
        situation = self.arrivals.situation(alert, agreement, found)
        routing = decide(alert, agreement, situation, work.now, classified=found)
        if routing.hold is not None:
            self._attach(alert, routing.hold, held)
            work.holds.hold_on(held, routing, routing.hold, at)
            return
        change, outcome = self.arrivals.opened(alert, routing, incident, found, held_back=True)
        work.holds.settle(held, became(outcome), at, incident_id=change.incident.incident_id)
        if became(outcome) is HoldOutcome.RELEASED:
            change = release(change, at, work.now, held.released_words())
        self._arrive(alert, change)

    def _arrive(self, alert: Alert, change: Change) -> None:
        """What waited had its decision when it came; only its incident is news."""
        self.work.keep(change)
        self.work.remember(alert, change.incident)

    def _attach(self, alert: Alert, hold: Hold, before: Held | None) -> None:
        """The timeline of the incident that explains it tells of every condition that is attached, once."""
        parent = self.work.incidents.get(hold.parent) if hold.parent is not None else None
        if parent is not None and (before is None or not before.is_by(hold)):
            self.work.keep(attach(parent, alert, hold.why))
