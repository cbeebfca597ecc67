"""The shape of a mapping document, for pydantic. What its parts mean is in docs/mappings.md, and done in ``reader``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from tandem.agreement.schema.fields import Name, Part
from tandem.model.alert import AlertStatus, Kind, Severity
from tandem_ingest.vendors.mapping import texts

SCHEMA = "tandem/mapping/v1"
MOST_WORDS = 200
MOST_VARIANTS = 32
MOST_LABELS = 63
MOST_CONDITIONS = 32
LONGEST_TIME = 64
_DIRECTIVES = frozenset("aAbBdfHIjmMpSyYz")
_TEXT_SCHEMA = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": texts.MOST_CHOICES}],
    "description": "A path ($.name), a text with {$.name} in it, =words, or a list: the first that says something",
}
_WORDS_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": MOST_WORDS}]}


def _words(said: object) -> frozenset[str]:
    """One word or several, for comparing."""
    several = said if isinstance(said, list | tuple | frozenset) else [said]
    if not 0 < len(several) <= MOST_WORDS or not all(isinstance(each, str) and each.strip() for each in several):
        raise ValueError(f"write a word here, or a list of at most {MOST_WORDS} words")
    return frozenset(str(each).strip().casefold() for each in several)


def _zone(name: object) -> ZoneInfo:
    if isinstance(name, ZoneInfo):
        return name
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        raise ValueError(f'there is no time zone "{str(name)[:40]}"; write one like Europe/Paris or UTC') from None


def _format(text: object) -> str:
    """A strptime format that can give an instant; each part once, because strptime makes a regex of it."""
    sample = datetime(2026, 11, 20, 9, 0, 1)  # noqa: DTZ001 - only to try the format
    parts = [piece[:1] for piece in text.split("%")[1:]] if isinstance(text, str) else []
    if not isinstance(text, str) or len(text) > LONGEST_TIME or not parts or len({*parts}) != len(parts):
        raise ValueError("write a format like %d/%m/%Y %H:%M:%S")
    if not _DIRECTIVES.issuperset(parts):
        raise ValueError(f"a format is made of {', '.join('%' + each for each in sorted(_DIRECTIVES))}")
    try:
        datetime.strptime(sample.strftime(text.replace("%z", "+0000")), text)  # noqa: DTZ007 - only to try the format
    except ValueError:
        raise ValueError(f'"{text[:40]}" is no format of a time; write one like %d/%m/%Y %H:%M:%S') from None
    return text


def _is_from(said: object) -> object:
    """The short form: a path instead of ``from: path``."""
    return {"from": said} if isinstance(said, str | list | tuple) else said


Texts = Annotated[Any, BeforeValidator(texts.parse), WithJsonSchema(_TEXT_SCHEMA)]
Words = Annotated[Any, BeforeValidator(_words), WithJsonSchema(_WORDS_SCHEMA)]
Zone = Annotated[Any, BeforeValidator(_zone), PlainSerializer(str), WithJsonSchema({"type": "string"})]
Format = Annotated[str, BeforeValidator(_format)]


class Condition(Part):
    """Something that holds for an element or not: one path and what it says, or several conditions."""

    path: Texts = None
    """Every operator beside it must hold for one of the values that stand there."""
    is_: Words = Field(default=None, alias="is")
    """One of these words, upper or lower case."""
    contains: Words = None
    """One of these texts is part of it."""
    starts_with: Words = None
    """It begins with one of these."""
    at_least: float | None = None
    """A number, this one or more."""
    below: float | None = None
    """A number, less than this one."""
    exists: bool | None = None
    """It says something, or (false) it does not."""
    all: tuple[Condition, ...] = Field(default=(), max_length=MOST_CONDITIONS)
    """All of these hold."""
    any: tuple[Condition, ...] = Field(default=(), max_length=MOST_CONDITIONS)
    """One of these holds."""
    none: tuple[Condition, ...] = Field(default=(), max_length=MOST_CONDITIONS)
    """None of these holds."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        asks = {"is_", "contains", "starts_with", "at_least", "below", "exists"} & self.model_fields_set
        if (self.path is None) is bool(asks):
            raise ValueError("a path needs one of is, contains, starts_with, at_least, below, exists beside it")
        if self.path is None and not (self.all or self.any or self.none):
            raise ValueError("a condition is a path and what it says, or all, any or none with conditions below")
        return self


class SeverityFrom(Part):
    """Where the vendor's word or number stands and what it means; other words mean what they mean everywhere."""

    from_: Texts = Field(default=texts.Texts(), alias="from")
    words: Mapping[Severity, Words] = Field(default_factory=dict)
    """Level: its words."""
    contains: Mapping[Severity, Words] = Field(default_factory=dict)
    """Level: what the text may hold; the highest level counts."""
    at_least: Mapping[Severity, float] = Field(default_factory=dict)
    """Level: the smallest number that is this level."""
    default: Severity = Severity.UNKNOWN
    """When nothing is said, or nothing that is known."""


class StatusFrom(Part):
    """When a condition is over."""

    from_: Texts = Field(default=texts.Texts(), alias="from")
    resolved: Words = None
    """Words that clear; without any: resolved, ok, closed, cleared, recovered and the like."""
    firing: Words = None
    resolved_when: Condition | None = None
    firing_when: Condition | None = None
    """Looked at first."""
    default: AlertStatus = AlertStatus.FIRING


class TimeFrom(Part):
    """An instant."""

    from_: Texts = Field(alias="from")
    zone: Zone = None
    """Of times without an offset; without it such a time is none."""
    formats: tuple[Format, ...] = Field(default=(), max_length=8)
    """For times that are no epoch number and not ISO 8601, as strptime writes them."""


class LabelsFrom(Part):
    """Labels: by name, and all of the objects that stand at ``spread``."""

    spread: Texts = texts.Texts()
    named: Mapping[Name, Texts] = Field(default_factory=dict, max_length=MOST_LABELS)


def _labels(said: object) -> object:
    """The short forms: names with their paths, or a list of paths whose last name is the label's."""
    if isinstance(said, list | tuple):
        named: dict[str, object] = {}
        for each in said:
            choice = texts.parse(each).choices[0]
            name = choice.path.last_name if isinstance(choice, texts.Found) else None
            if name is None:
                raise ValueError("only a path that ends in a name can stand without one; write name: path")
            named[name] = each
        return {"named": named}
    if isinstance(said, dict):
        rest = {name: path for name, path in said.items() if name != "*"}
        return {"named": rest, "spread": said["*"]} if "*" in said else {"named": rest}
    return said


class AlertFrom(Part):
    """The parts of an alert. What a body does not say stays empty."""

    title: Texts = None
    """The first line of what is found; an element without one cannot be read."""
    status: Annotated[StatusFrom, BeforeValidator(_is_from)] = StatusFrom()
    severity: Annotated[SeverityFrom, BeforeValidator(_is_from)] = SeverityFrom()
    host: Texts = texts.Texts()
    time: Annotated[TimeFrom | None, BeforeValidator(_is_from)] = None
    """When it happened."""
    expires_at: Annotated[TimeFrom | None, BeforeValidator(_is_from)] = None
    """When it is over unless it comes again."""
    dedup_key: Texts = texts.Texts()
    """What is the same from firing to clear; a template that leaves a hole empty gives none."""
    customer: Texts = texts.Texts()
    """The tool's name or id of the client, for tools that post for many."""
    url: Texts = texts.Texts()
    description: Texts = texts.Texts()
    labels: Annotated[LabelsFrom, BeforeValidator(_labels)] = LabelsFrom()
    test: Condition | None = None
    """The tool says that this is a test message."""


class Variant(Part):
    """Other parts for elements for which a condition holds; what it does not name stays as it is."""

    when: Condition | None = None
    unless: Condition | None = None
    alert: AlertFrom

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if self.when is None and self.unless is None:
            raise ValueError("a variant needs when or unless")
        return self


class MappingDocument(Part):
    """A mapping document."""

    schema_: Literal["tandem/mapping/v1"] = Field(default="tandem/mapping/v1", alias="schema")
    name: Name | None = None
    """For people."""
    kind: Kind | None = None
    """What sort of tool speaks, where the vendor does not say it already: rmm, siem, backup or monitoring."""
    each: Texts = None
    """Where the alerts stand; without it the body, or each element of a body that is a list."""
    accepts: Condition | None = None
    """An element for which this does not hold cannot be read."""
    alert: AlertFrom
    variants: tuple[Variant, ...] = Field(default=(), max_length=MOST_VARIANTS)
    """The first whose condition holds counts."""
    delivery_id: Texts = texts.Texts()
    """What the tool calls this post; without it identical bytes stand for one."""

    @model_validator(mode="after")
    def _has_titles(self) -> Self:
        if self.alert.title is None:
            raise ValueError("alert.title is missing: nobody could be told what is wrong")
        return self
