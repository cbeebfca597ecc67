"""Checks: what is waited for, where each stands, what was said of it; and a pause that a person asks for."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from tandem.web.text import STRICT, Line


class Counts(BaseModel):
    """Periods that were due within the asked time, by their last word."""

    verified: int
    late: int
    """Of those verified: after they had been missing."""
    failed: int
    missing: int


class Paused(BaseModel):
    """Who pauses it, why, until when."""

    party: str | None
    person: str | None
    reason: str | None
    until: AwareDatetime | None


class ExpectedCheck(BaseModel):
    """A check: what is waited for and where it stands."""

    tenant: str
    id: str
    what: str
    """heartbeat, backup, restore_test or volume."""
    name: str | None
    asset: str | None
    phase: str
    """new, up, started, late, down, paused or undeclared."""
    since: AwareDatetime
    expected: str
    """The rhythm in words; empty while no agreement waits for it."""
    grace_s: float | None
    due_at: AwareDatetime | None
    trouble: str | None
    """missing, failed or overdue while its alert stands."""
    trouble_since: AwareDatetime | None
    running_since: AwareDatetime | None
    last_signal_at: AwareDatetime | None
    last_success_at: AwareDatetime | None
    last_failure_at: AwareDatetime | None
    last_duration_s: float | None
    paused: Paused | None
    integration: str
    """The way in that its alert names; ``expected`` where the check names none."""
    ping_path: str | None
    """Where its signal is sent to; a secret may have to follow. None where a tool's own alerts are the signal."""
    counts: Counts


class ExpectedList(BaseModel):
    """By tenant and id."""

    items: list[ExpectedCheck]


class CheckLine(BaseModel):
    """One thing that was said, or was not."""

    id: UUID
    at: AwareDatetime
    outcome: str
    """ok, failed, missing, overdue, started, logged, paused or resumed."""
    due_at: AwareDatetime | None
    """The deadline it answers."""
    run_id: str
    duration_s: float | None
    exit_code: int | None
    note: str | None
    party: str | None
    person: str | None
    agreement_version: int


class CheckHistory(BaseModel):
    """Newest first. A plain heartbeat in time leaves no line."""

    items: list[CheckLine]


class Pause(BaseModel):
    """Why, and until when at most."""

    model_config = STRICT

    reason: Annotated[Line, Field(min_length=1, max_length=500)]
    until: AwareDatetime | None = None
    """It ends by itself then; without it, only when somebody resumes it."""
