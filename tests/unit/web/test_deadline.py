"""A connection's deadline: moved by every request, kept by one timer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tandem.web.deadline import Deadline


class Handle:
    def __init__(self, at: float, call: Callable[[], object]) -> None:
        self.at, self.call, self.cancelled = at, call, False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """A loop whose time a test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.handles: list[Handle] = []

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, call: Callable[[], object]) -> Handle:
        self.handles.append(Handle(at, call))
        return self.handles[-1]

    def go(self, to: float) -> None:
        while due := [each for each in self.handles if not each.cancelled and each.at <= to]:
            first = min(due, key=lambda each: each.at)
            self.handles.remove(first)
            self.now = max(self.now, first.at)
            first.call()
        self.now = to


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture
def late():
    return []


@pytest.fixture
def due(loop, late):
    found = Deadline(loop)
    found.expect(30.0, lambda: late.append(loop.now))
    return found


def test_what_is_late_is_told_once_and_at_its_time(loop, due, late):
    loop.go(100.0)

    assert late == [30.0]


def test_a_deadline_that_is_moved_makes_no_timer_and_holds_to_its_last_time(loop, due, late):
    for second in range(1, 11):
        loop.go(float(second))
        due.expect(30.0, lambda: late.append(loop.now))
    assert len(loop.handles) == 1

    loop.go(100.0)

    assert late == [40.0]


def test_a_shorter_one_does_not_wait_for_the_timer_of_the_longer(loop, due, late):
    due.expect(2.0, lambda: late.append(loop.now))

    loop.go(100.0)

    assert late == [2.0]


def test_what_is_forgotten_is_not_late_and_the_next_is_expected_anew(loop, due, late):
    due.forget()
    loop.go(50.0)
    assert late == []

    due.expect(5.0, lambda: late.append(loop.now))
    loop.go(100.0)

    assert late == [55.0]


def test_a_connection_that_has_gone_leaves_no_timer(loop, due):
    due.end()

    assert all(handle.cancelled for handle in loop.handles)
