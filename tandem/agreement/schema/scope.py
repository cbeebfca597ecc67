"""The scope matrix, classification, priority and decision rules, sites and assets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from tandem.agreement.schema.fields import Id, Many, Name, Part, Zone, suggest
from tandem.model.alert import Kind, Severity
from tandem.model.incident import IncidentClass
from tandem.model.ownership import Mode, Owner, Party, Track
from tandem.model.priority import Priority


class Matcher(Part):
    """One condition on one field; exactly one operator is set. ``value: x`` is short for ``is: [x]``."""

    is_: Many | None = Field(default=None, alias="is")
    not_: Many | None = Field(default=None, alias="not")
    contains: Many | None = None
    """Case-insensitive substring of the field."""
    prefix: Many | None = None
    glob: Many | None = None
    regex: str | None = Field(default=None, max_length=500)
    """RE2, searched."""
    at_least: str | None = None
    """severity only: this or worse."""


FIELDS = ("vendor", "kind", "integration", "title", "host", "severity", "severity_word", "status", "site", "customer")
"""What a condition may look at, beside ``labels.NAME``."""


def _as_matcher(value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    return value if isinstance(value, (dict, Matcher)) else {"is": value}


def _known_field(name: str) -> str:
    if name not in FIELDS and not (name.startswith("labels.") and len(name) > len("labels.")):
        close = suggest(name, FIELDS)
        raise ValueError(f"an alert has no field {name[:60]!r}{close or '; one of ' + ', '.join(FIELDS) + ', labels.NAME'}")
    return name


FieldName = Annotated[str, AfterValidator(_known_field)]
Condition = Annotated[Matcher, BeforeValidator(_as_matcher)]
Conditions = dict[FieldName, Condition]
"""Field -> value, list of values, or Matcher. Fields: vendor, kind, integration, title, host, severity, severity_word,
status, site, customer, labels.NAME; compiled by ``tandem/agreement/conditions.py``."""


class ClassificationRule(Part):
    """First rule that matches gives the alert its function and more (in document order)."""

    id: Id
    when: Conditions = Field(default_factory=dict)
    function: Id
    category: Id | None = None
    incident_class: IncidentClass = Field(default=IncidentClass.OTHER, alias="class")
    priority: Priority | None = None
    """At least this urgent (a floor)."""
    track: Track | None = None
    group_by: tuple[Literal["dedup_key", "function", "site", "host", "category"], ...] | None = None
    """What makes two alerts one incident; default: the dedup key alone."""
    sitewide: bool = False
    """An outage of unknown reach counts as more than 20 % (R-P2)."""


class FunctionSpec(Part):
    """A kind of IT work; the matrix says who does it."""

    id: Id
    name: Name
    track: Track = Track.OPS


class ScopeRow(Part):
    """One row of the scope matrix. Conditions beyond the function make it narrower; the most specific row decides."""

    id: Id
    function: Many
    category: Many | None = None
    site: Many | None = None
    asset_tag: Many | None = None
    severity: Many | None = None
    priority_order: int = 0
    """Settles rows that name equally many fields."""
    owner: Owner
    lead: Party | None = None
    """Needed when the owner is shared."""
    after_hours: Literal["msp", "internal", "none"] | None = None
    """Who takes it when the internal party has nobody on duty; default msp for internal and shared rows."""
    monitoring_owner: Party = Party.MSP
    track: Track | None = None
    """Default: the function's."""
    sla: Id = "standard"
    paths: dict[Party, Id] = Field(default_factory=dict)
    """Escalation path per party; default: the party's only path of the track, or the one named ``<party>-<track>``."""
    both_told: bool = False
    """The other party is told of every incident of this row (backup verification, R-P6)."""
    mode: Mode | None = None
    """Default: the tenant's."""
    runbook: str | None = Field(default=None, max_length=500)
    public_communications: Id | None = None
    raci: dict[str, Many] = Field(default_factory=dict)
    """R, A, C, I -> people; checked by the agreement's proof."""
    night: Literal["page"] | None = None
    """The internal security contact is paged at night too (R-P5)."""


class DecisionRules(Part):
    """The documents' rules that overrule the vendor's word (domain.md 2.3)."""

    wide_outage_share: float = Field(default=0.20, ge=0, le=1)
    """Strictly more than this share of the tenant's users makes a P1 (R-P2)."""
    wide_outage_classes: tuple[IncidentClass, ...] = (IncidentClass.OUTAGE,)
    regulated_classes: tuple[IncidentClass, ...] = (IncidentClass.OUTAGE, IncidentClass.BREACH)
    siem_both: str = "high"
    """Security findings of at least this severity go to both parties (R-P5)."""


class PriorityTable(Part):
    """Vendor severity -> floor priority; the most specific entry decides: vendor word, vendor, kind, default."""

    default: dict[str, Priority] = Field(default_factory=dict)
    kinds: dict[Kind, dict[str, Priority]] = Field(default_factory=dict)
    vendors: dict[str, dict[str, Priority]] = Field(default_factory=dict)
    """Keys are our severities or the vendor's own words."""


class SiteSpec(Part):
    """A place with users."""

    id: Id
    name: Name
    users: int = Field(default=0, ge=0)
    zone: Zone | None = None


class AssetSpec(Part):
    """Something alerts are about."""

    id: Id
    hosts: Many = ()
    """Host names or addresses as tools report them, compared without case; the id itself always counts."""
    site: Id | None = None
    users: int = Field(default=0, ge=0)
    """How many users an outage of it touches."""
    data_class: Literal["regulated", "confidential", "public"] | None = None
    tags: tuple[Id, ...] = ()
    function: Id | None = None
    approval: str | None = Field(default=None, max_length=200)
    """Who must agree before it is changed."""
