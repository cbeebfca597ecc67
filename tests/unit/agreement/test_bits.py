"""Sets of numbers as bits: the lowest ones are found whatever lies between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tandem.agreement.bits import bits, lowest, mask_of, packed

NUMBERS = st.frozensets(st.integers(0, 3_000), max_size=40)


@given(numbers=NUMBERS, most=st.integers(0, 8))
def test_the_lowest_numbers_come_in_order(numbers: frozenset[int], most: int):
    assert lowest(mask_of(numbers, 3_001), most) == sorted(numbers)[:most]


@given(numbers=NUMBERS)
def test_packing_loses_nothing(numbers: frozenset[int]):
    assert bits(packed(sorted(numbers), 3_001)) == mask_of(numbers, 3_001)
