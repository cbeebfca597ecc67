"""The fold of timers: a time that may be over is looked at again, never trusted."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tandem.bus.plan import DueTimer
from tandem_router.expiry import EXPIRY, still_waits
from tandem_router.fold.alerts import Alerts
from tandem_router.fold.held_alerts import HeldAlerts
from tandem_router.fold.working_set import WorkingSet
from tandem_router.grouping import condition_of
from tandem_router.held import HELD, LET_GO
from tandem_router.joining import grow_stale
from tandem_router.roll import ROLL, roll
from tandem_router.stale import LOOK
from tandem_router.together.work import Membership

HOLD_DOWN, CALM, ANSWER = "hold_down", "calm", "answer"
"""Kinds of the router's timers whose key is the incident's id."""
OF_INCIDENTS = frozenset({HOLD_DOWN, CALM, ANSWER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Takes timers, after everything that arrived before them."""

    work: WorkingSet
    alerts: Alerts
    held: HeldAlerts

    def take(self, timer: DueTimer) -> None:
        """A kind that is not the fold's does nothing here."""
        if timer.kind == HELD:
            self.held.look_again({UUID(timer.key)})
        elif timer.kind == LET_GO:
            self.held.let_go(timer)
        elif timer.kind == ROLL:
            self._roll(timer.tenant)
        elif timer.kind == LOOK:
            self._look_for_silence(timer.tenant)
        elif timer.kind == EXPIRY:
            self._expire((timer.tenant, timer.key))
        elif timer.kind in OF_INCIDENTS:
            self._settle(UUID(timer.key), timer.kind)

    def _settle(self, incident_id: UUID, kind: str) -> None:
        incident = self.work.incidents.get(incident_id)
        if incident is not None:
            self.work.claimed.add((incident_id, kind))
            self.work.settled(incident, self.work.now)

    def _roll(self, tenant: str) -> None:
        """The hours have changed, or the agreement has ended: look at every running incident again (R-A5)."""
        work, in_force = self.work, self.work.agreements.active(tenant)
        if in_force is None:
            return
        for known in work.of_tenant(tenant):
            incident = work.settled(known, work.now)
            work.keep(roll(incident, work.agreement_of(incident), in_force, work.now))

    def _look_for_silence(self, tenant: str) -> None:
        """Mark what nobody repeats any more; the look-up brought the candidates (R-P13)."""
        agreement = self.work.agreements.active(tenant)
        if agreement is None:
            return
        for incident in self.work.of_tenant(tenant):
            self.work.keep(grow_stale(incident, agreement, self.work.now))

    def _expire(self, member: Membership) -> None:
        """Clear a condition that nobody repeated in time; what came in this very batch was in time."""
        work = self.work
        alert_id, clear = work.loaded.expired.get(member, (None, None))
        came = (decided.alert for decided in work.decided)
        if alert_id is None or clear is None or any((one.tenant, condition_of(one)) == member for one in came):
            return
        _, key = work.placed(clear)
        incident, unkept = work.incident_of(clear, key), member in work.unkept
        if still_waits(alert_id, clear, work.holds.of(clear), incident, unkept=unkept):
            self.alerts.take(clear)
