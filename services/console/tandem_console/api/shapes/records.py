"""What surrounds incidents: who is on call, what came by the ways in, the agreement, the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel


class OnCall(BaseModel):
    """Who is on call now for a party on a track."""

    tenant: str
    party: str
    track: str
    people: list[str]
    schedule: str | None = None
    until: datetime | None = None


class OnCallList(BaseModel):
    """The two tracks are never merged."""

    at: datetime
    items: list[OnCall]


class Intake(BaseModel):
    """Alerts of one integration with one result."""

    tenant: str
    integration: str
    result: str
    n: int
    last_minute: datetime


class IntakeList(BaseModel):
    """Since the minute of ``since``."""

    since: datetime
    items: list[Intake]


class Agreement(BaseModel):
    """The active agreement of a tenant, as its owners wrote it."""

    tenant: str
    version: int
    hash: str
    document: str
    provider: str | None
    author: str
    note: str
    activated_at: datetime


class Deed(BaseModel):
    """One line of the audit."""

    id: UUID
    at: datetime
    tenant: str | None
    who: str
    party: str | None
    action: str
    object: str
    outcome: str
    detail: dict[str, Any]


class Audit(BaseModel):
    """Newest first."""

    items: list[Deed]
