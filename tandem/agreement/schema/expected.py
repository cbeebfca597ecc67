"""Expected signals: what should be heard, how often, and what its silence means. The alert that never came.

When a signal is due is ``tandem/agreement/rhythm.py``; what becomes of one that does not come is the router's.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tandem.agreement.cron import parse_cron
from tandem.agreement.schema.fields import Duration, Id, Line, Name, Part, Zone, parse_duration, suggest
from tandem.agreement.schema.people import ClockTime, WeekDays
from tandem.agreement.schema.scope import Conditions, known_severity
from tandem.agreement.schema.suppression import WeeklyHours

PERIODS = ("day", "week", "month", "quarter", "year")
SHORTEST = timedelta(minutes=1)


class Sort(StrEnum):
    """What sort of signal is waited for."""

    HEARTBEAT = "heartbeat"
    """A job or a machine says that it is alive."""
    BACKUP = "backup"
    """A backup of an asset is verified."""
    RESTORE_TEST = "restore_test"
    """A restore of an asset is tried and works."""
    VOLUME = "volume"
    """A tool posts alerts at all."""


def _cron(text: str) -> str:
    parse_cron(text)
    return text


def _every(text: str) -> str:
    if text in PERIODS:
        return text
    try:
        length = parse_duration(text)
    except ValueError:
        close = suggest(text, PERIODS)
        raise ValueError(f"write a duration like 1h, or one of {', '.join(PERIODS)}{close}") from None
    if length < SHORTEST:
        raise ValueError(f"{text[:20]!r} is too short; a signal is waited for at least {SHORTEST.seconds}s")
    return text


def _text(value: object) -> object:
    return value if isinstance(value, str) else str(value)


Every = Annotated[Line, BeforeValidator(_text), AfterValidator(_every)]


class SignalSource(Part):
    """Alerts of a tool that count as the signal, so that no script is needed."""

    integration: Id | None = None
    """The way in they come by."""
    vendor: Id | None = None
    """Whose tool posts them; for a provider's standard row, whatever the client called its integration."""
    match: Conditions = Field(default_factory=dict)
    """Which of them, as in a classification rule: ``title: {contains: nightly}``. A clear, or one of severity info,
    is a success; whatever fires is a failure, which pages by itself as that tool's alert."""

    @model_validator(mode="after")
    def _says_whose(self) -> Self:
        if self.integration is None and self.vendor is None:
            raise ValueError("say whose alerts: integration: NAME or vendor: NAME")
        return self


class ExpectedSpec(Part):
    """One check: a signal that both parties count on. Its silence is an alert with an owner, by the matrix."""

    id: Id
    """What it is called, and the last part of its URL: ``/v1/heartbeats/INTEGRATION/ID``."""
    name: Name | None = None
    """What people call it."""
    what: Sort = Sort.HEARTBEAT
    """heartbeat, backup (verified), restore_test or volume."""
    asset: Id | None = None
    """Whose backup, restore or job it is; the alert's host, so its site and function decide too."""
    integration: Id | None = None
    """The way in its pings come by; default: any of the client's. Of a volume: the one that is counted."""
    vendor: Id | None = None
    """Of a volume, in place of ``integration``: every way in of that tool."""
    source: SignalSource | None = Field(default=None, alias="from")
    """Alerts of a backup tool that count as the signal."""
    every: Every | None = None
    """``1h``: at most so long after the last one. ``day``, ``week``, ``month``, ``quarter``, ``year``: once in each."""
    days: WeekDays | None = None
    """With ``by``: the days on which it is due; default: every day."""
    by: ClockTime | None = None
    """By this time, HH:MM: one since the time before counts."""
    cron: Annotated[Line, AfterValidator(_cron)] | None = None
    """When the job starts, as in its crontab; a signal from then until the end of ``grace`` counts."""
    zone: Zone | None = None
    """Of ``by``, ``cron``, calendar periods and ``hours``; default: the client's."""
    grace: Duration | None = None
    """How late it may be. Default: 10m, and none for a volume."""
    max_duration: Duration | None = None
    """A run that was started and has not ended after so long is an alert."""
    at_least: int | None = Field(default=None, ge=1, le=1_000_000)
    """Of a volume: alerts an hour; default 1."""
    hours: Annotated[tuple[WeeklyHours, ...], Field(max_length=50)] = ()
    """Of a volume: when it is counted, hour by hour; default: always."""
    severity: Annotated[Line, AfterValidator(known_severity)] = "high"
    """Of the alert when it is missing or failed; the agreement's own tables make a priority of it."""

    @model_validator(mode="after")
    def _one_rhythm(self) -> Self:
        if self.what is Sort.VOLUME:
            self._is_a_volume()
            return self
        named = [name for name in ("every", "by", "cron") if getattr(self, name) is not None]
        if len(named) != 1:
            given = ", ".join(named) or "none"
            raise ValueError(f"say when it is due by exactly one of every, by (with days) or cron (here: {given})")
        if self.days is not None and self.by is None:
            raise ValueError('days goes with by: days: [sun], by: "06:00"')
        if self.at_least is not None or self.hours or self.vendor is not None:
            raise ValueError("at_least, hours and vendor go with what: volume")
        if self.what in {Sort.BACKUP, Sort.RESTORE_TEST} and self.asset is None:
            raise ValueError(f"a {self.what.value} is of an asset: say asset: NAME")
        return self

    def _is_a_volume(self) -> None:
        if (self.integration is None) == (self.vendor is None):
            raise ValueError("a volume is counted of one of integration: NAME or vendor: NAME")
        for name in ("every", "by", "days", "cron", "source", "max_duration"):
            if getattr(self, name) is not None:
                key = "from" if name == "source" else name
                raise ValueError(f"{key} does not go with what: volume; it is counted hour by hour within hours")
