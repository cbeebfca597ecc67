"""Silences and maintenance windows as people ask for them and as they are shown, and what one holds."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from tandem.model.ownership import Party
from tandem.web.text import STRICT, Line, Slug

_Values = Annotated[list[Annotated[Line, Field(max_length=200)]], Field(min_length=1, max_length=200)]
_Wall = Annotated[Line, Field(max_length=40)]


class _Held(BaseModel):
    """What it holds: all that is named must hold, any of a field's values is enough; or everything."""

    model_config = STRICT

    tenant: Slug | None = None
    """Needed when the caller sees several."""
    site: _Values | None = None
    asset: _Values | None = None
    asset_tag: _Values | None = None
    function: _Values | None = None
    category: _Values | None = None
    kind: _Values | None = None
    vendor: _Values | None = None
    integration: _Values | None = None
    everything: bool = False
    reason: Annotated[Line, Field(min_length=1, max_length=500)]
    allow_suppress_p1: bool = False
    """Hold P1 and security alerts too; counts once a person of each party has consented."""


class NewSilence(_Held):
    """A silence; it ends by itself, after 30 days at most."""

    start: Annotated[AwareDatetime | None, Field(alias="from")] = None
    """Default: now."""
    end: Annotated[AwareDatetime, Field(alias="to")]


class Hours(BaseModel):
    """Hours of some days of every week, on the wall clock."""

    model_config = STRICT

    days: Annotated[list[_Wall], Field(min_length=1, max_length=7)]
    start: Annotated[_Wall, Field(alias="from")]
    end: Annotated[_Wall, Field(alias="to")]


class Stretch(BaseModel):
    """Wall times of the zone, or instants with an offset."""

    model_config = STRICT

    start: Annotated[_Wall, Field(alias="from")]
    end: Annotated[_Wall, Field(alias="to")]


class NewMaintenance(_Held):
    """A maintenance window: weekly hours, a recurrence rule with start and length, or one stretch."""

    name: Annotated[Line, Field(min_length=1, max_length=200)]
    party: Party | None = None
    zone: _Wall | None = None
    weekly: Annotated[list[Hours], Field(max_length=50)] = Field(default_factory=list)
    rrule: Annotated[Line, Field(max_length=300)] | None = None
    start: _Wall | None = None
    length: _Wall | None = None
    once: Stretch | None = None
    effective_from: _Wall | None = None
    effective_until: _Wall | None = None


class Who(BaseModel):
    """A person and their party."""

    party: str | None
    person: str | None


class Agreed(BaseModel):
    """One party's consent that P1 and security alerts are held too."""

    person: str
    at: AwareDatetime


class Suppression(BaseModel):
    """A silence or maintenance window, and what is so at the instant of the answer."""

    id: str
    tenant: str
    kind: str
    source: str
    """agreement: it stands in the document; made: a person made it here."""
    name: str
    scope: str
    reason: str
    owner: str
    party: str | None
    zone: str
    active: bool
    start: AwareDatetime | None
    """Of the occurrence that holds now, else of the next one."""
    end: AwareDatetime | None
    holds_p1: bool
    """P1 and security alerts are held too: both parties agreed."""
    spec: dict[str, Any] | None = None
    made_by: Who | None = None
    made_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    ended_by: Who | None = None
    consent: dict[str, Agreed] = Field(default_factory=dict)
    needs_consent_of: list[str] = Field(default_factory=list)


class SuppressionList(BaseModel):
    """Those of the agreement first, then those that people made, newest first."""

    items: list[Suppression]


class Held(BaseModel):
    """A condition that something holds, or held."""

    id: UUID
    tenant: str
    condition: str
    title: str
    kind: str
    by: str
    reason: str
    since: AwareDatetime
    until: AwareDatetime | None
    last_seen_at: AwareDatetime
    count: int
    worst: str
    priority: str
    """It would have."""
    function: str
    parent_incident: UUID | None
    outcome: str | None
    """None while it waits."""
    outcome_at: AwareDatetime | None
    incident_id: UUID | None
    note: str | None


class HeldList(BaseModel):
    """Newest first, at most ``limit``."""

    items: list[Held]
