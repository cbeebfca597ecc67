"""What the API takes and gives, as models: the committed OpenAPI document is made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from tandem.model.ownership import Party, Track
from tandem.model.priority import Priority
from tandem.web.text import STRICT, Line, Text

Slug = Annotated[Line, Field(max_length=64)]


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


class Raise(BaseModel):
    """An incident that a person raises; name a function or an asset."""

    model_config = STRICT

    tenant: Slug | None = None
    """Needed when the caller sees several."""
    title: Line
    function: Slug | None = None
    asset: Annotated[Line, Field(max_length=200)] | None = None
    impact: Annotated[str, Field(pattern="^(high|medium|low)$")] | None = None
    onset: AwareDatetime | None = None
    to: Party | None = None
    """The party to raise it to; default: whom the agreement says."""
    text: Text | None = None


class Action(BaseModel):
    """What an action says beyond its name; each uses few of these."""

    model_config = STRICT

    text: Text | None = None
    reason: Annotated[Text, Field(max_length=1000)] | None = None
    to: Party | None = None
    priority: Priority | None = None
    until: AwareDatetime | None = None
    other_incident: UUID | None = None
    track: Track | None = None
    """Of an answer to an incident with both faces: whose page leg it stops."""


class CommandStatus(BaseModel):
    """What became of a command; ``pending`` while the router has not answered."""

    command_id: UUID
    outcome: str
    reason: str | None = None
    incident_id: UUID | None = None
    version: int | None = None
    status_url: str


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


class Quarantined(BaseModel):
    """Something that could not be read: a post, which can be replayed, or a record on the bus."""

    id: UUID
    kind: str
    """post or record."""
    at: datetime
    """When it came."""
    tenant: str | None
    service: str
    integration: str | None
    topic: str | None
    partition: int | None
    offset: int | None
    reason: str
    bytes: int | None
    """None once its body is kept no longer."""
    raw: str | None
    """The beginning of a post's body; what is not printable is replaced."""
    replayed_at: datetime | None
    """Or discarded."""
    replayed_by: str | None
    discarded: str | None
    """Why it need not be read, as who discarded it said."""
    waits: bool
    """Nobody knows whose it is: it waits, and ``tenant`` looks after its integration."""


class Rereading(BaseModel):
    """An alert that a replayed post made."""

    alert_id: UUID
    dedup_key: str
    title: str
    status: str


class Replayed(BaseModel):
    """A post that was read again; its alerts are on their way."""

    id: UUID
    alerts: list[Rereading]
    cleared: bool
    """The plain alert that stood for it is cleared: nothing else of the integration is unread."""
    others: int
    """Further alerts, of clients that are not yours."""
    waiting: int
    """Further alerts, of customers nobody maps: they wait."""


class NotReplayed(BaseModel):
    """A post that cannot be read now either."""

    id: UUID
    reason: str


class ReplayedList(BaseModel):
    """Of the oldest that were not replayed yet, at most 100."""

    replayed: list[Replayed]
    not_replayed: list[NotReplayed]
    more: bool
    """Ask again for the rest."""


class DiscardedList(BaseModel):
    """What need not be read."""

    discarded: list[UUID]
    not_discarded: list[NotReplayed]


class WaitingCustomer(BaseModel):
    """A customer that no client is mapped to; its alerts wait."""

    tenant: str
    """Who looks after the integration."""
    integration: str
    customer: str
    said: str
    """As the tool writes it; empty: it names nobody."""
    alerts: int
    since: datetime


class WaitingCustomers(BaseModel):
    """Most first."""

    items: list[WaitingCustomer]


class Given(BaseModel):
    """Alerts that go to a client within seconds."""

    alerts: int


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


class QuarantineList(BaseModel):
    """Newest first."""

    items: list[Quarantined]


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


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]]
    request_id: str
