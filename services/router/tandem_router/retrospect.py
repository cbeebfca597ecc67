"""Alerts that came, held against an agreement: what it has no word for, the busiest classes without a runbook.

Pure. That no alert over the vocabulary falls between two rows is proven elsewhere; this finds what tools really say.
Memory is bounded whatever the number of alerts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem_router import classify, priority, scope

MOST_WORDS = 1000
"""Different findings that are kept; alerts of further ones are not counted."""
BUSIEST = 10
"""Classes that need a runbook (R19)."""
LONGEST = 80
_SAFETY = "safety"


@dataclass(frozen=True, slots=True)
class Unmapped:
    """Something that alerts say and the agreement does not know."""

    section: str
    """Of the document: where a word for it belongs."""
    what: str
    """``severity "moderate" of ninjaone``."""
    since: datetime
    alerts: int
    example: str
    """Title and host of the first."""

    def __str__(self) -> str:
        """One sentence."""
        many = "alert" if self.alerts == 1 else "alerts"
        return f"{self.what}: unmapped since {self.since.date().isoformat()}, {self.alerts} {many}, e.g. {self.example}"


@dataclass(frozen=True, slots=True)
class Unguided:
    """One of the busiest classes, whose pages name no runbook."""

    row: str
    function: str
    category: str | None
    alerts: int
    place: int
    """1: the busiest."""

    def __str__(self) -> str:
        """One sentence."""
        what = f"{self.function}, {self.category}" if self.category else self.function
        many = "alert" if self.alerts == 1 else "alerts"
        return (
            f'number {self.place} of the busiest classes has no runbook: {what}, {self.alerts} {many}, row "{self.row}"'
        )


class Retrospect:
    """Feed it alerts in order, then read what it found."""

    def __init__(self, agreement: Agreement) -> None:
        """``agreement`` is asked as it is, whatever was in force when an alert came."""
        self._agreement = agreement
        self._unmapped: dict[tuple[str, str], Unmapped] = {}
        self._classes: Counter[tuple[str, str, str | None]] = Counter()
        self._guided: set[str] = set()
        self.alerts = 0

    def take(self, alert: Alert) -> None:
        """Look at one alert."""
        self.alerts += 1
        found = classify.classify(alert, self._agreement)
        row = scope.find(found, alert, self._agreement)
        for section, what in self._unknown(alert, found, row):
            self._note(section, what, alert)
        if row.runbook:
            self._guided.add(row.row)
        key = (row.row, found.function, found.category)
        if key in self._classes or len(self._classes) < MOST_WORDS:
            self._classes[key] += 1

    def unmapped(self) -> list[Unmapped]:
        """What the agreement has no word for, the most frequent first."""
        return sorted(self._unmapped.values(), key=lambda each: (-each.alerts, each.since, each.what))

    def without_runbook(self) -> list[Unguided]:
        """Of the busiest classes those whose row names no runbook."""
        ordered = sorted(
            self._classes.items(), key=lambda entry: (-entry[1], entry[0][0], entry[0][1], entry[0][2] or "")
        )
        return [
            Unguided(row, function, category, count, place)
            for place, ((row, function, category), count) in enumerate(ordered[:BUSIEST], start=1)
            if row not in self._guided
        ]

    def _unknown(self, alert: Alert, found: classify.Classified, row: scope.Scope) -> Iterator[tuple[str, str]]:
        if not priority.floor_of(alert, self._agreement).known and alert.severity_word:
            yield "priorities", f'severity "{alert.severity_word[:LONGEST]}" of {alert.vendor}'
        if found.rule == _SAFETY:
            yield "classification", f"no rule takes some alerts of {alert.vendor} ({alert.kind.value})"
        elif row.unmapped:
            yield "matrix", f'no row takes some alerts of "{found.function}"'
        site = alert.labels.get("site")
        if site is not None and site not in self._agreement.sites:
            yield "sites", f'site "{site[:LONGEST]}"'
        function = self._agreement.functions.get(found.function)
        if function is not None and function.kinds is not None and alert.kind not in function.kinds:
            yield "functions", f'"{found.function}" is reported by kind {alert.kind.value}, which it does not name'

    def _note(self, section: str, what: str, alert: Alert) -> None:
        known = self._unmapped.get((section, what))
        if known is not None:
            self._unmapped[section, what] = Unmapped(section, what, known.since, known.alerts + 1, known.example)
        elif len(self._unmapped) < MOST_WORDS:
            host = f" on {alert.host[:LONGEST]}" if alert.host else ""
            example = f'"{alert.title[:LONGEST]}"{host}'
            self._unmapped[section, what] = Unmapped(section, what, alert.received_at, 1, example)
