"""Why an alert is where it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel


class SaidStep(BaseModel):
    """One line; further lines of the same step have no name."""

    name: str
    words: str


class ExplainedAlert(BaseModel):
    """Why an alert is where it is. What was put aside has no decision."""

    alert_id: UUID
    tenant: str | None
    integration: str | None
    vendor: str | None
    title: str | None
    status: str | None
    severity: str | None
    received_at: datetime
    outcome: str
    """opened, joined, attached, repeated, reopened, held, cleared, ignored, put_aside or unknown."""
    incident_id: UUID | None
    incident_number: int | None
    agreement_version: int | None
    sentence: str
    steps: list[SaidStep]
    lines: list[str]
    """The steps as they are printed."""
    because: list[str]
    trace: dict[str, Any] | None
