"""Parties, people, schedules and escalation paths."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from tandem.agreement.schema.fields import Day, Duration, Id, Line, Many, Moment, Name, Part, Zone, suggest
from tandem.agreement.schema.hours import parse_days, parse_time
from tandem.model.ownership import Party, Track

TARGETS = ("schedule", "person", "accountable", "senior", "path")
"""What a step of a path can page."""


def _clock_time(text: str) -> str:
    parse_time(text)
    return text


def _target(text: str) -> str:
    kind, colon, name = text.partition(":")
    if not colon or not name:
        raise ValueError(f"{text[:60]!r} does not say what it is; write schedule:{text[:30]} or person:{text[:30]}")
    if kind not in TARGETS:
        raise ValueError(
            f"nothing of kind {kind[:30]!r} can be paged; one of {', '.join(TARGETS)}{suggest(kind, TARGETS)}"
        )
    if kind in {"accountable", "senior"} and name not in set(Party):
        raise ValueError(f"{text[:60]!r} names no party; write {kind}:internal or {kind}:msp")
    return text


def _targets(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_target(text) for text in texts)


def _week_days(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        parse_days(text)
    return texts


ClockTime = Annotated[str, AfterValidator(_clock_time)]
WeekDays = Annotated[Many, AfterValidator(_week_days), Field(min_length=1)]
PageTargets = Annotated[Many, AfterValidator(_targets), Field(min_length=1)]


class Contact(Part):
    """One way to reach a person or team."""

    channel: Literal["webhook", "email", "ntfy"]
    """How a page travels."""
    to: Line
    """URL, mail address, or ntfy topic URL. ``${NAME}`` is replaced by a variable given when loading."""

    @model_validator(mode="after")
    def _fits_the_channel(self) -> Self:
        if self.channel == "email" and ("@" not in self.to or any(char.isspace() for char in self.to)):
            raise ValueError(f"{self.to[:60]!r} is not a mail address")
        if self.channel != "email" and not self.to.startswith(("https://", "http://")):
            raise ValueError(f"{self.to[:60]!r} is not a URL; channel {self.channel} needs https://...")
        return self


class NotifyRule(Part):
    """Use ``channel`` ``after`` the page of the step began (domain.md 3.4)."""

    channel: Literal["webhook", "email", "ntfy"]
    """One of the person's channels."""
    after: Duration = Field(default="0m", validate_default=True)
    """How long after the step began."""


class Absence(Part):
    """Local dates of the party's zone, both inclusive."""

    first: Day = Field(alias="from")
    """The first day away."""
    last: Day = Field(alias="to")
    """The last day away."""
    reason: str | None = Field(default=None, max_length=200)
    """For readers."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"this absence ends ({self.last}) before it begins ({self.first})")
        return self


class PersonSpec(Part):
    """Somebody who can be responsible, paged or told."""

    name: Name
    """What people call them."""
    party: Party
    """Whose they are."""
    contacts: tuple[Contact, ...] = ()
    """How they are reached; without one they cannot be paged."""
    high: tuple[NotifyRule, ...] = ()
    """How to page (P1, P2); empty: every contact at once."""
    zone: Zone | None = None
    """Where their day differs from their party's."""
    absences: tuple[Absence, ...] = ()
    """When they cannot be paged."""


class PartySpec(Part):
    """One side: who it is, when it works, who answers for it."""

    name: Name
    """What people call it."""
    calendar: Id
    """When the party is on duty. The MSP's is usually 24x7."""
    accountable: Id | None = None
    """Person called on breaches and exhausted paths."""
    senior_ops: Id | None = None
    """Named senior engineer that ends the ops track (R-A2)."""
    senior_soc: Id | None = None
    """Named senior analyst that ends the soc track."""
    security_contact: Id | None = None
    """Person told of every high security finding (R-P5)."""
    team: Contact | None = None
    """The team's address for what is told and not paged."""
    queue_limit: int = Field(default=10, ge=1, le=100_000)
    """Unacknowledged incidents in business hours above which rows with ``overflow`` go to the MSP (R-A6)."""


class Restriction(Part):
    """Part of the week in which a layer is in force, on the schedule's (or layer's) wall clock."""

    days: WeekDays
    """mon..sun, or ranges like mon-fri."""
    start: ClockTime = Field(alias="from")
    """HH:MM"""
    end: ClockTime = Field(alias="to")
    """HH:MM; at or before ``from`` runs into the next day; 24:00 is the day's end."""


class Layer(Part):
    """A rotation (R-S1..R-S4)."""

    people: Annotated[tuple[Id, ...], Field(min_length=1)]
    """In turn."""
    unit: Literal["hour", "day", "week", "month"] = "week"
    """What a turn is counted in."""
    length: int = Field(default=1, ge=1, le=1000)
    """How many of them a turn lasts."""
    anchor: Moment
    """Wall time of a hand-off, without offset; with one it is converted to the zone."""
    effective_from: Moment | None = None
    """Not before."""
    until: Moment | None = None
    """Not from then on."""
    restrict: tuple[Restriction, ...] = ()
    """Only in these parts of the week."""
    zone: Zone | None = None
    """Overrides the schedule's zone (follow the sun, R-S9)."""


class Override(Part):
    """Half-open; beats every layer (R-S6)."""

    type: Literal["replace", "add", "remove"]
    """replace ``person`` by ``by``, add somebody, or remove somebody."""
    person: Id
    """replace: who is replaced; add, remove: who."""
    by: Id | None = None
    """replace: who comes in for ``person``."""
    start: Moment = Field(alias="from")
    """From when."""
    end: Moment = Field(alias="to")
    """Until when; somebody is back at this instant."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.type == "replace" and self.by is None:
            raise ValueError(f'this override replaces "{self.person}" but does not say by whom; add "by:"')
        if (self.start.tzinfo is None) == (self.end.tzinfo is None) and self.end <= self.start:
            raise ValueError("this override ends before it begins")
        return self


class ScheduleSpec(Part):
    """Who is on call when."""

    id: Id
    """What steps call it."""
    zone: Zone
    """The wall clock of its hand-offs."""
    party: Party | None = None
    """Whose people are on it."""
    track: Track | None = None
    """Operations or security."""
    mode: Literal["priority", "additive"] = "priority"
    """priority: later layers win; additive: all layers are on call together."""
    layers: tuple[Layer, ...] = ()
    """Later layers win in ``priority`` mode."""
    overrides: tuple[Override, ...] = ()
    """Exceptions for some hours or days."""


class Step(Part):
    """One rung: page these targets ``after`` the step before was paged."""

    after: Duration = Field(default="0m", validate_default=True)
    """How long to wait after the step before was paged."""
    page: PageTargets
    """``schedule:ID``, ``person:ID``, ``accountable:PARTY``, ``senior:PARTY`` (of the path's track),
    ``path:ID`` (the other party's path)."""


class PathSpec(Part):
    """An escalation path of one party and one track (R33, R-E1)."""

    id: Id
    """What rows and steps call it."""
    party: Party
    """Whose people it pages."""
    track: Track
    """Operations or security; the two never meet."""
    trigger: str = Field(default="", max_length=500)
    """When it is used, for readers."""
    channel: str = Field(default="", max_length=200)
    """How people are reached on it, for readers."""
    information: str = Field(default="", max_length=1000)
    """What whoever is paged has to be told."""
    expected_response: Duration | None = None
    """How soon an answer is expected."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    """In order; an acknowledgement stops it."""
    repeat: int = Field(default=2, ge=0, le=9)
    """Further passes after the first."""
    fallback: tuple[Id, ...] = ()
    """People paged when whole passes reached nobody or nobody answered; default: the senior, then both Accountables."""
