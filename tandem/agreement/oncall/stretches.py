"""Stretches of time and their algebra: sorted, disjoint, half-open ``[start, end)`` intervals of aware UTC instants.

Knows nothing of people and calendars. Every function takes and gives sorted lists unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

Stretch = tuple[datetime, datetime]


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches in any order, also empty ones: sorted, and those that overlap or touch made one."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def intersection(first: Sequence[Stretch], second: Sequence[Stretch]) -> list[Stretch]:
    """What lies in both."""
    found: list[Stretch] = []
    here = there = 0
    while here < len(first) and there < len(second):
        start, end = max(first[here][0], second[there][0]), min(first[here][1], second[there][1])
        if start < end:
            found.append((start, end))
        if first[here][1] <= second[there][1]:
            here += 1
        else:
            there += 1
    return found


def difference(first: Sequence[Stretch], second: Sequence[Stretch]) -> list[Stretch]:
    """What of ``first`` does not lie in ``second``."""
    found: list[Stretch] = []
    number = 0
    for start, end in first:
        while number < len(second) and second[number][1] <= start:
            number += 1
        left, ahead = start, number
        while ahead < len(second) and second[ahead][0] < end:
            if left < second[ahead][0]:
                found.append((left, second[ahead][0]))
            left = max(left, second[ahead][1])
            ahead += 1
        if left < end:
            found.append((left, end))
    return found


def cut(stretches: Iterable[Stretch], start: datetime, end: datetime) -> list[Stretch]:
    """What lies within ``[start, end)``."""
    return [(max(one, start), min(two, end)) for one, two in stretches if one < end and two > start]


def total(stretches: Iterable[Stretch]) -> timedelta:
    """Real time in them, from instants and never from wall clocks."""
    return sum((end - start for start, end in stretches), timedelta())
