"""Storms over the incidents of a batch (R-P10): openings are counted, a parent takes others. Rules: ``storm``."""

from __future__ import annotations

from dataclasses import dataclass

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import FactDetail
from tandem.model.incident import Incident
from tandem.model.priority import Priority
from tandem_router import joining, storm
from tandem_router.grouping import condition_of
from tandem_router.incident.change import Change
from tandem_router.incident.opening import open_incident
from tandem_router.incident.urgency import upgrade
from tandem_router.joint_incident import joint
from tandem_router.routing import Routing
from tandem_router.storm import Openings, Scope
from tandem_router.together.work import Membership, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Storms:
    """Counts what opens an incident, and knows the parents. What the look-up found is changed in place."""

    work: Work
    openings: dict[Scope, Openings]
    """New incidents per source and site, where storms are counted."""
    unkept: set[Membership]
    """Conditions that fire beyond what their incident keeps."""

    def stormed(self, alert: Alert, routing: Routing, agreement: Agreement) -> Change | None:
        """Count an alert that would open an incident; the storm's parent when that takes it instead.

        What would be a P1 always opens an incident of its own.
        """
        spec = agreement.storm
        places = storm.scopes(alert, routing, spec)
        full = None
        for place in places:
            openings = self.openings.setdefault(place, Openings())
            if full is None and openings.within(alert.received_at, spec.window) >= spec.incidents:
                full = place
            openings.add(alert.received_at)
        if routing.priority is Priority.P1:
            return None
        parent = self._raging(places)
        if parent is None:
            return self._begun(alert, routing, full, agreement) if full is not None else None
        return self.attached(alert, routing, parent, self._place_of(parent, places))

    def attached(self, alert: Alert, routing: Routing, parent: Incident, place: Scope | None = None) -> Change:
        """The parent with this alert; ``place`` where the storm is counted, when the alert was counted."""
        agreement = self.work.agreement_of(parent)
        calm_at = parent.calm_at
        if place is not None and calm_at is not None:
            calm_at = max(calm_at, self.openings[place].calm_at(alert.received_at, agreement.storm))
        member = (alert.tenant, condition_of(alert))
        change = joining.attach_alert(
            parent, alert, routing, agreement, self.work.now, calm_at=calm_at, unkept=member in self.unkept
        )
        return joint(change, agreement, alert.received_at, self.work.now)

    def beside_storm(self, change: Change, alert: Alert, routing: Routing, agreement: Agreement) -> Change:
        """A P1 that opened while a storm rages is linked to it, and the parent becomes as urgent."""
        if routing.priority is not Priority.P1:
            return change
        parent = self._raging(storm.scopes(alert, routing, agreement.storm))
        if parent is None:
            return change
        at, detail = alert.received_at, FactDetail(reason=storm.STORM, auto=True)
        opened = change.incident
        linked = joining.link(parent, opened.incident_id, at, detail=detail)
        why = FactDetail(reason=f"an alert of the storm is {routing.priority.value}: #{opened.number}", auto=True)
        own = self.work.agreement_of(parent)
        self.work.keep(upgrade(linked, routing.priority, own, at, self.work.now, detail=why))
        beside = joining.link(opened, parent.incident_id, at, detail=detail)
        return Change(beside.incident, (*change.events, *beside.events))

    def _begun(self, alert: Alert, routing: Routing, place: Scope, agreement: Agreement) -> Change:
        """The parent incident of a storm that begins with this alert."""
        spec, tenant = agreement.storm, alert.tenant
        own = storm.parent_routing(routing, place, agreement, self.work.now)
        return open_incident(
            own,
            alert,
            incident_id=self.work.new_id(alert),
            number=self.work.next_number(tenant),
            now=self.work.now,
            title=storm.title(place, spec),
            host=None,
            site=routing.site if place.place.startswith("site:") else None,
            changes=(),
            flags=(storm.STORM,),
            calm_at=self.openings[place].calm_at(alert.received_at, spec),
        )

    def _raging(self, places: tuple[Scope, ...]) -> Incident | None:
        for place in places:
            parent = self.work.running(place.tenant, place.group_key)
            if parent is not None and storm.rages(parent):
                return parent
        return None

    @staticmethod
    def _place_of(parent: Incident, places: tuple[Scope, ...]) -> Scope | None:
        return next((place for place in places if place.group_key == parent.group_key), None)
