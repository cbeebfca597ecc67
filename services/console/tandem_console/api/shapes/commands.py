"""Wishes: an incident that a person raises, an action on one, and what became of the command."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from tandem.model.ownership import Party, Track
from tandem.model.priority import Priority
from tandem.web.text import STRICT, Line, Slug, Text


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
