"""Clears that were here before the alert that they clear (R-C7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tandem.model.alert import Alert, AlertStatus
from tandem_router import instants
from tandem_router.grouping import condition_of
from tandem_router.together.work import Membership


@dataclass(frozen=True, slots=True)
class EarlyClear:
    """A clear that nobody waited for when it came."""

    at: datetime | None
    """As its source says."""
    received_at: datetime


@dataclass(frozen=True, slots=True)
class EarlyClears:
    """The latest clear of a condition that nobody waited for."""

    known: dict[Membership, EarlyClear]
    """Those of the look-up, changed in place."""

    def came_late(self, alert: Alert) -> bool:
        """Whether the alert's clear was here first (R-C7)."""
        clear = self.known.get((alert.tenant, condition_of(alert)))
        if clear is None or alert.status is not AlertStatus.FIRING:
            return False
        return instants.came_after_its_clear(
            alert.occurred_at, alert.received_at, cleared_at=clear.at, clear_received_at=clear.received_at
        )

    def remember(self, alert: Alert) -> None:
        """Remember a clear that nobody waited for."""
        self.known[alert.tenant, condition_of(alert)] = EarlyClear(alert.occurred_at, alert.received_at)
