"""The incident that an alert comes to: a new one, the next cycle of a resolved one, or one that takes it in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.incident import Incident, IncidentState
from tandem.model.suppression import HoldOutcome
from tandem_router.classify import Classified
from tandem_router.decide import NOTHING_OPEN, Situation, decide
from tandem_router.fold.working_set import WorkingSet, runs
from tandem_router.grouping import condition_of
from tandem_router.incident.arrival import join_alert
from tandem_router.incident.change import Change
from tandem_router.incident.cycle import may_reopen
from tandem_router.incident.opening import open_incident
from tandem_router.joint_incident import joint
from tandem_router.mode import in_mode_of
from tandem_router.routing import Routing
from tandem_router.suppress import wants_others


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Changes are returned, not kept; what outages and storms merge on the way is kept by them."""

    work: WorkingSet

    def opened(
        self, alert: Alert, routing: Routing, before: Incident | None, found: Classified, *, held_back: bool
    ) -> tuple[Change, str]:
        """A new incident, the next cycle of ``before``, or one that takes it: of an outage, or of a storm."""
        work = self.work
        above = work.incidents.get(routing.joins) if routing.joins is not None else None
        if above is not None:
            return self.joined(above, alert, Situation(above)), "joined"
        if before is not None and not self.is_over(before, alert.received_at):
            return self._reopened(before, alert, routing), "reopened"
        agreement = work.in_force(alert.tenant)
        wide = work.outages.gathered(alert, routing, agreement, found)
        if wide is not None:
            return wide, "joined"
        parent = work.storms.stormed(alert, routing, agreement)
        if parent is not None:
            return parent, "attached"
        opened = open_incident(
            routing,
            alert,
            incident_id=work.new_id(alert),
            number=work.next_number(alert.tenant),
            now=work.now,
            recurrence_of=before.incident_id if before is not None else None,
            held_back=held_back,
        )
        return work.storms.beside_storm(opened, alert, routing, agreement), "opened"

    def joined(self, incident: Incident, alert: Alert, situation: Situation) -> Change:
        """The incident with this alert, decided in the incident's own agreement."""
        agreement = self.work.agreement_of(incident)
        routing = decide(alert, agreement, situation, self.work.now)
        return self.with_alert(incident, alert, routing, agreement)

    def _reopened(self, incident: Incident, alert: Alert, in_force: Routing) -> Change:
        """Its next cycle, decided in its own agreement; whether anybody is paged, the one in force says."""
        agreement = self.work.agreement_of(incident)
        routing = in_mode_of(decide(alert, agreement, NOTHING_OPEN, self.work.now), in_force)
        return self.with_alert(incident, alert, routing, agreement)

    def with_alert(self, incident: Incident, alert: Alert, routing: Routing, agreement: Agreement) -> Change:
        """A running or resolved incident with one more alert; a P1 of both parties' systems becomes joint."""
        unkept = (alert.tenant, condition_of(alert)) in self.work.unkept
        change = join_alert(incident, alert, routing, agreement, self.work.now, unkept=unkept)
        return joint(change, agreement, alert.received_at, self.work.now)

    def is_over(self, incident: Incident, at: datetime) -> bool:
        """Whether what fires at ``at`` is no more this incident: it is resolved, and too long ago."""
        resolved = incident.state is IncidentState.RESOLVED
        return resolved and not may_reopen(incident, at, self.work.agreement_of(incident))

    def situation(self, alert: Alert, agreement: Agreement, found: Classified) -> Situation:
        """What goes on beside an alert of whose group nothing is open, as far as the decision asks for it."""
        work = self.work
        any_open, above = wants_others(alert, found, agreement)
        elsewhere = work.outages.elsewhere(alert, agreement, found)
        queue = work.loaded.queues[alert.tenant].words if alert.tenant in work.loaded.queues else ""
        if not any_open and not above:
            return Situation(elsewhere=elsewhere, queue=queue) if elsewhere or queue else NOTHING_OPEN
        others = tuple(other for other in work.of_tenant(alert.tenant) if runs(other))
        return Situation(others=others, elsewhere=elsewhere, queue=queue)


def became(outcome: str) -> HoldOutcome:
    """What a hold became by the outcome of its alert: it began an incident or its next cycle, or came to another."""
    return HoldOutcome.RELEASED if outcome in {"opened", "reopened"} else HoldOutcome.MERGED
