"""Wide outages over the incidents of a batch (R-P2): several become the oldest of them. The rules are ``reach``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import FactDetail
from tandem.model.incident import Incident, IncidentState
from tandem_router import reach, scope
from tandem_router.classify import Classified
from tandem_router.decide import Situation, decide
from tandem_router.grouping import condition_of
from tandem_router.incident.arrival import join_alert
from tandem_router.incident.change import Change
from tandem_router.incident.urgency import raised_by
from tandem_router.joint_incident import joint
from tandem_router.reach import Union
from tandem_router.routing import Routing
from tandem_router.together.merges import Merges
from tandem_router.together.work import Membership, Work

WIDE = "wide_outage"
"""Reason of a merge: together they touch more users than the share (R-P2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outages:
    """Knows the incidents that touch known assets, and makes one of those that together are wide."""

    work: Work
    merges: Merges
    unkept: set[Membership]
    """Conditions that fire beyond what their incident keeps."""
    touched: dict[str, dict[UUID, None]] = field(default_factory=dict)
    """Tenant -> incidents with firing alerts of known assets."""

    def note(self, incident: Incident) -> None:
        """Know the incidents that touch known assets while they run."""
        known = self.touched.setdefault(incident.tenant, {})
        runs = incident.state is not IncidentState.RESOLVED
        if runs and any(alert.asset is not None for alert in incident.firing.values()):
            known[incident.incident_id] = None
        else:
            known.pop(incident.incident_id, None)

    def elsewhere(self, alert: Alert, agreement: Agreement, found: Classified) -> frozenset[str]:
        """Assets of other outages that count with this alert's."""
        union = self._beside(alert, agreement, found, None)
        return union.assets if union is not None else frozenset()

    def gathered(self, alert: Alert, routing: Routing, agreement: Agreement, found: Classified) -> Change | None:
        """The outage that this one makes wide, upgraded and with all others of the window in it.

        None when it opens an incident of its own: it is not wide, or nothing runs that could take it.
        """
        union = self._beside(alert, agreement, found, None)
        if union is None or not union.incidents or not self._crosses(union, routing, None, agreement):
            return None
        target = union.incidents[0]
        own = self.work.agreement_of(target)
        told = decide(alert, own, Situation(target, elsewhere=union.assets), self.work.now)
        title = reach.wide_title(target.title)
        member = (alert.tenant, condition_of(alert)) in self.unkept
        change = join_alert(target, alert, told, own, self.work.now, unkept=member, title=title)
        return self._gather(change, union.incidents[1:], alert)

    def widened(self, alert: Alert, routing: Routing, change: Change, agreement: Agreement, found: Classified) -> None:
        """After an alert joined its own incident (``change`` is kept already): the same, if that makes it wide."""
        incident = change.incident
        union = self._beside(alert, agreement, found, incident)
        if union is None or not union.incidents or not self._crosses(union, routing, incident, agreement):
            return
        first, *others = sorted((incident, *union.incidents), key=reach.oldest)
        if first.incident_id != incident.incident_id:
            self.merges.merge(incident, first, alert.received_at, FactDetail(reason=WIDE, auto=True))
            first = self.work.incidents[first.incident_id]
            others = [other for other in others if other.incident_id != incident.incident_id]
        own = self.work.agreement_of(first)
        told = decide(alert, own, Situation(first, elsewhere=union.assets), self.work.now)
        title = reach.wide_title(first.title)
        upgraded = raised_by(Change(first), alert, told, own, self.work.now, title=title)
        self._gather(upgraded, others, alert)

    def _gather(self, change: Change, others: Iterable[Incident], alert: Alert) -> Change:
        """Keep the upgraded outage and merge the others into it; what is left to keep is its last state."""
        own = self.work.agreement_of(change.incident)
        change = joint(change, own, alert.received_at, self.work.now)
        self.work.keep(change)
        target_id = change.incident.incident_id
        for other in others:
            target = self.work.incidents[target_id]
            self.merges.merge(other, target, alert.received_at, FactDetail(reason=WIDE, auto=True))
        return Change(self.work.incidents[target_id])

    def _beside(self, alert: Alert, agreement: Agreement, found: Classified, incident: Incident | None) -> Union | None:
        candidates = self.touched.get(alert.tenant)
        if not candidates or not reach.may_count(alert, found, agreement):
            return None
        mode = incident.mode if incident is not None else scope.find(found, alert, agreement).mode
        own = incident.incident_id if incident is not None else None
        others = (self.work.incidents[other] for other in candidates if other != own)
        return reach.beside(alert.received_at, mode, others, agreement)

    @staticmethod
    def _crosses(union: Union, routing: Routing, incident: Incident | None, agreement: Agreement) -> bool:
        classes = agreement.rules.wide_outage_classes
        here = {routing.asset} if routing.asset else set()
        here |= reach.outages(incident, classes) if incident is not None else set()
        return reach.is_wide(union.assets | here, agreement)
