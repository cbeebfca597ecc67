"""What holds alerts back: maintenance windows, silences, and alerts that mute others (inhibition).

Nothing here loses an alert: a window holds it until its end and looks again (R-C17). How a window recurs is
``tandem/agreement/windows.py``, what it holds ``tandem/agreement/suppression.py``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tandem.agreement.rrule import parse_rule
from tandem.agreement.schema.fields import Duration, Id, Many, Name, NearMoment, Part, Zone, as_list, suggest
from tandem.agreement.schema.people import ClockTime, WeekDays
from tandem.agreement.windows import LONGEST
from tandem.model.alert import Kind
from tandem.model.incident import IncidentClass
from tandem.model.ownership import Party
from tandem.model.priority import Priority

LONGEST_SILENCE = timedelta(days=30)
SCOPE_FIELDS = ("site", "asset", "asset_tag", "function", "category", "kind", "vendor", "integration")
"""What a window, a silence or an inhibition may name; all that are named must hold."""
_MOST_WINDOWS, _MOST_VALUES, _MOST_WEEKLY = 500, 200, 50

Values = Annotated[Many, Field(min_length=1, max_length=_MOST_VALUES)]
Classes = Annotated[tuple[IncidentClass, ...], BeforeValidator(as_list), Field(max_length=10)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


def _kinds(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if word not in set(Kind):
            raise ValueError(f"no tool is of kind {word[:40]!r}{suggest(word, Kind)}; one of {', '.join(Kind)}")
    return words


def _rule(text: str) -> str:
    parse_rule(text)
    return text


class Scoped(Part):
    """What it is about: every field that is named must hold, any of the values of one field is enough."""

    site: Values | None = None
    """Where the asset stands."""
    asset: Values | None = None
    """Ids of the inventory."""
    asset_tag: Values | None = None
    """A tag of the asset."""
    function: Values | None = None
    """What the alert is about."""
    category: Values | None = None
    """What a classification rule calls it."""
    kind: Annotated[Values, AfterValidator(_kinds)] | None = None
    """rmm, siem, backup or monitoring."""
    vendor: Values | None = None
    """Whose tool speaks."""
    integration: Values | None = None
    """The way in."""

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """Field -> values, of the fields that are named."""
        found = {name: getattr(self, name) for name in SCOPE_FIELDS}
        return {name: values for name, values in found.items() if values is not None}


class Holding(Scoped):
    """What maintenance windows and silences have in common."""

    id: Id
    """What the ledger calls it."""
    everything: bool = False
    """Every alert of the client; must be said, so that a forgotten scope holds nothing."""
    reason: Reason
    """Why, for everybody who asks where an alert is."""
    owner: Id
    """The person who answers for it."""
    allow_suppress_p1: bool = False
    """Holds P1 and security alerts too (D02). In the agreement both parties sign, this is their consent."""

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.everything and self.named:
            raise ValueError(f"everything: true and {next(iter(self.named))}: contradict each other; keep one of them")
        if not self.everything and not self.named:
            raise ValueError(f"say what it holds: one of {', '.join(SCOPE_FIELDS)}, or everything: true")
        return self


class WeeklyHours(Part):
    """Every week on these days, on the wall clock of the window's zone."""

    days: WeekDays
    """mon..sun, or ranges like mon-fri."""
    start: ClockTime = Field(alias="from")
    """HH:MM; a time the clock skips is the first instant after the gap, of a repeated one the first counts (R-B2)."""
    end: ClockTime = Field(alias="to")
    """HH:MM; at or before ``from`` runs into the next day; of a repeated time the last counts."""


class Once(Part):
    """One stretch of wall time in the window's zone, or of instants when an offset is written."""

    start: NearMoment = Field(alias="from")
    """From when."""
    end: NearMoment = Field(alias="to")
    """Until when."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise ValueError("write both from and to with an offset, or both without")
        if self.end <= self.start:
            raise ValueError("this ends before it begins")
        if self.end - self.start > LONGEST:
            raise ValueError(f"this is longer than {LONGEST.days} days; a window that long hides a decision")
        return self


class MaintenanceSpec(Holding):
    """A maintenance window: a calendar that holds alerts. Recurs by ``weekly`` and ``rrule``, or happens ``once``."""

    name: Name
    """What people call it."""
    party: Party | None = None
    """Whose work it is; default: both parties'."""
    zone: Zone | None = None
    """Default: that of the only site it names, else the client's."""
    weekly: Annotated[tuple[WeeklyHours, ...], Field(max_length=_MOST_WEEKLY)] = ()
    """Every week at these hours."""
    rrule: Annotated[str, Field(max_length=300), AfterValidator(_rule)] | None = None
    """RFC 5545, e.g. ``FREQ=MONTHLY;BYDAY=2SU``, on the wall clock; with ``start`` and ``length``."""
    start: NearMoment | None = None
    """Wall time of the rule's first occurrence, ``2026-11-08T02:00``."""
    length: Duration | None = None
    """Wall time from an occurrence's start to its end."""
    once: Once | None = None
    """Once, from and to."""
    effective_from: NearMoment | None = None
    """No occurrence begins before it."""
    effective_until: NearMoment | None = None
    """No occurrence begins at or after it."""

    @model_validator(mode="after")
    def _recurs(self) -> Self:
        if not (self.weekly or self.rrule or self.once):
            raise ValueError("say when: weekly: [{days, from, to}], rrule with start and length, or once: {from, to}")
        if self.once and (self.weekly or self.rrule):
            raise ValueError("once: stands alone; make a window of its own for what recurs")
        if (self.rrule is None) != (self.start is None) or (self.rrule is None) != (self.length is None):
            raise ValueError("rrule, start and length belong together: which days, from when, how long")
        if self.start is not None and self.start.tzinfo is not None:
            raise ValueError("start is wall time of the zone; write it without an offset")
        if self.length is not None and not timedelta() < self.length <= LONGEST:
            raise ValueError(f"length must be more than nothing and at most {LONGEST.days} days")
        return self


class SilenceSpec(Holding):
    """A person mutes something for a while, at most 30 days."""

    start: NearMoment = Field(alias="from")
    """Wall time of the client's zone, or an instant with an offset."""
    end: NearMoment = Field(alias="to")
    """When it ends."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise ValueError("write both from and to with an offset, or both without")
        if self.end <= self.start:
            raise ValueError("this silence ends before it begins")
        if self.end - self.start > LONGEST_SILENCE:
            raise ValueError(f"a silence lasts at most {LONGEST_SILENCE.days} days; make it a maintenance window")
        return self


class SourceSpec(Scoped):
    """The open incident that mutes."""

    priority: Annotated[tuple[Priority, ...], BeforeValidator(as_list), Field(max_length=5)] = ()
    """One of these; none: any."""
    incident_class: Classes = Field(default=(), alias="class")
    """Sorts of trouble."""

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        unknown = [name for name in ("asset_tag", "kind", "vendor", "integration") if name in self.named]
        if unknown:
            raise ValueError(f"an incident has no {unknown[0]}; name its function, category, site, asset or class")
        if not (self.named or self.priority or self.incident_class):
            raise ValueError("say which incident mutes: function, category, site, asset, priority or class")
        return self


class TargetSpec(Scoped):
    """The alerts that are muted while the source is open."""

    incident_class: Classes = Field(default=(), alias="class")
    """Sorts of trouble."""

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if not (self.named or self.incident_class):
            raise ValueError(f"say which alerts are muted: one of {', '.join(SCOPE_FIELDS)} or class")
        return self


class InhibitSpec(Part):
    """An open incident mutes alerts that only repeat what it says: they are attached to it and page nobody."""

    id: Id
    """What explanations call it."""
    source: SourceSpec
    """The open incident that mutes."""
    target: TargetSpec
    """The alerts that it mutes."""
    equal: Annotated[tuple[Literal["site", "asset", "function", "category"], ...], BeforeValidator(as_list)] = ()
    """Fields in which both must have the same, known value."""
    reason: str = Field(default="", max_length=500)
    """For readers."""


Windows = Annotated[tuple[MaintenanceSpec, ...], Field(max_length=_MOST_WINDOWS)]
Silences = Annotated[tuple[SilenceSpec, ...], Field(max_length=_MOST_WINDOWS)]
Inhibitions = Annotated[tuple[InhibitSpec, ...], Field(max_length=200)]
