"""Inhibitions that would mute what opens them: their own source, or one another in a circle."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tandem.agreement.checks.context import Context
from tandem.agreement.schema.suppression import InhibitSpec, SourceSpec, TargetSpec
from tandem.errors import Problem


def in_circles(context: Context, specs: Collection[InhibitSpec]) -> Iterator[Problem]:
    """A mutes B mutes A: whichever comes first decides, which is nobody's intention."""
    follows = {
        one.id: [two.id for two in specs if one.id != two.id and may_come_of(two.source, one.target)] for one in specs
    }
    reported: set[frozenset[str]] = set()
    for index, spec in context.entries("inhibit"):
        circle = _circle(spec.id, follows)
        if circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            chain = " mutes what opens ".join(f'"{name}"' for name in (*circle, circle[0]))
            message = f"these inhibitions mute one another in a circle: {chain}; take one of them out"
            yield context.problem(("inhibit", index), message)


def _circle(start: str, follows: dict[str, list[str]]) -> list[str]:
    """The shortest way from ``start`` back to itself; empty when there is none."""
    ways: list[list[str]] = [[start]]
    visited: set[str] = set()
    while ways:
        way = ways.pop(0)
        for following in follows.get(way[-1], ()):
            if following == start:
                return way
            if following not in visited:
                visited.add(following)
                ways.append([*way, following])
    return []


def may_come_of(source: SourceSpec, target: TargetSpec) -> bool:
    """Whether an incident like ``source`` may have been opened by an alert like ``target``: nothing rules it out."""
    shared = set(source.named) & set(target.named)
    apart = any(set(source.named[name]).isdisjoint(target.named[name]) for name in shared)
    classes = set(source.incident_class), set(target.incident_class)
    return not apart and not (all(classes) and classes[0].isdisjoint(classes[1]))
