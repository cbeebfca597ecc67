"""Sets of rule numbers: an integer with a bit per rule where they are many, the numbers themselves where few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Numbers = int | tuple[int, ...]
"""A bit per number, or the numbers."""
_FEW = 4
_WORD = 64
_BITS_PER_NUMBER = 512
"""A bit mask of ``size`` bits weighs as much as ``size`` / 512 numbers and is as fast to use."""


def packed(numbers: Sequence[int], size: int) -> Numbers:
    """``numbers``, each below ``size``, the smaller way."""
    if len(numbers) <= max(_FEW, size // _BITS_PER_NUMBER):
        return tuple(numbers)
    return mask_of(numbers, size)


def mask_of(numbers: Iterable[int], size: int) -> int:
    """A bit per number."""
    raw = bytearray(size // 8 + 1)
    for number in numbers:
        raw[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(raw, "little")


def bits(numbers: Numbers) -> int:
    """As a bit mask."""
    if isinstance(numbers, int):
        return numbers
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def lowest(mask: int, most: int) -> list[int]:
    """The numbers of the ``most`` lowest bits, in order.

    A word at a time: each step on the whole of a mask of 10,000 bits costs as much as twenty on a word of it.
    """
    found: list[int] = []
    passed = 0
    while mask:
        word = mask & (1 << _WORD) - 1
        if not word:
            skipped = (mask & -mask).bit_length() - 1
            mask >>= skipped
            passed += skipped
            continue
        while word:
            if len(found) == most:
                return found
            low = word & -word
            found.append(passed + low.bit_length() - 1)
            word ^= low
        mask >>= _WORD
        passed += _WORD
    return found
