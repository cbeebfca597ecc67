"""The holds of one batch: one begins, is seen again, goes on by another one, gets its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.ids import uuid8
from tandem.model.alert import Alert, Severity
from tandem.model.suppression import HoldOutcome
from tandem_router.grouping import condition_of
from tandem_router.held import Held
from tandem_router.routing import Routing
from tandem_router.suppress import Hold

MOST_IDS = 100
"""Alerts that a hold names, the latest ones."""
_WORST_FIRST = {word.value: rank for rank, word in enumerate(Severity)}


@dataclass(slots=True)
class Holds:
    """The holds of one batch: those that wait, and those that were changed."""

    waiting: dict[tuple[str, str], Held] = field(default_factory=dict)
    changed: dict[UUID, Held] = field(default_factory=dict)
    linked: dict[UUID, UUID] = field(default_factory=dict)
    """Alert -> the incident it came to after all."""

    def of(self, alert: Alert) -> Held | None:
        """The hold in which this condition waits."""
        return self.waiting.get((alert.tenant, condition_of(alert)))

    def begin(self, alert: Alert, routing: Routing, hold: Hold) -> Held:
        """Hold an alert that nothing held."""
        held = Held(
            held_id=uuid8("held", alert.alert_id.bytes),
            tenant=alert.tenant,
            condition=condition_of(alert),
            alert=replace(alert, raw=b""),
            occurred_at=min(alert.occurred_at or alert.received_at, alert.received_at),
            since=alert.received_at,
            first_since=alert.received_at,
            last_seen_at=alert.received_at,
            count=1,
            worst=alert.severity.value,
            alert_ids=(alert.alert_id,),
            **_by(routing, hold),
        )
        return self._keep(held)

    def again(self, held: Held, alert: Alert, routing: Routing, hold: Hold) -> Held:
        """The same condition fires again while it is held."""
        if not held.is_by(hold):
            held = self.hold_on(held, routing, hold, alert.received_at)
        seen = replace(
            held,
            alert=replace(alert, raw=b""),
            last_seen_at=max(alert.received_at, held.last_seen_at),
            count=held.count + 1,
            worst=min(held.worst, alert.severity.value, key=lambda word: _WORST_FIRST.get(word, 9)),
            alert_ids=(*held.alert_ids, alert.alert_id)[-MOST_IDS:],
            until=hold.until,
            why=hold.why,
            priority=routing.priority.value,
        )
        return self._keep(seen)

    def hold_on(self, held: Held, routing: Routing, hold: Hold, at: datetime) -> Held:
        """At its end something else holds it: the old hold says so, a new one begins."""
        if held.is_by(hold):
            return self._keep(replace(held, until=hold.until, why=hold.why))
        self.settle(held, HoldOutcome.HELD_ON, at, note=f"now held by {hold.why}")
        taken_over = replace(
            held,
            held_id=uuid8("held on", held.held_id.bytes, hold.kind.value, hold.by),
            since=at,
            count=0,
            outcome=None,
            outcome_at=None,
            note=None,
            **_by(routing, hold),
        )
        return self._keep(taken_over)

    def settle(
        self,
        held: Held,
        outcome: HoldOutcome,
        at: datetime,
        *,
        incident_id: UUID | None = None,
        note: str | None = None,
    ) -> None:
        """Give a hold its outcome."""
        self.waiting.pop(held.key, None)
        self.changed[held.held_id] = replace(
            held, outcome=outcome, outcome_at=max(at, held.since), incident_id=incident_id, note=note
        )
        if incident_id is not None:
            self.linked |= dict.fromkeys(held.alert_ids, incident_id)

    def _keep(self, held: Held) -> Held:
        self.waiting[held.key] = self.changed[held.held_id] = held
        return held


def _by(routing: Routing, hold: Hold) -> dict[str, Any]:
    return {
        "kind": hold.kind,
        "by": hold.by,
        "why": hold.why,
        "until": hold.until,
        "parent": hold.parent,
        "priority": routing.priority.value,
        "function": routing.function,
        "agreement_version": routing.agreement_version,
    }
