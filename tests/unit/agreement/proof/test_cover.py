"""The one procedure behind every question, at its edges: nothing there, nothing left, no end in sight."""

from __future__ import annotations

from random import Random

import pytest

from tandem.agreement.proof.budget import Budget, NotProven
from tandem.agreement.proof.cover import hole
from tandem.agreement.proof.findings import Gap, Unproven, gaps, ties
from tandem.agreement.proof.index import Index, numbers_in
from tandem.agreement.proof.order import Row, beats, narrower
from tandem.agreement.proof.sentence import point, widened
from tandem.agreement.proof.space import Space, bits_of, inside

SPACE = Space({"function": ("mail", "backup"), "site": ("hq", "branch", "unknown"), "severity": ("high", "low")})


def test_without_rows_the_whole_box_is_a_hole():
    assert hole(SPACE, {"site": 1}, [], Budget()) == {"site": 1}


def test_a_box_without_values_holds_nothing():
    assert hole(SPACE, {"site": 0}, [], Budget()) is None


def test_a_row_for_everything_leaves_no_hole_and_is_named():
    used: set[int] = set()

    assert hole(SPACE, {}, [{"site": 1}, {}], Budget(), used=used) is None
    assert used == {1}


def test_values_that_no_row_tells_apart_stay_together():
    assert hole(SPACE, {}, [{"severity": 1}, {"site": 1}], Budget()) == {"severity": 2, "site": 6}


def test_a_thousand_fields_deep_is_no_deeper_than_memory():
    tags = {f"tag:{n}": ("no", "yes") for n in range(1_500)}
    space = Space({"function": ("mail",), **tags})
    rows = [{name: 2} for name in tags]

    assert hole(space, {}, rows, Budget()) == dict.fromkeys(tags, 1)
    assert hole(space, {}, [*rows, dict.fromkeys(tags, 1)], Budget()) is None


def crossing(rows: int, named: int, tags: int) -> tuple[Space, list[Row]]:
    rng = Random(1)
    space = Space({"function": ("mail",), **{f"tag:{n}": ("no", "yes") for n in range(tags)}})
    names = sorted(space.fields.keys() - {"function"})
    return space, [Row(f"r{n}", {name: rng.choice((1, 2)) for name in rng.sample(names, named)}) for n in range(rows)]


def test_a_search_without_end_is_given_up_and_never_taken_for_a_proof():
    space, rows = crossing(3_000, 6, 40)
    budget = Budget(left=100_000)

    with pytest.raises(NotProven):
        hole(space, {}, [row.accepts for row in rows], budget)

    assert budget.left < 0


def test_one_hard_question_leaves_budget_for_the_others():
    space, rows = crossing(400, 6, 40)
    index = Index(space, rows)
    budget = Budget(left=1_000_000, per_question=2_500)

    assert list(gaps(index, [{}, {"tag:1": 1, "tag:2": 1}], budget)) == [
        Unproven(asked={}),
        Unproven(asked={"tag:1": 1, "tag:2": 1}),
    ]
    assert budget.left > 900_000
    assert isinstance(next(gaps(Index(space, ()), [{}], budget)), Gap)


def test_a_given_up_pair_is_named():
    index = Index(SPACE, [Row("a", {"site": 1}), Row("b", {"severity": 1}), Row("c", {"site": 1, "severity": 1})])

    assert list(ties(index, Budget(left=0))) == [Unproven(rows=(1, 2), further=True)]


def test_when_nothing_is_left_further_questions_are_not_put():
    space, rows = crossing(400, 4, 30)
    budget = Budget(left=5_000)

    found = list(ties(Index(space, rows), budget))

    assert isinstance(found[-1], Unproven)
    assert found[-1].further
    assert budget.left > -1_000


def test_the_caller_may_end_the_search():
    with pytest.raises(NotProven):
        hole(SPACE, {}, [{"site": 1}], Budget(spent=lambda: True))


def test_more_fields_beat_priority_and_priority_beats_narrowness():
    wide, narrow = Row("wide", {"site": 3}, 1), Row("narrow", {"site": 1})
    both = Row("both", {"site": 3, "severity": 1}, -9)

    assert narrower(narrow, wide)
    assert beats(wide, narrow)
    assert beats(both, wide)
    assert not beats(wide, both)


def test_a_box_lies_inside_another_when_each_condition_does():
    assert inside({"site": 1, "severity": 1}, {"site": 3})
    assert not inside({"severity": 1}, {"site": 3})


def test_an_index_finds_what_reaches_into_a_box():
    index = Index(Space(SPACE.fields, ({"site": 4},)), [Row("a", {"site": 1}), Row("b", {"severity": 2}), Row("c", {})])
    names = [row.name for row in index.rows]

    reached = index.reaching({"site": 4, "severity": 2})

    assert [names[n] for n in numbers_in(reached & index.all_rows)] == ["b", "c"]
    assert reached & index.forbidden


@pytest.mark.parametrize("numbers", [set[int](), {0}, {3, 64, 200}, set(range(0, 900, 3))])
def test_a_set_is_a_list_of_its_numbers(numbers: set[int]):
    mask = sum(1 << number for number in numbers)

    assert numbers_in(mask) == sorted(numbers) == list(bits_of(mask))


def test_a_sentence_keeps_only_what_it_needs():
    rows = [Row("a", {"function": 1, "severity": 1}), Row("b", {"function": 2})]
    index = Index(SPACE, rows)

    said = widened(index, {"function": 1, "site": 2, "severity": 2}, index.all_rows, keep=("function",))

    assert said == {"function": 1, "severity": 2}


def test_a_point_has_the_first_value_of_every_field():
    assert point(SPACE, {"site": 6}) == {"function": "mail", "site": "branch", "severity": "high"}
