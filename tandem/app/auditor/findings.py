"""What a look finds, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tandem.app.auditor.invariants import INVARIANTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a look is made."""

    now: datetime
    since: datetime
    """How far back what is over is looked at; what is open always is."""
    patience: timedelta
    """How long something may be on its way before it stands still."""
    budget_s: float
    """Of each query."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One row of a view."""

    tenant: str | None
    id: str
    since: datetime | None
    what: str
    todo: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one invariant: how often it is violated, and the longest standing examples."""

    count: int = 0
    examples: tuple[Violation, ...] = ()


@dataclass(slots=True)
class Look:
    """What a look found. An invariant that could not be asked is not in ``findings``."""

    findings: dict[str, Finding] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def violated(self) -> dict[str, Finding]:
        """Only what does not hold."""
        return {name: finding for name, finding in self.findings.items() if finding.count}

    @property
    def complete(self) -> bool:
        """Everything was asked, and answered in time."""
        return all(each.name in self.findings for each in INVARIANTS)

    @property
    def clean(self) -> bool:
        """Everything was asked, and everything holds."""
        return self.complete and not self.violated
