"""What is known of one check, and what a step of it gives: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from tandem.model.ownership import SYSTEM, Actor

NO_RUNS: Mapping[str, datetime] = MappingProxyType({})
ANYHOW = "expected"
"""The way in of a check that names none."""


class Phase(StrEnum):
    """Where a check stands."""

    NEW = "new"
    """Waits for its first signal, or for the first since it was resumed."""
    UP = "up"
    LATE = "late"
    """Past its deadline, within the grace."""
    STARTED = "started"
    """It runs; shown in place of the three above."""
    DOWN = "down"
    """Missing, failed, or running for too long; an alert stands."""
    PAUSED = "paused"
    """A person expects nothing: nothing is raised."""
    UNDECLARED = "undeclared"
    """Heard, but no agreement waits for it: only a failure is raised."""


class Trouble(StrEnum):
    """What its alert says."""

    MISSING = "missing"
    FAILED = "failed"
    OVERDUE = "overdue"
    """Started, and not ended within ``max_duration``."""


class Outcome(StrEnum):
    """What one line of its history says."""

    OK = "ok"
    """A success; of a backup or a restore test: verified."""
    FAILED = "failed"
    MISSING = "missing"
    OVERDUE = "overdue"
    STARTED = "started"
    LOGGED = "logged"
    PAUSED = "paused"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One check. Instants are aware UTC."""

    phase: Phase
    """Never STARTED, which is what ``shown`` makes of ``runs``."""
    since: datetime
    integration: str = ANYHOW
    """The way in that its alert names; the same from firing to clear."""
    period: str = ""
    """The rhythm it waits by, in words; empty while nobody waits."""
    due_at: datetime | None = None
    missed_at: datetime | None = None
    """The last deadline that was missed or answered by a failure, until a success makes up for it."""
    runs: Mapping[str, datetime] = field(default_factory=lambda: NO_RUNS)
    """Run id -> when it started."""
    last_signal_at: datetime | None = None
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    duration_s: float | None = None
    """Of the last run that was started and ended."""
    trouble: Trouble | None = None
    """An alert stands that says so."""
    trouble_since: datetime | None = None
    said_at: datetime | None = None
    """When that was last said."""
    paused_by: Actor = SYSTEM
    pause_reason: str | None = None
    paused_until: datetime | None = None

    @property
    def shown(self) -> Phase:
        """The phase as people see it."""
        running = self.runs and self.phase in {Phase.NEW, Phase.UP, Phase.LATE}
        return Phase.STARTED if running else self.phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of a check's history."""

    outcome: Outcome
    at: datetime
    due_at: datetime | None = None
    """The deadline it answers: its period."""
    signal_id: UUID | None = None
    run_id: str = ""
    duration_s: float | None = None
    exit_code: int | None = None
    note: str | None = None
    by: Actor = SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said to whoever owns the check: an alert fires or clears."""

    trouble: Trouble
    firing: bool
    at: datetime
    due_at: datetime | None = None
    note: str | None = None
    exit_code: int | None = None
    blind_from: datetime | None = None
    """Signals could not be heard from then ..."""
    blind_until: datetime | None = None
    """... until then, so one may have come."""


@dataclass(frozen=True, slots=True)
class Step:
    """The state after, and what follows from it, in order."""

    state: State
    results: tuple[Result, ...] = ()
    said: tuple[Said, ...] = ()
