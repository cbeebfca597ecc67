"""What could not be read, who waits for a client, and what became of a replay, a discard, a gift."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from tandem.web.text import STRICT, Line, Text
from tandem_console.store.quarantine import AT_ONCE

State = Literal["open", "replayed", "discarded", "record", "all"]
"""Of those asked for."""
Why = Annotated[Line, Field(min_length=1, max_length=500)]


class Chosen(BaseModel):
    """Whose posts, or which."""

    model_config = STRICT

    integration: Annotated[Text, Field(min_length=1, max_length=64)] | None = None
    ids: Annotated[list[UUID], Field(min_length=1, max_length=AT_ONCE)] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.integration is None) == (self.ids is None):
            raise ValueError("say which: integration or ids")
        return self


class Discarding(BaseModel):
    """Which posts need not be read, and why."""

    model_config = STRICT

    ids: Annotated[list[UUID], Field(min_length=1, max_length=AT_ONCE)]
    reason: Why


class Giving(BaseModel):
    """Whose alerts become whose, for once; the provider's document says it for good."""

    model_config = STRICT

    integration: Annotated[Text, Field(min_length=1, max_length=64)]
    customer: Annotated[Text, Field(max_length=200)] = ""
    """As the tool names it; empty: what names nobody."""
    tenant: Annotated[Text, Field(min_length=1, max_length=64)]


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


class QuarantineList(BaseModel):
    """Newest first."""

    items: list[Quarantined]


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
