"""Classification, functions, priority and decision rules, sites and assets."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tandem.agreement.patterns import compile_regex
from tandem.agreement.schema.fields import Duration, Id, Many, Name, Part, Zone, as_list, suggest
from tandem.agreement.schema.matrix import DataClass, Scenario
from tandem.agreement.schema.vocabulary import Word
from tandem.model.alert import AlertStatus, Kind, Severity
from tandem.model.incident import IncidentClass
from tandem.model.ownership import Party, Track
from tandem.model.priority import Priority

FIELDS = ("vendor", "kind", "integration", "title", "host", "severity", "severity_word", "status", "site", "customer")
"""What a condition may look at, beside ``labels.NAME``."""
_CLOSED: dict[str, tuple[str, ...]] = {
    "kind": tuple(Kind),
    "severity": tuple(Severity),
    "status": tuple(AlertStatus),
}


def known_severity(word: str) -> str:
    """``word`` when it is one of our severities; ValueError otherwise."""
    if word not in set(Severity):
        raise ValueError(f"{word[:40]!r} is no severity{suggest(word, Severity)}; one of {', '.join(Severity)}")
    return word


def _regex(pattern: str) -> str:
    compile_regex(pattern)
    return pattern


class Matcher(Part):
    """One condition on one field; exactly one operator is set. ``value: x`` is short for ``is: [x]``.

    Texts are compared without case, a regex as it is written. A field the alert does not have is ``unknown``.
    """

    is_: Many | None = Field(default=None, alias="is")
    """One of these."""
    not_: Many | None = Field(default=None, alias="not")
    """None of these; an alert without the field passes."""
    contains: Many | None = None
    """Case-insensitive substring of the field."""
    prefix: Many | None = None
    """Begins with one of these."""
    glob: Many | None = None
    """Matches one of these patterns with ``*`` and ``?``."""
    regex: Annotated[str, Field(max_length=500), AfterValidator(_regex)] | None = None
    """RE2, searched."""
    at_least: Annotated[str, AfterValidator(known_severity)] | None = None
    """severity only: this or worse."""

    @model_validator(mode="after")
    def _one_operator(self) -> Self:
        named = [name for name, value in self if value is not None]
        if len(named) != 1:
            given = ", ".join(name.rstrip("_") for name in named) or "none"
            raise ValueError(
                f"a condition needs exactly one of is, not, contains, prefix, glob, regex, at_least (here: {given})"
            )
        return self


def _as_matcher(value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    return value if isinstance(value, (dict, Matcher)) else {"is": value}


def _known_field(name: str) -> str:
    if name not in FIELDS and name.removeprefix("labels.") == name:
        close = suggest(name, FIELDS)
        known = f"; one of {', '.join(FIELDS)}, labels.NAME"
        raise ValueError(f"an alert has no field {name[:60]!r}{close or known}")
    return name


def _possible(conditions: dict[str, Matcher]) -> dict[str, Matcher]:
    """Refuse what can never be true: a value the field cannot have, an order where there is none."""
    for name, matcher in conditions.items():
        if matcher.at_least is not None and name != "severity":
            raise ValueError(f"at_least works on severity, not on {name}")
        known = _CLOSED.get(name, ())
        for value in (matcher.is_ or matcher.not_ or ()) if known else ():
            if value not in known:
                raise ValueError(f"{name} is never {value[:40]!r}{suggest(value, known)}; one of {', '.join(known)}")
    return conditions


FieldName = Annotated[str, AfterValidator(_known_field)]
Condition = Annotated[Matcher, BeforeValidator(_as_matcher)]
Conditions = Annotated[dict[FieldName, Condition], AfterValidator(_possible)]
"""Field -> value, list of values, or Matcher. Fields: vendor, kind, integration, title, host, severity, severity_word,
status, site, customer, labels.NAME; compiled by ``tandem/agreement/conditions.py``."""


class ClassificationRule(Part):
    """First rule that matches gives the alert its function and more (in document order)."""

    id: Id
    """A rule of the same id replaces the provider's."""
    when: Conditions = Field(default_factory=dict)
    """All of them must hold; empty: every alert."""
    function: Id
    """What the alert is about."""
    category: Id | None = None
    """A finer word, for rows to name."""
    scenario: Scenario = Scenario.INCIDENT
    """In which situation the function is needed."""
    incident_class: IncidentClass = Field(default=IncidentClass.OTHER, alias="class")
    """What sort of trouble it is; outages and breaches count users."""
    priority: Priority | None = None
    """At least this urgent (a floor)."""
    track: Track | None = None
    """Where it is not the function's."""
    group_by: tuple[Literal["dedup_key", "function", "site", "host", "category"], ...] | None = None
    """What makes two alerts one incident; default: the dedup key alone."""
    sitewide: bool = False
    """An outage of unknown reach counts as more than 20 % (R-P2)."""


class FunctionSpec(Part):
    """A kind of IT work; the matrix says who does it."""

    id: Id
    """What rows and rules call it."""
    name: Name
    """What people call it."""
    track: Track = Track.OPS
    """Operations or security."""
    kinds: Annotated[tuple[Kind, ...], BeforeValidator(as_list)] | None = None
    """Only tools of these kinds report it; default: any."""
    nature: Literal["business_logic", "privileged", "monitoring", "specialised"] | None = None
    """Whose it is by default (R-P7): business logic and privileged work the internal team's, the rest the MSP's."""


class DecisionRules(Part):
    """The documents' rules that overrule the vendor's word (domain.md 2.3)."""

    wide_outage_share: float = Field(default=0.20, ge=0, le=1)
    """Strictly more than this share of the tenant's users makes a P1 (R-P2)."""
    wide_outage_classes: tuple[IncidentClass, ...] = (IncidentClass.OUTAGE,)
    """Sorts of trouble that count users."""
    regulated_classes: tuple[IncidentClass, ...] = (IncidentClass.OUTAGE, IncidentClass.BREACH)
    """Sorts that are a P1 when they touch regulated data."""
    siem_both: Annotated[str, AfterValidator(known_severity)] = "high"
    """Security findings of at least this severity go to both parties (R-P5)."""
    window: Duration = Field(default="15m", validate_default=True)
    """Outages of one tenant within it count together towards ``wide_outage_share``."""
    joint_lead: Party | None = None
    """Who leads a P1 that touches both parties' systems (R7); default: the lead of its first row, else the MSP."""


class Level(StrEnum):
    """A column or row of the impact x urgency matrix."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ImpactMatrix(Part):
    """Impact x urgency -> priority (domain.md 2.1), and how impact and urgency are read off an alert.

    Impact is the asset's ``importance`` where the inventory says one, and for outages the share of users it touches.
    An alert of unknown impact takes nothing from this matrix.
    """

    matrix: dict[Level, dict[Level, Priority]] = Field(default_factory=dict)
    """impact -> urgency -> priority."""
    urgency: dict[Severity, Level] = Field(default_factory=dict)
    """Our severity -> urgency; a severity that is left out takes nothing from the matrix."""
    high_share: float | None = Field(default=None, ge=0, le=1)
    """More than this share of the users is a high impact."""
    medium_share: float | None = Field(default=None, ge=0, le=1)
    """More than this share is a medium impact."""


class PriorityTable(Part):
    """Vendor severity -> floor priority; the most specific entry decides: vendor word, vendor, kind, default.

    All keys are lower case, however they are written.
    """

    default: dict[Word, Priority] = Field(default_factory=dict)
    """Word -> priority, for every tool."""
    kinds: dict[Kind, dict[Word, Priority]] = Field(default_factory=dict)
    """Kind of tool -> word -> priority."""
    vendors: dict[Word, dict[Word, Priority]] = Field(default_factory=dict)
    """Keys are our severities or the vendor's own words."""


class SiteSpec(Part):
    """A place with users."""

    id: Id
    """What assets and rows call it."""
    name: Name
    """What people call it."""
    users: int = Field(default=0, ge=0)
    """How many work there."""
    zone: Zone | None = None
    """Where it differs from the client's."""


class AssetSpec(Part):
    """Something alerts are about."""

    id: Id
    """Its name; counts as one of its hosts."""
    hosts: Many = ()
    """Host names or addresses as tools report them, compared without case; the id itself always counts."""
    site: Id | None = None
    """Where it stands."""
    users: int = Field(default=0, ge=0)
    """How many users an outage of it touches."""
    data_class: DataClass | None = None
    """regulated, confidential or public."""
    importance: Level | None = None
    """high: a critical service, medium: an important one, low: one that can wait (impact x urgency)."""
    tags: tuple[Id, ...] = ()
    """For rows to name."""
    function: Id | None = None
    """The function it belongs to."""
    depends_on: Annotated[tuple[Id, ...], BeforeValidator(as_list)] = ()
    """Assets that it cannot be reached without: their outage explains its own (R-P11)."""
    owner: Party | None = None
    """Overrules the owner of the row that decides, for this asset alone."""
    approval: str | None = Field(default=None, max_length=200)
    """Who must agree before it is changed."""
