"""Reports: gaps of the agreement, for both parties to settle."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel


class GovernanceItem(BaseModel):
    """A gap in the agreement: alerts that no row names, or a vendor's word that no table knows."""

    tenant: str
    kind: Literal["unmapped", "unknown_word"]
    key: str
    title: str
    count: int
    first_seen: datetime
    last_seen: datetime
    alert_id: UUID
    """The latest alert that showed it."""
    due_at: datetime
    """Both parties have until then to give it a row or a word."""
    state: Literal["open", "settled"]
    overdue: bool


class GovernanceReport(BaseModel):
    """The oldest deadline first."""

    at: datetime
    total: int
    """How many there are beyond those listed, too."""
    items: list[GovernanceItem]
