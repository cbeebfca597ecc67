"""The scope matrix: its rows, their conditions and their RACI.

A condition is a value, a list of values, or ``{not: [...]}``; never a pattern. That keeps the matrix small enough to be
*proven*: every alert hits exactly one row (``tandem/agreement/proof``).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tandem.agreement.schema.fields import Id, Many, Part, suggest
from tandem.model.alert import Kind, Severity
from tandem.model.ownership import Mode, Owner, Party, Track

UNKNOWN = "unknown"
"""What an alert says for a field that it does not have; a row may name it like any other value."""


class Scenario(StrEnum):
    """In which situation a function is needed; a classification rule says it, an alert is an incident by default."""

    ROUTINE = "routine"
    PROJECT = "project"
    INCIDENT = "incident"
    COMPLIANCE = "compliance"
    VENDOR = "vendor"


class DataClass(StrEnum):
    """What data an asset holds."""

    REGULATED = "regulated"
    CONFIDENTIAL = "confidential"
    PUBLIC = "public"


class Values(Part):
    """A condition of a row on one field: one of these values, or none of these. ``site: hq`` is short for ``is``."""

    is_: Many | None = Field(default=None, alias="is", min_length=1)
    """One of these."""
    not_: Many | None = Field(default=None, alias="not", min_length=1)
    """None of these."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.is_ is None) == (self.not_ is None):
            raise ValueError("write a value, a list of values, or {not: [...]}")
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """The values as they are written."""
        return self.is_ or self.not_ or ()

    def accepted(self, everything: Iterable[str]) -> frozenset[str]:
        """The values of ``everything`` (the field's whole vocabulary) that this condition takes."""
        if self.not_ is not None:
            return frozenset(everything) - frozenset(self.not_)
        return frozenset(self.is_ or ())


def _as_values(value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    return value if isinstance(value, (dict, Values)) else {"is": value}


def _one_tag(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, (list, tuple)):
        if len(value) != 1:
            raise ValueError("name one tag here; tags: {has: [...]} asks for several at once, two rows ask for either")
        return value[0]
    return value


def _of(words: type[StrEnum]) -> AfterValidator:
    def check(values: Values) -> Values:
        for value in values.named:
            if value != UNKNOWN and value not in set(words):
                what = "data class" if words is DataClass else words.__name__.lower()
                raise ValueError(f"{value[:40]!r} is no {what}{suggest(value, words)}; one of {', '.join(words)}")
        return values

    return AfterValidator(check)


RowCondition = Annotated[Values, BeforeValidator(_as_values)]
OneTag = Annotated[Id, BeforeValidator(_one_tag)]


class TagCondition(Part):
    """Tags that the alert's asset must carry, and tags that it must not."""

    has: Many = ()
    """All of these."""
    lacks: Many = ()
    """None of these."""


class Raci(Part):
    """Who is Responsible, Accountable, Consulted and Informed, by person; what is left out follows the parties.

    R is paged, A is called for decisions and breaches, C is asked, I is told (domain.md 5).
    """

    responsible: Many = Field(default=(), alias="R")
    """Default: who is on call on the path of the responsible party."""
    accountable: Many = Field(default=(), alias="A")
    """At most one person per party; default: the party's Accountable."""
    consulted: Many = Field(default=(), alias="C")
    """Asked before or while acting."""
    informed: Many = Field(default=(), alias="I")
    """Told, without a page."""


class ScopeRow(Part):
    """One row of the scope matrix: function x scenario x (site, asset tag, category, severity, ...) -> who does it.

    The row that names more fields decides; among equals the higher ``priority``; among equals the narrower one;
    anything else is a tie, which ``check`` refuses. The position in the file never decides.
    """

    id: Id
    """A row of the same id replaces the provider's."""
    function: Annotated[Many, Field(min_length=1)] | None = None
    """One function or several; left out: every function."""
    scenario: Annotated[RowCondition, _of(Scenario)] | None = None
    """routine, project, incident, compliance, vendor."""
    category: RowCondition | None = None
    """What a classification rule calls it."""
    site: RowCondition | None = None
    """Where its asset stands."""
    asset_tag: OneTag | None = None
    """Short for ``tags: {has: [TAG]}``."""
    tags: TagCondition | None = None
    """Tags that the asset has and lacks, several at once."""
    severity: Annotated[RowCondition, _of(Severity)] | None = None
    """critical, high, medium, low, info, unknown."""
    kind: Annotated[RowCondition, _of(Kind)] | None = None
    """What sort of tool speaks: rmm, siem, backup, monitoring."""
    vendor: RowCondition | None = None
    """Whose tool speaks."""
    data_class: Annotated[RowCondition, _of(DataClass)] | None = None
    """regulated, confidential, public."""
    host_class: RowCondition | None = None
    """A class of hosts that the vocabulary declares."""
    priority: int = Field(default=0, ge=-1000, le=1000)
    """Settles rows that name equally many fields; the higher wins."""
    owner: Owner
    """Who does it."""
    lead: Party | None = None
    """Needed when the owner is shared."""
    after_hours: Literal["msp", "internal", "none"] | None = None
    """Who takes it when the internal party has nobody on duty; default msp for internal and shared rows."""
    overflow: Literal["msp"] | None = None
    """New incidents go to the MSP while the internal queue is over its limit (R-A6)."""
    monitoring_owner: Party = Party.MSP
    """Who answers for detection in time (MTTD)."""
    track: Track | None = None
    """Default: the function's."""
    raci: Raci = Raci()
    """By person, where it is not as the parties say."""
    sla: Id = "standard"
    """Profile of the section ``sla``."""
    paths: dict[Party, Id] = Field(default_factory=dict)
    """Escalation path per party; default: the party's only path of the track, or the one named ``<party>-<track>``."""
    both_told: bool = False
    """The other party is told of every incident of this row (backup verification, R-P6)."""
    mode: Mode | None = None
    """Default: the function's (``modes``), then the tenant's."""
    runbook: str | None = Field(default=None, max_length=500)
    """URL, or the id of an entry of ``runbooks``; default: the entry named like the alert's function."""
    public_communications: Id | None = None
    """The person who speaks publicly; shown on the page of a P1."""
    night: Literal["page"] | None = None
    """The internal security contact is paged at night too (R-P5)."""
    note: str | None = Field(default=None, max_length=500)
    """For readers of the matrix."""
