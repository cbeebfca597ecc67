"""The two documents: a tenant's agreement and a provider's, shared by its tenants."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tandem.agreement.schema.expected import ExpectedSpec
from tandem.agreement.schema.fields import Duration, Id, Line, Name, NearMoment, Part, Zone
from tandem.agreement.schema.hours import CalendarSpec, SlaProfile, Timing
from tandem.agreement.schema.joining import FlappingSpec, StaleSpec, StormSpec
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.schema.people import PartySpec, PathSpec, PersonSpec, ScheduleSpec
from tandem.agreement.schema.scope import (
    AssetSpec,
    ClassificationRule,
    DecisionRules,
    FunctionSpec,
    ImpactMatrix,
    PriorityTable,
    SiteSpec,
)
from tandem.agreement.schema.suppression import Inhibitions, Silences, Windows
from tandem.agreement.schema.vocabulary import Vocabulary
from tandem.model.integration import AuthKind
from tandem.model.ownership import Mode, Party, TenantKind


def _beside(text: str) -> str:
    plain = text[:1].isalnum() and all(char.isalnum() or char in "-_." for char in text)
    if not plain or len(text) > 100 or not text.lower().endswith((".csv", ".yaml", ".yml")):
        raise ValueError(f"{text[:60]!r} is not the name of a file beside this one; write it like assets.csv")
    return text


FileName = Annotated[Line, AfterValidator(_beside)]
"""A file in the document's own directory, a table or a document."""


class TenantSpec(Part):
    """The client organization."""

    id: Id
    """Part of its file's name and of every incident."""
    name: Name
    """What people call it."""
    kind: TenantKind = TenantKind.CO_MANAGED
    """managed: there is no internal team, the MSP does everything."""
    mode: Mode = Mode.OBSERVE
    """New tenants start in observe."""
    users: int = Field(default=0, ge=0)
    """All users, the denominator of the > 20 % rule."""
    zone: Zone = "UTC"
    """Where an entry names no time zone, this one."""
    ends_at: NearMoment | None = None
    """When the agreement ends: from then on nobody is paged (D18)."""


class ProviderSpec(Part):
    """The managed service provider."""

    id: Id
    """What a client's ``use:`` says."""
    name: Name
    """What people call it."""
    version: int | None = Field(default=None, ge=1, le=999_999_999)
    """Counts up with each published change, so that a client can keep to one: ``use: provider@3``."""
    zone: Zone = "UTC"
    """Its own time zone, where an entry names none."""
    customers: dict[Line, Id] = Field(default_factory=dict)
    """A tool's name or id of a customer -> tenant id."""


class IntegrationSpec(Part):
    """A way in that belongs to the tenant; its secrets are made by ``tandem`` and never stand in a document."""

    name: Id
    """Part of its URL, so unique in the whole instance."""
    vendor: Id
    """Whose alerts it reads; ``tandem ingest vendors`` lists them."""
    auth: AuthKind = AuthKind.BEARER
    """How a sender proves who it is."""
    header: str | None = Field(default=None, max_length=100)
    """The header that holds the key, with ``auth: header``."""


class SafetyRow(Part):
    """Takes what nothing else takes: both parties are told and a governance item is opened (D13)."""

    lead: Party | None = None
    """Default: by the nature of the function (R-P7), else the MSP."""
    function: Id = "unmapped"
    """What such an alert counts as."""
    sla: Id = "standard"
    """The profile of its clocks."""
    deadline: Duration = Field(default="14d", validate_default=True)
    """How long both parties have to give what is unmapped a row; a governance item says when it is due."""


class SharedParts(Part):
    """What both documents may hold. A tenant's entry replaces the provider's of the same id."""

    vocabulary: Vocabulary = Vocabulary()
    """Words that rows may use beside those that follow from the rest."""
    calendars: dict[Id, CalendarSpec] = Field(default_factory=dict)
    """When parties work; ``24x7`` always exists."""
    people: dict[Id, PersonSpec] = Field(default_factory=dict)
    """Everybody who is paged or told."""
    schedules: tuple[ScheduleSpec, ...] = ()
    """Who is on call when."""
    paths: tuple[PathSpec, ...] = ()
    """Whom to page and when to go on."""
    functions: tuple[FunctionSpec, ...] = ()
    """The kinds of IT work that rows and rules speak of."""
    classification: tuple[ClassificationRule, ...] = ()
    """The tenant's rules are tried before the provider's."""
    matrix: tuple[ScopeRow, ...] = ()
    """The scope matrix: who does what. Its order says nothing."""
    runbooks: dict[Id, Line] = Field(default_factory=dict)
    """Name -> URL, for rows to refer to; one that is named like a function holds for all its rows."""
    priorities: PriorityTable = PriorityTable()
    """How urgent a vendor's word is, at least."""
    impact: ImpactMatrix = ImpactMatrix()
    """How urgent impact and urgency make it together."""
    sla: dict[Id, SlaProfile] = Field(default_factory=dict)
    """Targets; what a profile does not say is as in ``standard``."""
    parties: dict[Party, PartySpec] = Field(default_factory=dict)
    """The two sides: internal and msp."""
    maintenance: Windows = ()
    """Windows that hold alerts until they end."""
    inhibit: Inhibitions = ()
    """Open incidents that mute alerts which only repeat them."""
    expected: Annotated[tuple[ExpectedSpec, ...], Field(max_length=2000)] = ()
    """Signals that both parties count on; one that does not come is an alert."""


class TenantDocument(SharedParts):
    """``schema: tandem/agreement/v1``: one tenant's co-management agreement."""

    schema_: Literal["tandem/agreement/v1"] = Field(alias="schema", default="tandem/agreement/v1")
    """Which kind of document this is."""
    tenant: TenantSpec
    """Who the client is."""
    use: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}(@[0-9]{1,9})?$")
    """``provider`` or ``provider@N``."""
    sites: tuple[SiteSpec, ...] = ()
    """Its places."""
    assets: tuple[AssetSpec, ...] = ()
    """What alerts are about."""
    inventory: FileName | None = None
    """A file beside this one with further assets, ``assets.csv``; an asset that stands in both is the one here."""
    modes: dict[Id, Mode] = Field(default_factory=dict)
    """Function -> observe, overlap or live, where it differs from the tenant's mode."""
    rules: DecisionRules = DecisionRules()
    """What overrules a vendor's word."""
    timing: Timing = Timing()
    """Lengths of time of an incident's life."""
    storm: StormSpec = StormSpec()
    flapping: FlappingSpec = FlappingSpec()
    stale: StaleSpec = StaleSpec()
    safety: SafetyRow = SafetyRow()
    """What takes the alerts that no row takes."""
    integrations: tuple[IntegrationSpec, ...] = ()
    """The ways in."""
    silences: Silences = ()
    """What a person mutes for at most 30 days."""


class ProviderDocument(SharedParts):
    """``schema: tandem/provider/v1``: what an MSP has once for all its clients."""

    schema_: Literal["tandem/provider/v1"] = Field(alias="schema", default="tandem/provider/v1")
    """Which kind of document this is."""
    provider: ProviderSpec
    """Who the provider is."""
