"""The expected signals of a compiled agreement: each check with its rhythm, and which alerts count for which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from tandem.agreement.conditions import Condition, compile_conditions
from tandem.agreement.rhythm import Rhythm, Slots, period_of, rhythm_of, slots
from tandem.agreement.schema.expected import ExpectedSpec, Sort
from tandem.model.alert import Alert

GRACE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Check:
    """One check, ready to be asked."""

    spec: ExpectedSpec
    rhythm: Rhythm
    period: str
    """The rhythm in words."""
    grace: timedelta
    zone: str
    counts: Condition | None = None
    """Alerts that count as its signal."""
    hours: Slots | None = None
    """Of a volume: its counted hours."""

    @property
    def id(self) -> str:
        """What it is called."""
        return self.spec.id

    def takes(self, alert: Alert) -> bool:
        """Whether ``alert`` says something of this check."""
        whose = self.spec if self.spec.what is Sort.VOLUME else self.spec.source
        if whose is None or whose.integration not in {None, alert.integration}:
            return False
        if whose.vendor not in {None, alert.vendor}:
            return False
        return self.counts is None or self.counts(alert, None)


@dataclass(frozen=True, slots=True)
class Expected:
    """All checks of an agreement."""

    checks: Mapping[str, Check] = field(default_factory=dict)
    by_alert: tuple[Check, ...] = ()
    """Those that look at alerts; most agreements have none or few."""


def compile_expected(specs: Iterable[ExpectedSpec], zone: str) -> Expected:
    """``zone`` is the client's."""
    checks = {spec.id: _check(spec, zone) for spec in specs}
    looking = tuple(each for each in checks.values() if each.spec.source or each.spec.what is Sort.VOLUME)
    return Expected(MappingProxyType(checks), looking)


def _check(spec: ExpectedSpec, zone: str) -> Check:
    volume = spec.what is Sort.VOLUME
    own = spec.zone or zone
    return Check(
        spec=spec,
        rhythm=rhythm_of(spec, zone),
        period=period_of(spec),
        grace=spec.grace if spec.grace is not None else timedelta() if volume else GRACE,
        zone=own,
        counts=compile_conditions(spec.source.match) if spec.source else None,
        hours=slots(spec.hours, ZoneInfo(own)) if volume else None,
    )
