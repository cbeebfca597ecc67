"""Alerts decided again, one after another, as a batch of the router decides them: for backtests and routing tests.

One endless batch whose clock is set to each alert; what timers would do in between (hold-downs, the ends of windows)
is done when the next alert comes. Nobody acts: what people acknowledged or resolved is not replayed. Pure and bounded:
of a long stream only what was touched last is remembered. Nothing is stored or sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.bus.plan import DueTimer
from tandem.errors import PoisonRecord
from tandem.ids import uuid7
from tandem.model.alert import Alert
from tandem.model.events import IncidentEvent
from tandem.model.incident import Incident, IncidentState
from tandem_router import overflow
from tandem_router.batch import CALM, HOLD_DOWN, Batch, Loaded, place
from tandem_router.held import HELD, HOLDS_OTHERS, LOOK_AGAIN
from tandem_router.routing import Routing
from tandem_router.storm import slot_of

MOST_INCIDENTS = 5000
"""Remembered at once; past it those that were seen longest ago are forgotten."""
SLACK = 0.2
"""Share by which there may be more before the oldest are looked for."""


COUNTS_EVERY = 256
"""Alerts after which old counts of openings are dropped."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one alert."""

    outcome: str
    """opened, joined, repeated, reopened, held, cleared, ignored, ... as the router stores it."""
    routing: Routing
    incident: Incident | None
    """After the alert; None for a clear that nobody waited for, and for what is held."""
    events: tuple[IncidentEvent, ...]
    earlier: tuple[IncidentEvent, ...] = ()
    """What timers did since the alert before: releases, resolutions."""


class Replay:
    """One agreement and what its incidents are after the alerts that were taken."""

    def __init__(self, agreement: Agreement, *, most_incidents: int = MOST_INCIDENTS, overflows: bool = False) -> None:
        """``overflows``: unanswered incidents fill the internal queue (R-A6), though nobody ever answers."""
        self.agreement = agreement
        self.forgotten = 0
        """Unresolved incidents that were dropped for the bound: their next alert opens another one."""
        self._most = most_incidents
        self._timers: list[tuple[datetime, str, UUID]] = []
        queues = {agreement.tenant.id: overflow.queue_of(agreement, 0, over=False)} if overflows else {}
        self._loaded = Loaded(queues=queues if agreement.overflows else {})
        self._batch: Batch | None = None
        self._count = 0

    def take(self, alert: Alert) -> Step:
        """Decide ``alert`` at its ``received_at``; alerts come in that order.

        Raises:
            PoisonRecord: the alert is not of this agreement's tenant.
        """
        if alert.tenant != self.agreement.tenant.id:
            raise PoisonRecord(f"an alert of {alert.tenant[:64]!r}, not of {self.agreement.tenant.id!r}")
        batch = self._at(alert.received_at)
        self._run_due(batch, alert.received_at)
        earlier = tuple(batch.events)
        batch.events.clear()
        batch.now = alert.received_at
        self._loaded.classified[alert.alert_id] = place(alert, self.agreement)
        batch.take_alert(alert)
        decided = batch.decided[-1]
        incident = batch.incidents.get(decided.incident_id) if decided.incident_id is not None else None
        step = Step(decided.outcome, decided.routing, incident, tuple(batch.events), earlier)
        self._set_timers(batch)
        self._forget_what_was_said(batch)
        return step

    def _at(self, now: datetime) -> Batch:
        if self._batch is None:
            self._batch = Batch(self._loaded, _Only(self.agreement), now, new_incident_id)
        elif len(self._batch.incidents) > self._most * (1 + SLACK):
            self._batch = self._renewed(self._batch, now)
        return self._batch

    def _run_due(self, batch: Batch, now: datetime) -> None:
        """What timers would have done by now, each at its own instant."""
        while self._timers and self._timers[0][0] <= now:
            due_at, kind, key = heappop(self._timers)
            batch.now = due_at
            batch.take_timer(DueTimer(self.agreement.tenant.id, str(key), kind, due_at))
            self._set_timers(batch)

    def _set_timers(self, batch: Batch) -> None:
        for event in batch.events:
            incident = event.incident
            for kind, due_at in ((HOLD_DOWN, incident.hold_until), (CALM, incident.calm_at)):
                if due_at is not None:
                    heappush(self._timers, (due_at, kind, incident.incident_id))
            if incident.state is IncidentState.RESOLVED and HOLDS_OTHERS in incident.flags:
                for held in batch.holds.waiting.values():
                    if held.parent == incident.incident_id:
                        heappush(self._timers, (batch.now, HELD, held.held_id))
        for held in batch.holds.changed.values():
            if held.outcome is None:
                heappush(self._timers, (held.until or batch.now + LOOK_AGAIN, HELD, held.held_id))
        batch.holds.changed.clear()

    def _forget_what_was_said(self, batch: Batch) -> None:
        """A batch remembers what it will write; nothing is written here."""
        for told in (batch.events, batch.decided, batch.joined, batch.claimed, batch.holds.linked):
            told.clear()
        self._count = (self._count + 1) % COUNTS_EVERY
        if self._count == 0:
            self._forget_counts(batch.now)
        self._loaded.seen.clear()
        self._loaded.classified.clear()

    def _forget_counts(self, now: datetime) -> None:
        """Openings that no storm can begin or last by any more."""
        spec = self.agreement.storm
        oldest = slot_of(now - max(spec.window, spec.calm_after) * 2)
        for openings in self._loaded.openings.values():
            for counts in (openings.slots, openings.added):
                for slot in [slot for slot in counts if slot < oldest]:
                    del counts[slot]

    def _renewed(self, batch: Batch, now: datetime) -> Batch:
        """The same state with the incidents that were seen last."""
        newest = sorted(batch.incidents.values(), key=lambda each: (each.last_seen_at or each.opened_at, each.number))
        kept, dropped = newest[-self._most :], newest[: -self._most]
        self.forgotten += sum(incident.state is not IncidentState.RESOLVED for incident in dropped)
        ids = {incident.incident_id for incident in kept}
        members = {key: held for key, held in self._loaded.members.items() if held in ids}
        early = sorted(self._loaded.early.items(), key=lambda entry: entry[1].received_at)[-self._most :]
        self._loaded = Loaded(
            incidents=kept,
            members=members,
            numbers=self._loaded.numbers,
            held=batch.holds.waiting,
            unkept={member for member in self._loaded.unkept if member in members},
            early=dict(early),
            openings=self._loaded.openings,
            queues=self._loaded.queues,
        )
        return Batch(self._loaded, _Only(self.agreement), now, new_incident_id)


def new_incident_id(alert: Alert) -> UUID:
    """The same for the same alert, whichever agreement decides it."""
    return uuid7(alert.received_at, alert.alert_id.bytes)


class _Only:
    """One agreement at every version."""

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement

    async def ensure(self, pairs: Iterable[tuple[str, int | None]]) -> None:
        """It is here."""

    def active(self, tenant: str) -> Agreement | None:
        """It, of its own tenant."""
        return self._agreement if tenant == self._agreement.tenant.id else None

    def at(self, tenant: str, version: int) -> Agreement:  # noqa: ARG002 - the port's signature
        """It: a past version is what is being replaced."""
        return self._agreement
