"""The proof says what looking at every single combination says: findings, examples, and every point of every example."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.proof.budget import Budget
from tandem.agreement.proof.canonical import canonical
from tandem.agreement.proof.change import Change, changes
from tandem.agreement.proof.findings import (
    Gap,
    Idle,
    Never,
    Shadowed,
    Tie,
    gaps,
    idle_priorities,
    never,
    shadowed,
    ties,
)
from tandem.agreement.proof.index import Index
from tandem.agreement.proof.order import Row, beats, deciding_order
from tandem.agreement.proof.sentence import point, widened
from tandem.agreement.proof.space import Space
from tests.support.matrices import edited, first, points, small_rows, small_space, takes, unbeaten

SEEDS = 2_000
seeds = st.integers(0, 2**32)


def matrix(seed: int) -> tuple[Random, Space, list[Row]]:
    """A space and rows with canonical conditions."""
    rng = Random(seed)
    space = small_space(rng)
    forbidden = Index(space, ())
    rows = small_rows(rng, space)
    return rng, space, [replace(row, accepts=canonical(forbidden, row.accepts, Budget())[0]) for row in rows]


def functions(space: Space) -> list[dict[str, int]]:
    return [{"function": 1 << n} for n in range(len(space.fields["function"]))]


def check_gaps(space: Space, rows: list[Row]) -> int:
    index = Index(space, rows)
    found = [gap for gap in gaps(index, functions(space), Budget()) if isinstance(gap, Gap)]

    unowned = {p["function"] for p in points(space) if not unbeaten(rows, p)}

    assert {gap.asked["function"] for gap in found} == unowned
    for gap in found:
        assert points(space, dict(gap.at))
        wide = widened(index, gap.at, index.all_rows, keep={"function"})
        for at in (gap.at, wide):
            assert all(not unbeaten(rows, p) for p in points(space, dict(at)))
        example = {name: space.mask(name, [value]) for name, value in point(space, gap.at).items()}
        assert example in points(space, dict(gap.asked))
    return len(found)


def check_ties(space: Space, rows: list[Row]) -> int:
    index = Index(space, rows)
    found = [tie for tie in ties(index, Budget()) if isinstance(tie, Tie)]

    def names(*tied: Row) -> frozenset[str]:
        return frozenset(row.name for row in tied)

    tied = {names(*pair) for p in points(space) for pair in combinations(unbeaten(rows, p), 2)}

    assert {names(index.rows[tie.one], index.rows[tie.other]) for tie in found} == tied
    for tie in found:
        assert points(space, dict(tie.at))
        pair = names(index.rows[tie.one], index.rows[tie.other])
        assert all(pair <= names(*unbeaten(rows, p)) for p in points(space, dict(tie.at)))
    return len(found)


def check_dead(space: Space, rows: list[Row]) -> tuple[int, int]:
    index = Index(space, rows)
    dead = {index.rows[found.row].name for found in never(index, Budget()) if isinstance(found, Never)}
    skip = [n for n, row in enumerate(index.rows) if row.name in dead]
    hidden = [s for s in shadowed(index, Budget(), skip=skip) if isinstance(s, Shadowed)]

    alive = {row.name for row in rows if points(space, dict(row.accepts))}
    deciding = {row.name for p in points(space) for row in unbeaten(rows, p)}

    assert dead == {row.name for row in rows} - alive
    assert {index.rows[s.row].name for s in hidden} == alive - deciding
    for s in hidden:
        row, takers = index.rows[s.row], [index.rows[n] for n in s.takers]
        own = points(space, dict(row.accepts))
        assert all(beats(taker, row) for taker in takers)
        assert all(any(takes(taker.accepts, p) for taker in takers) for p in own)
        for spared in takers:
            assert not all(any(takes(taker.accepts, p) for taker in takers if taker is not spared) for p in own)
        assert points(space, dict(s.at))
        assert all(takes(row.accepts, p) for p in points(space, dict(s.at)))
    return len(dead), len(hidden)


def check_priorities(space: Space, rows: list[Row]) -> int:
    """Only where nothing ties: else "the row that decides" has no meaning."""
    if any(len(unbeaten(rows, p)) > 1 for p in points(space)):
        return 0
    index = Index(space, rows)
    idle = {index.rows[found.row].name for found in idle_priorities(index, Budget()) if isinstance(found, Idle)}

    for row in rows:
        without = [replace(row, priority=0) if other is row else other for other in rows]
        changed = any(
            [r.name for r in unbeaten(rows, p)] != [r.name for r in unbeaten(without, p)] for p in points(space)
        )
        if row.priority:
            assert (row.name in idle) is not changed
    return len(idle)


def check_changes(rng: Random, space: Space, rows: list[Row]) -> int:
    new = edited(rng, space, rows)
    found = [c for c in changes(Index(space, rows), Index(space, new), Budget()) if isinstance(c, Change)]

    expected = set()
    old, new = list(deciding_order(rows)), list(deciding_order(new))
    for p in points(space):
        before, after = first(old, p), first(new, p)
        if (before and before.outcome) != (after and after.outcome):
            expected.add((before and before.name, after and after.name))

    assert {(c.old and c.old.name, c.new and c.new.name) for c in found} == expected
    for change in found:
        assert points(space, dict(change.at))
        assert all(first(old, p) == change.old and first(new, p) == change.new for p in points(space, dict(change.at)))
    return len(found)


def check_canonical(seed: int) -> int:
    rng = Random(seed)
    space = small_space(rng)
    forbidden = Index(space, ())
    implied = 0
    for row in small_rows(rng, space):
        accepts, adds_nothing = canonical(forbidden, row.accepts, Budget())
        own = points(space, dict(row.accepts))
        implied += len(adds_nothing)
        if own:
            assert points(space, dict(accepts)) == own
            for name in accepts:
                assert points(space, {n: m for n, m in accepts.items() if n != name}) != own
    return implied


def test_thousands_of_small_matrices_are_proven_as_enumeration_proves_them():
    counted = [0] * 7
    for seed in range(SEEDS):
        rng, space, rows = matrix(seed)
        dead, hidden = check_dead(space, rows)
        found = (
            check_gaps(space, rows),
            check_ties(space, rows),
            dead,
            hidden,
            check_priorities(space, rows),
            check_changes(rng, space, rows),
            check_canonical(seed),
        )
        counted = [total + more for total, more in zip(counted, found, strict=True)]

    # Of each kind there was plenty to find, or the comparison says little.
    assert all(total > 20 for total in counted)


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_any_small_matrix_is_proven_as_enumeration_proves_it(seed: int):
    rng, space, rows = matrix(seed)

    check_gaps(space, rows)
    check_ties(space, rows)
    check_dead(space, rows)
    check_priorities(space, rows)
    check_changes(rng, space, rows)
    check_canonical(seed)


@pytest.mark.parametrize("seed", range(40))
def test_the_order_of_rows_changes_nothing(seed: int):
    rng, space, rows = matrix(seed)
    shuffled = rng.sample(rows, len(rows))

    def everything(some: list[Row]) -> list[object]:
        index = Index(space, some)
        return [index.rows, *gaps(index, functions(space), Budget()), *ties(index, Budget()), *never(index, Budget())]

    assert everything(rows) == everything(shuffled)
