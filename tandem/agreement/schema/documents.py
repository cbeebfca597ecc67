"""The two documents: a tenant's agreement and a provider's, shared by its tenants."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tandem.agreement.schema.fields import Id, Line, Name, Part, Zone
from tandem.agreement.schema.hours import CalendarSpec, SlaProfile, Timing
from tandem.agreement.schema.people import PartySpec, PathSpec, PersonSpec, ScheduleSpec
from tandem.agreement.schema.scope import (
    AssetSpec,
    ClassificationRule,
    DecisionRules,
    FunctionSpec,
    PriorityTable,
    ScopeRow,
    SiteSpec,
)
from tandem.model.integration import AuthKind
from tandem.model.ownership import Mode, Party, TenantKind


class TenantSpec(Part):
    """The client organization."""

    id: Id
    name: Name
    kind: TenantKind = TenantKind.CO_MANAGED
    mode: Mode = Mode.OBSERVE
    """New tenants start in observe."""
    users: int = Field(default=0, ge=0)
    """All users, the denominator of the > 20 % rule."""
    zone: Zone = "UTC"


class ProviderSpec(Part):
    """The managed service provider."""

    id: Id
    name: Name
    zone: Zone = "UTC"
    customers: dict[Line, Id] = Field(default_factory=dict)
    """A tool's name or id of a customer -> tenant id."""


class IntegrationSpec(Part):
    """A way in that belongs to the tenant; its secrets are made by ``tandem`` and never stand in a document."""

    name: Id
    vendor: Id
    auth: AuthKind = AuthKind.BEARER
    header: str | None = Field(default=None, max_length=100)


class SafetyRow(Part):
    """Takes what nothing else takes: both parties are told and a governance item is opened (D13)."""

    lead: Party = Party.MSP
    function: Id = "unmapped"
    sla: Id = "standard"


class SharedParts(Part):
    """What both documents may hold. A tenant's entry replaces the provider's of the same id."""

    calendars: dict[Id, CalendarSpec] = Field(default_factory=dict)
    people: dict[Id, PersonSpec] = Field(default_factory=dict)
    schedules: tuple[ScheduleSpec, ...] = ()
    paths: tuple[PathSpec, ...] = ()
    functions: tuple[FunctionSpec, ...] = ()
    classification: tuple[ClassificationRule, ...] = ()
    """The tenant's rules are tried before the provider's."""
    matrix: tuple[ScopeRow, ...] = ()
    priorities: PriorityTable = PriorityTable()
    sla: dict[Id, SlaProfile] = Field(default_factory=dict)
    parties: dict[Party, PartySpec] = Field(default_factory=dict)


class TenantDocument(SharedParts):
    """``schema: tandem/agreement/v1``: one tenant's co-management agreement."""

    schema_: Literal["tandem/agreement/v1"] = Field(alias="schema", default="tandem/agreement/v1")
    tenant: TenantSpec
    use: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}(@[0-9]{1,9})?$")
    """``provider`` or ``provider@N``."""
    sites: tuple[SiteSpec, ...] = ()
    assets: tuple[AssetSpec, ...] = ()
    rules: DecisionRules = DecisionRules()
    timing: Timing = Timing()
    safety: SafetyRow = SafetyRow()
    integrations: tuple[IntegrationSpec, ...] = ()


class ProviderDocument(SharedParts):
    """``schema: tandem/provider/v1``: what an MSP has once for all its clients."""

    schema_: Literal["tandem/provider/v1"] = Field(alias="schema", default="tandem/provider/v1")
    provider: ProviderSpec
