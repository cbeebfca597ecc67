"""Pages to one address: a few at once, and clients take turns."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from tandem_notifier.lanes import AILING_QUEUE, FIRST_AT_ONCE, HEALTHY_QUEUE, Lanes
from tandem_notifier.paging import Page
from tandem_notifier.urgency import Urgency
from tests.unit.notifier.test_render import page

BASE = page()


def of(tenant: str, number: int) -> Page:
    return replace(BASE, page_id=UUID(int=number), tenant=tenant)


def busy(lanes: Lanes) -> Page:
    """A lane without a free place; returns a page that has one."""
    first = [of("acme", 10_000 + number) for number in range(FIRST_AT_ONCE)]
    assert all(lanes.enter(each) for each in first)
    return first[0]


def left(lanes: Lanes, done: Page, turns: int) -> list[str]:
    """Whose pages are sent as attempts end one after the other, and the lane has no more places than it had."""
    found: list[str] = []
    for _ in range(turns):
        start, _ = lanes.leave(done, healthy=None)
        found += [each.tenant for each in start]
    return found


def test_the_page_about_a_quiet_client_goes_after_one_of_the_storm_however_many_wait():
    lanes = Lanes()
    done = busy(lanes)
    for number in range(300):
        assert lanes.enter(of("acme", number)) is False
    lanes.enter(of("birch", 1_000))

    assert "birch" in left(lanes, done, 2)


def test_a_client_whose_queue_is_full_leaves_room_for_others():
    lanes = Lanes()
    busy(lanes)
    for number in range(HEALTHY_QUEUE):
        lanes.enter(of("acme", number))

    assert lanes.enter(of("acme", 5_000)) is None
    assert lanes.enter(of("birch", 5_001)) is False


def test_pages_of_one_client_keep_their_order():
    lanes = Lanes()
    done = busy(lanes)
    for number in range(5):
        lanes.enter(of("birch", number))

    order = [each.page_id.int for _ in range(5) for each in lanes.leave(done, healthy=None)[0]]

    assert order == [0, 1, 2, 3, 4]


def test_at_a_target_that_fails_few_pages_stay_and_of_whom_most_wait_loses_most():
    lanes = Lanes()
    done = busy(lanes)
    for number in range(20):
        lanes.enter(of("acme", number))
    lanes.enter(of("birch", 1_000))

    start, dropped = lanes.leave(done, healthy=False)

    assert start == []
    assert len(dropped) == 21 - AILING_QUEUE
    assert "birch" not in {each.tenant for each in dropped}


def test_a_p1_has_room_and_goes_first_where_no_other_page_has():
    lanes = Lanes()
    done = busy(lanes)
    for number in range(HEALTHY_QUEUE + 1):
        lanes.enter(told(number))
    assert lanes.enter(told(5_000)) is None

    assert lanes.enter(of("acme", 5_001)) is False

    (first,), _ = lanes.leave(done, healthy=None)
    assert first.page_id.int == 5_001


def test_a_p1_has_room_at_a_target_that_fails():
    lanes = Lanes()
    done = busy(lanes)
    for number in range(20):
        lanes.enter(told(number))
    lanes.leave(done, healthy=False)

    assert lanes.enter(told(5_000)) is None
    assert lanes.enter(of("acme", 5_001)) is False


def test_while_older_pages_of_its_kind_wait_in_the_table_a_new_one_waits_there_too():
    lanes = Lanes()
    done = busy(lanes)
    for number in range(HEALTHY_QUEUE + 1):
        lanes.enter(told(number))
    for _ in range(10):
        lanes.leave(done, healthy=None)

    assert lanes.enter(told(5_000)) is None
    assert lanes.enter(replace(told(5_001), tenant="birch")) is False
    assert lanes.enter(told(5_002), claimed=True) is False

    lanes.looked([])
    assert lanes.enter(told(5_003)) is False


def told(number: int) -> Page:
    return replace(of("acme", number), urgency=Urgency.TOLD)
