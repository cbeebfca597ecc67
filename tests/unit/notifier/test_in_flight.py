"""Pages in memory: bounded, with room of their own for P1s, and what waits in the table is looked for in time."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from tandem_notifier.in_flight import InFlight
from tandem_notifier.lanes import FIRST_AT_ONCE, kind_of
from tandem_notifier.paging import Page
from tandem_notifier.urgency import Urgency
from tests.unit.notifier.test_render import page

BASE = page()


def of(number: int, urgency: Urgency = Urgency.LATER) -> Page:
    """A page to an address of its own, so that none waits for another's turn."""
    return replace(BASE, page_id=UUID(int=number), urgency=urgency, target=f"https://{number}.example")


def full(room: int, room_for_p1: int = 0) -> tuple[InFlight, list[Page]]:
    pages = InFlight(room=room, room_for_p1=room_for_p1)
    taken = [of(number) for number in range(room)]
    assert all(pages.take(each) for each in taken)
    return pages, taken


def test_when_memory_is_full_a_p1_still_has_room_and_nothing_else_has():
    pages, _ = full(2, room_for_p1=1)

    assert pages.take(of(10)) is False
    assert pages.take(of(11, Urgency.P1)) is True
    assert pages.take(of(12, Urgency.P1)) is False
    assert len(pages) == 3


def test_a_page_that_is_in_memory_is_not_sent_twice():
    pages, taken = full(1)

    assert pages.take(taken[0], claimed=True) is False
    assert pages.ids == [taken[0].page_id]


def test_while_pages_wait_in_the_table_room_is_noticed_when_half_has_ended():
    pages, taken = full(4)
    pages.take(of(10))
    pages.expect_room()

    seen = []
    for each in taken:
        pages.leave(each, healthy=True)
        pages.forget(each)
        seen.append(pages.has_room_again)

    assert seen == [False, True, True, True]


def test_while_nothing_waits_in_the_table_nobody_looks_for_room():
    pages, taken = full(1)
    pages.take(of(10))
    pages.looked([])
    pages.expect_room()

    pages.leave(taken[0], healthy=True)
    pages.forget(taken[0])

    assert not pages.has_room_again


def test_what_waits_in_the_table_goes_before_a_newer_one_of_its_kind():
    pages, _ = full(1)
    older = of(10)
    pages.looked([kind_of(older)])
    pages.give_up()

    assert pages.take(replace(older, page_id=UUID(int=11))) is False
    assert pages.take(older, claimed=True) is True


def test_an_answer_of_a_target_that_failed_is_told_and_brings_the_next_page():
    pages = InFlight(room=100, room_for_p1=0)
    here = [replace(of(number), target="https://here.example") for number in range(FIRST_AT_ONCE + 1)]
    assert [pages.take(each) for each in here] == [*[True] * FIRST_AT_ONCE, False]

    refused = pages.leave(here[0], healthy=False)
    answered = [pages.leave(each, healthy=True) for each in here[1:FIRST_AT_ONCE]]

    assert refused == ([], False)
    assert answered[0] == ([here[-1]], True)
    assert answered[1:] == [([], False)] * (FIRST_AT_ONCE - 2)


def test_at_the_end_those_whose_receiver_may_have_them_are_told_apart():
    pages, taken = full(3)
    pages.begin(taken[0])
    pages.begin(taken[1])
    pages.leave(taken[0], healthy=True)
    pages.forget(taken[0])

    assert pages.give_up() == [taken[1].page_id]
    assert len(pages) == 0
    assert pages.give_up() == []
