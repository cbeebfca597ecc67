"""Gaps: the exact stretches in which a path that is needed reaches nobody, nobody at first, or one person only.

An interval sweep, no sampling: every edge of a turn, window, override, absence and business hour is an instant.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import pairwise

from tandem.agreement.coverage.needs import Need, When
from tandem.agreement.coverage.roster import Roster, alone, own_steps, somebody
from tandem.agreement.oncall.stretches import Stretch, difference, intersection, union
from tandem.agreement.schema.people import PathSpec
from tandem.model.ownership import Party


class Lack(Enum):
    """What is missing."""

    NOBODY = "no step reaches anybody"
    FIRST = "the first step reaches nobody, a later one does"
    SECOND = "the first step reaches somebody, and there is no second person on the track (R-A1, R72)"


@dataclass(frozen=True, slots=True)
class Gap:
    """What lacks on a path, when (sorted, disjoint), and which rows need the path when."""

    path: PathSpec
    lack: Lack
    stretches: tuple[Stretch, ...]
    needed: tuple[tuple[tuple[str, ...], list[Stretch]], ...] = ()

    def rows(self, stretches: Sequence[Stretch]) -> tuple[str, ...]:
        """Ids of the rows that need the path at some of ``stretches``, in the order of the matrix."""
        affected = [rows for rows, when in self.needed if intersection(stretches, when)]
        return tuple(dict.fromkeys(row for rows in affected for row in rows))


def find_gaps(roster: Roster, needs: Iterable[Need], hours: Callable[[frozenset[str]], list[Stretch]]) -> list[Gap]:
    """All gaps of all needs, by path in the order of the needs.

    ``hours`` says when the internal party is on duty for the people a row names; it is asked once for each set.
    """
    by_path: dict[str, list[tuple[Need, list[Stretch]]]] = {}
    masks: dict[tuple[When, frozenset[str]], list[Stretch]] = {}
    for need in needs:
        key = need.when, need.people
        if key not in masks:
            masks[key] = _mask(roster, need, hours)
        by_path.setdefault(need.path.id, []).append((need, masks[key]))
    return [gap for needed in by_path.values() for gap in _of_path(roster, needed)]


def _mask(roster: Roster, need: Need, hours: Callable[[frozenset[str]], list[Stretch]]) -> list[Stretch]:
    if need.when is When.ALWAYS:
        return [roster.within]
    on_duty = hours(need.people)
    return on_duty if need.when is When.ON_DUTY else difference([roster.within], on_duty)


def _of_path(roster: Roster, needs: Sequence[tuple[Need, list[Stretch]]]) -> list[Gap]:
    path = needs[0][0].path
    needed = union(stretch for _, mask in needs for stretch in mask)
    anybody = somebody(roster.of_path(path))
    at_first = somebody(roster.of_targets(path.steps[0].page, path))
    not_at_first = intersection(difference(needed, at_first), anybody)
    found = [(Lack.NOBODY, difference(needed, anybody)), (Lack.FIRST, not_at_first)]
    if path.party is Party.MSP:
        # Where nobody is there at first it is said anyway who is called instead.
        found.append((Lack.SECOND, difference(intersection(needed, _only_one(roster, path)), not_at_first)))
    rows = tuple((need.rows, mask) for need, mask in needs)
    return [Gap(path, lack, tuple(stretches), rows) for lack, stretches in found if stretches]


def _only_one(roster: Roster, path: PathSpec) -> list[Stretch]:
    steps = own_steps(path)
    return alone(roster.of_path(path.model_copy(update={"steps": steps}))) if steps else []


def by_cause(roster: Roster, gap: Gap) -> list[Stretch]:
    """The gap's stretches, cut where the schedules of the first step begin or end to plan somebody.

    A night on which nobody is planned and the day after it on which somebody is absent are two things to mend.
    """
    edges: set[datetime] = set()
    for target in gap.path.steps[0].page:
        if target.startswith("schedule:"):
            shifts = roster.planned(target.removeprefix("schedule:"))
            edges |= {two.start for one, two in pairwise(shifts) if bool(one.people) is not bool(two.people)}
    ordered = sorted(edges)
    found: list[Stretch] = []
    for start, end in gap.stretches:
        inside = ordered[bisect_right(ordered, start) : bisect_left(ordered, end)]
        found += pairwise([start, *inside, end])
    return found
