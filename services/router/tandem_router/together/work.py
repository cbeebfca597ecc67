"""What a batch lends to the parts that make one incident of several. Holds no rule."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.incident import Incident
from tandem_router.incident.change import Change

Membership = tuple[str, str]
"""(tenant, condition)."""


class Work(Protocol):
    """What the batch lends."""

    incidents: dict[UUID, Incident]
    now: datetime

    def keep(self, change: Change) -> None:
        """Take a change over, with its facts."""
        ...

    def agreement_of(self, incident: Incident) -> Agreement:
        """The version it was opened with."""
        ...

    def settled(self, incident: Incident, at: datetime) -> Incident:
        """The incident after whatever was over at ``at``."""
        ...

    def running(self, tenant: str, group_key: str) -> Incident | None:
        """The incident of a group that is not resolved."""
        ...

    def next_number(self, tenant: str) -> int:
        """Of a new incident."""
        ...

    def new_id(self, alert: Alert) -> UUID:
        """Of the incident that ``alert`` opens."""
        ...
