"""The algebra of stretches equals that of sets of minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tandem.agreement.oncall.stretches import Stretch, cut, difference, intersection, total, union

BEGIN = datetime(2027, 3, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANY = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


def at(minute: int) -> datetime:
    return BEGIN + minute * MINUTE


def stretches(pairs: list[tuple[int, int]]) -> list[Stretch]:
    return union((at(start), at(end)) for start, end in pairs)


def minutes(several: list[Stretch]) -> set[int]:
    return {minute for start, end in several for minute in range((start - BEGIN) // MINUTE, (end - BEGIN) // MINUTE)}


def is_tidy(several: list[Stretch]) -> bool:
    edges = [edge for stretch in several for edge in stretch]
    return all(one < two for one, two in pairwise(edges))


@given(ANY)
def test_a_union_holds_what_any_of_them_holds_and_is_tidy(pairs: list[tuple[int, int]]):
    found = stretches(pairs)

    assert minutes(found) == {minute for start, end in pairs for minute in range(start, end)}
    assert is_tidy(found)


@given(ANY, ANY)
def test_intersection_and_difference_are_those_of_sets(one: list[tuple[int, int]], two: list[tuple[int, int]]):
    first, second = stretches(one), stretches(two)

    assert minutes(intersection(first, second)) == minutes(first) & minutes(second)
    assert minutes(difference(first, second)) == minutes(first) - minutes(second)
    assert is_tidy(intersection(first, second))
    assert is_tidy(difference(first, second))


@given(ANY, st.integers(0, 40), st.integers(0, 40))
def test_a_cut_is_what_lies_within(pairs: list[tuple[int, int]], start: int, end: int):
    assert minutes(cut(stretches(pairs), at(start), at(end))) == minutes(stretches(pairs)) & set(range(start, end))


def test_the_total_is_real_time():
    assert total([(at(0), at(5)), (at(10), at(11))]) == timedelta(minutes=6)
    assert total([]) == timedelta()
