"""What the API says of integrations. A secret is in one answer only, that of the rotation that made it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from tandem.web.text import STRICT, Line, Text

MOST_OVERLAP_H = 24 * 90


class SecretAge(BaseModel):
    """A valid secret; itself it is never shown again."""

    id: str
    """The beginning of its id, for `tandem integrations revoke`."""
    ending: str
    """Of its digest, to tell two of them apart."""
    created_at: datetime
    age_days: int
    expires_at: datetime | None
    """Set when a newer one has taken over."""


class Integration(BaseModel):
    """A way in; its secrets are never shown."""

    name: str
    tenant: str
    vendor: str
    auth: str
    header: str | None
    enabled: bool
    created_at: datetime
    provider: str | None
    tenant_from: str | None
    """The field that says whose an alert is, where one way in serves several clients."""
    last_event_at: datetime | None
    """To the minute, when it is older than an hour; None: nothing came within 35 days."""
    last_hour: dict[str, int]
    """By result: accepted, duplicate, quarantined, a reason of refusal. Seconds behind."""
    last_day: dict[str, int]
    quarantined: int
    """Bodies of the last day that could not be read."""
    refused: int
    """Posts of the last day that were turned away."""
    unmapped: int
    """Gaps of the agreement that its alerts showed and that are still open."""
    secrets: list[SecretAge]


class IntegrationList(BaseModel):
    """By tenant and name."""

    items: list[Integration]


class HourOfWay(BaseModel):
    """What came in within one hour."""

    begin: datetime
    taken: int
    unreadable: int
    refused: int


class Gap(BaseModel):
    """What the agreement does not name, as this way in showed it."""

    tenant: str
    kind: Literal["unmapped", "unknown_word"]
    key: str
    title: str
    count: int
    first_seen: datetime
    last_seen: datetime
    due_at: datetime
    alert_id: UUID
    incident_id: UUID | None
    section: str
    """Where the proposal goes: classification, matrix, priorities; empty when none would help."""
    proposal: str
    """YAML to paste into the agreement; words in capitals are for a person to replace."""
    why: str


class UnknownCustomer(BaseModel):
    """A customer that no client is mapped to; its alerts wait."""

    customer: str
    alerts: int
    since: datetime
    proposal: str
    """YAML for the provider's document."""


class OtherDoor(BaseModel):
    """A further address that takes its tool's posts, of another API."""

    title: str
    address: str
    headers: list[str]
    """What to enter where, beside the address."""
    curl: str
    """Posts a small real alert from a shell."""
    note: str


class IntegrationPage(Integration):
    """One way in, with what is needed to connect its tool."""

    address: str
    """Where the tool posts; a word in capitals stands for the secret, where it is part of the address."""
    headers: list[str]
    """To give to the tool, a word in capitals for the secret."""
    curl: str
    """Posts a test from a shell; empty where a shell cannot sign it."""
    doors: list[OtherDoor]
    tool: str
    """What people call the vendor's tool."""
    steps: str
    """How to set up the tool, Markdown."""
    mapping: str | None
    """The mapping document it is read by; None: the vendor's own reading."""
    hours: list[HourOfWay]
    """The last 24, oldest first."""
    gaps: list[Gap]
    unknown_customers: list[UnknownCustomer]


class Rotation(BaseModel):
    """How to rotate."""

    model_config = STRICT

    overlap_hours: Annotated[int, Field(ge=0, le=MOST_OVERLAP_H)] = 24
    """How long the secrets before stay valid; 0 ends them at once."""
    secret: Annotated[str, Field(min_length=16, max_length=512)] | None = None
    """The vendor's own; by default Tandem makes one."""


class Rotated(BaseModel):
    """The new secret, this once."""

    name: str
    secret_id: str
    secret: str
    address: str
    headers: list[str]
    curl: str
    doors: list[OtherDoor]
    old_valid_until: datetime


class NewTest(BaseModel):
    """What to test."""

    model_config = STRICT

    customer: Annotated[Line, Field(max_length=200)] | None = None
    """Whose alert it shall be, where one way in serves several clients."""


class TestStage(BaseModel):
    """One step of a test alert's way."""

    stage: Literal["accepted", "routed", "paged"]
    ok: bool | None
    """None: not yet."""
    said: str
    at: datetime | None
    incident_id: UUID | None


class TestTravel(BaseModel):
    """How far a test has come."""

    alert_id: UUID | None
    """None: it did not get in."""
    status_url: str | None
    over: bool
    stages: list[TestStage]


class NewPreview(BaseModel):
    """What to try."""

    model_config = STRICT

    mapping: Annotated[Text, Field(max_length=64 * 1024)] | None = None
    """A mapping document; null: what is in use, or, when one is to be used, the vendor's own reading."""


class Preview(BaseModel):
    """What the last body would become; nothing was stored or sent."""

    received_at: datetime | None
    """Of the body; None: nothing is kept that came in by this way for one of your tenants."""
    content_type: str | None
    body: str
    """As text, cut."""
    alerts: list[dict[str, Any]]
    """As `tandem ingest normalize` prints them."""
    quarantined: str | None
    """Why the body, or a part of it, could not be read."""
    problems: list[str]
    """Why the mapping cannot be used, mapping:LINE:COLUMN: message."""


class Used(BaseModel):
    """What an integration is read by, within two seconds."""

    name: str
    mapping: str | None
