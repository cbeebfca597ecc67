"""A mapping cut down to what can stand in an element with one set of keys; what a path finds there is not looked at.

Bodies of one sender have the same keys, and most of a mapping's forty paths are for other senders: those would find
nothing, whatever the values are. A path that stays names its keys as this sender spells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from tandem_ingest.vendors.mapping.document import AlertFrom, Condition, LabelsFrom, StatusFrom, TimeFrom
from tandem_ingest.vendors.mapping.look import folded
from tandem_ingest.vendors.mapping.paths import Member, Path
from tandem_ingest.vendors.mapping.texts import Choice, Found, Hole, Template, Texts
from tandem_ingest.vendors.remembered import Keys


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an alert."""

    alert: AlertFrom
    left_out: int = 0
    """Choices of these parts that find nothing here."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to look for in an element."""

    accepts: Condition | None
    variants: tuple[tuple[Condition | None, Condition | None, Parts], ...]
    """When, unless, and then."""
    parts: Parts
    """When none of the variants counts."""
    deep: tuple[str, ...] = ()
    """Keys below which it looks for other names: whose keys would tell more."""


def plan_for(whole: Plan, keys: Keys, inner: Mapping[str, Keys]) -> Plan:
    """``whole`` for elements with ``keys``, of which those in ``inner`` hold objects with these keys."""
    return _Cut(keys, inner).plan(whole)


class _Names(NamedTuple):
    """Keys of one object."""

    exact: frozenset[str]
    near: Mapping[str, str]
    """Folded: the first key that is so."""

    @classmethod
    def of(cls, keys: Keys) -> Self:
        return cls(frozenset(keys), {folded(key): key for key in reversed(keys)})

    def spelt(self, step: Member) -> Member | None:
        """``step`` by the key that it finds, as ``Path.one`` does; None when it finds none."""
        key = step.name if step.name in self.exact else self.near.get(step.near)
        return None if key is None else Member(key, step.near)


class _Cut:
    """Leaves out what finds nothing, and counts it."""

    def __init__(self, keys: Keys, inner: Mapping[str, Keys]) -> None:
        self._names = _Names.of(keys)
        self._inner = {key: _Names.of(names) for key, names in inner.items()}
        self._deep: dict[str, None] = {}
        self._left_out = 0

    def plan(self, whole: Plan) -> Plan:
        variants = tuple(
            (self._condition(when), self._unless_never(unless), self._parts(parts))
            for when, unless, parts in whole.variants
            if not _never(self._condition(when))
        )
        return Plan(self._condition(whole.accepts), variants, self._parts(whole.parts), tuple(self._deep))

    def _parts(self, parts: Parts) -> Parts:
        self._left_out = 0
        return Parts(self._alert(parts.alert), parts.left_out + self._left_out)

    def _alert(self, alert: AlertFrom) -> AlertFrom:
        names = ("title", "host", "dedup_key", "customer", "url", "description")
        severity = alert.severity.model_copy(update={"from_": self._texts(alert.severity.from_)})
        return alert.model_copy(
            update={
                **{name: self._texts(getattr(alert, name)) for name in names if getattr(alert, name) is not None},
                "status": self._status(alert.status),
                "severity": severity,
                "time": self._time(alert.time),
                "expires_at": self._time(alert.expires_at),
                "labels": self._labels(alert.labels),
                "test": self._unless_never(alert.test),
            }
        )

    def _status(self, table: StatusFrom) -> StatusFrom:
        return table.model_copy(
            update={
                "from_": self._texts(table.from_),
                "resolved_when": self._unless_never(table.resolved_when),
                "firing_when": self._unless_never(table.firing_when),
            }
        )

    def _time(self, place: TimeFrom | None) -> TimeFrom | None:
        if place is None:
            return None
        found = self._texts(place.from_)
        return place.model_copy(update={"from_": found}) if found.choices else None

    def _labels(self, place: LabelsFrom) -> LabelsFrom:
        named = {name: self._texts(each) for name, each in place.named.items()}
        if not place.spread.choices:  # else a name without a path of its own keeps its place among the labels
            named = {name: each for name, each in named.items() if each.choices}
        return place.model_copy(update={"named": named, "spread": self._texts(place.spread)})

    def _condition(self, condition: Condition | None) -> Condition | None:
        if condition is None:
            return None
        return condition.model_copy(
            update={
                "path": None if condition.path is None else self._texts(condition.path),
                **{name: tuple(map(self._condition, getattr(condition, name))) for name in ("all", "any", "none")},
            }
        )

    def _unless_never(self, condition: Condition | None) -> Condition | None:
        found = self._condition(condition)
        return None if _never(found) else found

    def _texts(self, texts: Texts) -> Texts:
        found = [each for choice in texts.choices if (each := self._choice(choice)) is not None]
        self._left_out += len(texts.choices) - len(found)
        return Texts(tuple(found))

    def _choice(self, choice: Choice) -> Choice | None:
        if isinstance(choice, Found):
            path = self._path(choice.path)
            return None if path is None else Found(path)
        return self._template(choice) if isinstance(choice, Template) else choice

    def _template(self, template: Template) -> Template | None:
        pieces: list[str | Hole] = []
        for piece in template.pieces:
            if isinstance(piece, str):
                pieces.append(piece)
                continue
            paths = [path for each in piece.choices if (path := self._path(each)) is not None]
            if paths:
                pieces.append(Hole(tuple(paths), piece.optional))
            elif not piece.optional:
                return None
        return Template(tuple(pieces))

    def _path(self, path: Path) -> Path | None:
        """``path`` with its first two names as they are spelt here, or None where there is no such name."""
        if path.root != "$" or not path.steps or not isinstance(path.steps[0], Member):
            return path
        first = self._names.spelt(path.steps[0])
        if first is None:
            return None
        steps = [first, *path.steps[1:]]
        below = steps[1] if steps[1:] else None
        if isinstance(below, Member):
            inner = self._inner.get(first.name)
            second = inner.spelt(below) if inner is not None else below
            if second is None:
                return None
            steps[1] = second
            self._deep[first.name] = None
        spelt = tuple((step.name, step.near) for step in steps if isinstance(step, Member))
        return replace(path, steps=tuple(steps), names=None if path.names is None else spelt)


def _never(condition: Condition | None) -> bool:
    """Whether ``condition`` asks something of a path that finds nothing."""
    is_asked = condition is not None and condition.path is not None and condition.exists is not False
    return is_asked and condition is not None and not condition.path.choices
