"""What holds an alert at an instant: windows, silences and inhibitions as values that answer. Pure.

An alert that waits in a window and one that is attached to an incident are decided from this by the router
(``tandem_router.suppress``); the agreement carries it, so every process answers the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from tandem.agreement.suppression_scope import Scope, Subject, incident_values
from tandem.agreement.windows import Recurrence, Span
from tandem.model.incident import Incident, IncidentClass
from tandem.model.ownership import Party
from tandem.model.suppression import SuppressionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressor:
    """A window or a silence, from a document or made at run time."""

    id: str
    kind: SuppressionKind
    name: str
    scope: Scope
    recurrence: Recurrence
    reason: str
    owner: str
    party: Party | None = None
    holds_p1: bool = False
    """Both parties consented that it holds P1 and security too."""
    zone: str = "UTC"
    made: bool = False
    """By a person at run time; the others stand in the agreement."""

    @property
    def key(self) -> str:
        """``window:newark-patching``: what holds refer to."""
        return f"{self.kind.value}:{self.id}"

    def active(self, at: datetime) -> Span | None:
        """The occurrence that holds at ``at``."""
        return self.recurrence.active(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """An open incident like ``source`` mutes alerts like ``target``."""

    id: str
    source: Scope
    source_priorities: frozenset[str]
    source_classes: frozenset[IncidentClass]
    target: Scope
    target_classes: frozenset[IncidentClass]
    equal: tuple[str, ...]
    reason: str

    def concerns(self, subject: Subject) -> bool:
        """Whether an alert is one that it may mute."""
        return self.target.holds(subject) and (not self.target_classes or subject.incident_class in self.target_classes)

    def mutes(self, subject: Subject, incident: Incident) -> bool:
        """Whether ``incident`` is a source and agrees with the alert in every field of ``equal``."""
        if self.source_priorities and incident.priority.value not in self.source_priorities:
            return False
        if self.source_classes and incident.incident_class not in self.source_classes:
            return False
        values = incident_values(incident)
        source = Subject(values=values, incident_class=incident.incident_class)
        agrees = all(not values[name].isdisjoint(subject.values[name]) for name in self.equal)
        return agrees and self.source.holds(source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressions:
    """Everything that may hold an alert of one tenant."""

    holders: tuple[Suppressor, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    above: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    """Asset -> every asset it depends on, directly or through others (R-P11)."""

    def __bool__(self) -> bool:
        """True when anything can ever be held."""
        return bool(self.holders or self.inhibitions or self.above)

    def holding(self, subject: Subject, at: datetime) -> Iterator[tuple[Suppressor, Span]]:
        """Windows and silences that hold the alert at ``at``, the one that ends last first."""
        found = [
            (holder, span)
            for holder in self.holders
            if holder.scope.holds(subject) and (span := holder.active(at)) is not None
        ]
        yield from sorted(found, key=lambda each: (-each[1][1].timestamp(), each[0].key))

    def with_made(self, made: Iterable[Suppressor]) -> Suppressions:
        """These and the ones that people made at run time."""
        return replace(self, holders=(*self.holders, *made))

    def next_change(self, at: datetime) -> datetime | None:
        """The next start or end of any window or silence after ``at``."""
        changes = [holder.recurrence.next_change(at) for holder in self.holders]
        return min((change for change in changes if change is not None), default=None)
