"""Incidents as the API gives them, with what belongs to one: clocks, timeline, explanation, pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field


class Acknowledged(BaseModel):
    """A party's first acknowledgement of the present cycle."""

    person: str | None = None
    at: datetime


class SecondFace(BaseModel):
    """What the other track has of an incident: whom it pages, how urgently, and who has answered there."""

    track: str
    priority: str
    party: str
    """Who acts on this track."""
    function: str
    row: str
    mode: str
    must_acknowledge: list[str]
    informed: list[str]
    acknowledged: dict[str, Acknowledged]
    opened_at: datetime
    because: list[str]


class Incident(BaseModel):
    """An incident as it is at ``version``."""

    id: UUID
    tenant: str
    number: int
    title: str
    priority: str
    owner: str
    lead: str | None
    responsible_party: str
    state: str
    cycle: int
    version: int
    function: str
    category: str | None
    incident_class: str
    track: str
    mode: str
    site: str | None
    host: str | None
    regulated: bool
    affected_users: int
    tenant_users: int
    p1_workflow: bool
    unmapped: bool
    row: str
    agreement_version: int
    provider: str | None
    opened_at: datetime
    detected_at: datetime
    occurred_at: datetime
    acknowledged: dict[str, Acknowledged]
    joined: dict[str, datetime]
    started_at: datetime | None
    resolved_at: datetime | None
    clear_pending_at: datetime | None
    occurrences: int
    last_seen_at: datetime | None
    must_acknowledge: list[str]
    flags: list[str]
    because: list[str]
    merged_into: UUID | None
    """The incident it is part of now."""
    linked: list[UUID] | None
    """Incidents that were put beside it or merged into it."""
    second_face: SecondFace | None
    """Set when security and operations both have it: two page legs, one set of clocks."""


class IncidentList(BaseModel):
    """One part of a list; the next one is in the header ``Link``."""

    items: list[Incident]


class Clock(BaseModel):
    """A clock, and from ``left_s`` on what is so at the instant of the answer."""

    incident_id: UUID
    clock: str
    party: str
    cycle: int
    start: datetime
    due: datetime | None
    state: str
    stop: datetime | None
    counted_s: float | None
    breached_at: datetime | None
    flags: list[str]
    priority: str
    target_s: float
    calendar: str
    warned: list[int]
    left_s: float | None
    share: float
    words: str


class ClockList(BaseModel):
    """Every clock of an incident, cycle by cycle."""

    items: list[Clock]


class TimelineEntry(BaseModel):
    """One thing that happened."""

    at: datetime
    kind: str
    what: str
    sentence: str
    text: str | None
    party: str | None
    person: str | None
    version: int | None


class Timeline(BaseModel):
    """Facts, clocks and pages, merged in the order in which they count."""

    items: list[TimelineEntry]


class RejectedRow(BaseModel):
    """A row of the scope matrix that came close."""

    row: str
    why_not: str


class ExplainedStep(BaseModel):
    """One step of the decision."""

    name: str
    text: str
    values: dict[str, str]
    rejected: list[RejectedRow]


class Explained(BaseModel):
    """Why an incident is where it is."""

    sentence: str
    steps: list[ExplainedStep]
    agreement_version: int
    because: list[str]
    trace: dict[str, Any] | None


class Page(BaseModel):
    """One page to one person on one channel."""

    page_id: UUID
    tenant: str
    incident_id: UUID
    party: str
    track: str
    person: str | None
    channel: str | None
    path: str | None
    step: int
    passed: int = Field(serialization_alias="pass")
    state: str
    attempt: int
    planned_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    reason: str | None


class PageList(BaseModel):
    """Pages in the order they were planned."""

    items: list[Page]
