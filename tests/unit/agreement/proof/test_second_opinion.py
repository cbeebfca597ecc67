"""A SAT solver, which knows nothing of boxes and covers, says the same about matrices too large to enumerate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from pysat.solvers import Cadical153

from tandem.agreement.proof.budget import Budget
from tandem.agreement.proof.canonical import canonical
from tandem.agreement.proof.cover import hole
from tandem.agreement.proof.findings import Gap, Never, Shadowed, Tie, gaps, never, shadowed, ties
from tandem.agreement.proof.index import Index
from tandem.agreement.proof.order import Row, beats
from tandem.agreement.proof.space import Box, Space
from tests.support.matrices import LargeMatrix


class Solver:
    """One variable per value, exactly one of a field true; and one switch per row that says "none of its alerts"."""

    def __init__(self, space: Space, rows: list[Row]) -> None:
        self._space = space
        self._variables: dict[tuple[str, int], int] = {}
        # Not Glucose: its memory is now and then freed twice, which takes the test process down.
        self._solver = Cadical153()
        for name, values in space.fields.items():
            field = [self._variable(name, number) for number in range(len(values))]
            self._solver.add_clause(field)
            for pair in combinations(field, 2):
                self._solver.add_clause([-value for value in pair])
        for box in space.forbidden:
            self._solver.add_clause(self._outside(box))
        self._switches = {row.name: self._variable("row", number) for number, row in enumerate(rows)}
        for row in rows:
            self._solver.add_clause([-self._switches[row.name], *self._outside(row.accepts)])

    def _variable(self, name: str, number: int) -> int:
        return self._variables.setdefault((name, number), len(self._variables) + 1)

    def _outside(self, box: Box) -> list[int]:
        return [
            self._variable(name, number)
            for name, mask in box.items()
            for number in range(len(self._space.fields[name]))
            if not mask >> number & 1
        ]

    def has_hole(self, box: Box, rows: Iterable[Row]) -> bool:
        refused = [
            -self._variable(name, number)
            for name, mask in box.items()
            for number in range(len(self._space.fields[name]))
            if not mask >> number & 1
        ]
        return bool(self._solver.solve([*refused, *(self._switches[row.name] for row in rows)]))


def crossing(seed: int) -> tuple[Space, list[Row]]:
    """Rows over yes/no fields at random: as hard as they come, and like no real agreement."""
    rng = Random(seed)
    space = Space({"function": ("only",), **{f"tag:{n}": ("no", "yes") for n in range(12)}})
    names = sorted(space.fields.keys() - {"function"})
    rows = [{name: rng.choice((1, 2)) for name in rng.sample(names, 3)} for _ in range(rng.randint(20, 110))]
    return space, [Row(f"r{number}", accepts) for number, accepts in enumerate(rows)]


def test_a_solver_agrees_on_rows_that_cross_at_random():
    covered = 0
    for seed in range(120):
        space, rows = crossing(seed)
        boxes = [row.accepts for row in rows]
        solver = Solver(space, rows)
        for box in ({}, {"tag:3": 2}, {"tag:1": 1, "tag:2": 1, "tag:5": 2}):
            at = hole(space, box, boxes, Budget())

            assert (at is not None) is solver.has_hole(box, rows)
            assert at is None or not any(space.touches(at, other) for other in boxes)
            covered += at is None
    assert 50 < covered < 310


def beating(rows: list[Row]) -> dict[str, list[Row]]:
    return {row.name: [other for other in rows if beats(other, row)] for row in rows}


def prepared(count: int, seed: int) -> tuple[LargeMatrix, Index, Solver]:
    matrix = LargeMatrix(count, seed)
    forbidden = Index(matrix.space, ())
    rows = [replace(r, accepts=canonical(forbidden, r.accepts, Budget(), keep="function")[0]) for r in matrix.rows]
    return matrix, Index(matrix.space, rows), Solver(matrix.space, rows)


@pytest.mark.parametrize(("count", "seed"), [(150, 1), (150, 2), (400, 3), (1_200, 4)])
def test_a_solver_finds_the_same_gaps_ties_and_dead_rows(count: int, seed: int):
    matrix, index, solver = prepared(count, seed)
    rows = list(index.rows)
    stronger = beating(rows)
    functions = [{"function": 1 << number} for number in range(len(matrix.space.fields["function"]))]

    unowned = {gap.asked["function"] for gap in gaps(index, functions, Budget()) if isinstance(gap, Gap)}
    tied = {frozenset({t.one, t.other}) for t in ties(index, Budget()) if isinstance(t, Tie)}
    dead = {found.row for found in never(index, Budget()) if isinstance(found, Never)}
    hidden = {found.row for found in shadowed(index, Budget(), skip=dead) if isinstance(found, Shadowed)}

    assert unowned == {box["function"] for box in functions if solver.has_hole(box, rows)}
    assert dead == {number for number, row in enumerate(rows) if not solver.has_hole(row.accepts, [])}
    alive = set(range(len(rows))) - dead
    assert hidden == {n for n in alive if not solver.has_hole(rows[n].accepts, stronger[rows[n].name])}
    for one, other in combinations(range(len(rows)), 2):
        if rows[one].rank == rows[other].rank:
            pair = rows[one], rows[other]
            settled = beats(*pair) or beats(*reversed(pair))
            both = matrix.space.meet(pair[0].accepts, pair[1].accepts)
            above = [*stronger[pair[0].name], *stronger[pair[1].name]]
            meets = all(both.values()) and not settled and solver.has_hole(both, above)
            assert (frozenset({one, other}) in tied) is meets
    planted = {frozenset(index.rows[number].name for number in pair) for pair in tied}
    assert {matrix.space.mask("function", [name]) for name in matrix.gaps} <= unowned
    assert matrix.ties <= planted
