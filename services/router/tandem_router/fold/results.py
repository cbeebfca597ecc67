"""What a batch says: the one decision about each alert, the one answer to each command."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tandem.model.alert import Alert
from tandem.model.events import Command
from tandem_router.outcome import Refusal
from tandem_router.routing import Routing


@dataclass(frozen=True, slots=True)
class Decided:
    """An alert with its one decision; no incident for a clear that nobody waits for."""

    alert: Alert
    incident_id: UUID | None
    agreement_version: int
    outcome: str
    """opened, joined, attached (to a storm), repeated, reopened, held, cleared or ignored."""
    routing: Routing


@dataclass(frozen=True, slots=True)
class Answered:
    """A command with its outcome; ``version`` is the incident's afterwards."""

    command: Command
    refusal: Refusal | None
    version: int
