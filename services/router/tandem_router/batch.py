"""One batch folded in order over its incidents, in memory: what changed, what was decided, what was refused.

Pure: ids come from what arrived, numbers and incidents from what was loaded. Several alerts of one group in a batch
meet the incident that the first of them opened. The folds are ``fold``'s and share its working set. Writing it down is
``store``'s, publishing ``service``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from tandem.bus.plan import DueTimer
from tandem.model.alert import Alert
from tandem.model.events import Command
from tandem.model.incident import Incident, IncidentState
from tandem_router.fold.alerts import Alerts
from tandem_router.fold.arrivals import Arrivals
from tandem_router.fold.held_alerts import HeldAlerts
from tandem_router.fold.loaded import Agreements, Loaded, active, place
from tandem_router.fold.results import Answered, Decided
from tandem_router.fold.times import ANSWER, CALM, HOLD_DOWN, OF_INCIDENTS, Times
from tandem_router.fold.wishes import Wishes
from tandem_router.fold.working_set import WorkingSet
from tandem_router.held import HOLDS_OTHERS

__all__ = [
    "ANSWER",
    "CALM",
    "HOLD_DOWN",
    "OF_INCIDENTS",
    "Agreements",
    "Answered",
    "Batch",
    "Decided",
    "Loaded",
    "active",
    "place",
]


class Batch(WorkingSet):
    """The working set of one batch. Feed it in order, then read its results."""

    def __init__(self, loaded: Loaded, agreements: Agreements, now: datetime, new_id: Callable[[Alert], UUID]) -> None:
        """``loaded`` is consumed: numbers and memberships move on in place. ``new_id`` is pure."""
        super().__init__(loaded, agreements, now, new_id)
        arrivals = Arrivals(work=self)
        held = HeldAlerts(work=self, arrivals=arrivals)
        self._alerts = Alerts(work=self, arrivals=arrivals, held=held)
        self._wishes = Wishes(work=self)
        self._times = Times(work=self, alerts=self._alerts, held=held)

    def take_alert(self, alert: Alert) -> None:
        """Open, join, clear or drop."""
        self._alerts.take(alert)

    def take_command(self, command: Command) -> None:
        """Apply or refuse; each command is answered once."""
        self._wishes.take(command)

    def take_timer(self, timer: DueTimer) -> None:
        """A time that may be over; looked at again, never trusted."""
        self._times.take(timer)

    def ended_holders(self) -> list[Incident]:
        """Incidents that ended in this batch and to which alerts are attached."""
        return [
            incident
            for incident_id, incident in self.incidents.items()
            if incident.state is IncidentState.RESOLVED
            and HOLDS_OTHERS in incident.flags
            and not (incident_id in self.before and self.before[incident_id].state is IncidentState.RESOLVED)
        ]
