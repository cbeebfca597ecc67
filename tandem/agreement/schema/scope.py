"""The scope matrix, classification, priority and decision rules, sites and assets."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from tandem.agreement.patterns import compile_regex
from tandem.agreement.schema.fields import Id, Many, Name, Part, Zone, suggest
from tandem.model.alert import AlertStatus, Kind, Severity
from tandem.model.incident import IncidentClass
from tandem.model.ownership import Mode, Owner, Party, Track
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
    not_: Many | None = Field(default=None, alias="not")
    contains: Many | None = None
    """Case-insensitive substring of the field."""
    prefix: Many | None = None
    glob: Many | None = None
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


def _severities(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(known_severity(word) for word in words)


Severities = Annotated[Many, AfterValidator(_severities)]
FieldName = Annotated[str, AfterValidator(_known_field)]
Condition = Annotated[Matcher, BeforeValidator(_as_matcher)]
Conditions = Annotated[dict[FieldName, Condition], AfterValidator(_possible)]
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
    function: Annotated[Many, Field(min_length=1)]
    category: Many | None = None
    site: Many | None = None
    asset_tag: Many | None = None
    severity: Severities | None = None
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
    siem_both: Annotated[str, AfterValidator(known_severity)] = "high"
    """Security findings of at least this severity go to both parties (R-P5)."""


Word = Annotated[str, StringConstraints(to_lower=True, min_length=1, max_length=64)]


class PriorityTable(Part):
    """Vendor severity -> floor priority; the most specific entry decides: vendor word, vendor, kind, default.

    All keys are lower case, however they are written.
    """

    default: dict[Word, Priority] = Field(default_factory=dict)
    kinds: dict[Kind, dict[Word, Priority]] = Field(default_factory=dict)
    vendors: dict[Word, dict[Word, Priority]] = Field(default_factory=dict)
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
