"""What the benchmark says of a backlog that drains while fresh P1s come in."""

from __future__ import annotations

from bench.kafka.backlog import times
from bench.kafka.lag import Waiting
from bench.sink import Arrivals

BEGAN = 100.0


def look(after: float, *, router: int, notifier: int = 0, on_the_way: int = 0) -> Waiting:
    return Waiting(at=BEGAN + after, on_the_way=on_the_way, by_group={"router": router, "notifier": notifier})


def test_seconds_count_from_the_routers_start_to_the_first_look_that_found_nothing():
    looks = [look(1, router=50), look(8, router=0, on_the_way=30), look(9, router=0, notifier=4), look(12, router=0)]

    found = times(looks, {}, Arrivals(), began=BEGAN, conditions={})

    assert (found.router_s, found.all_s) == (9, 12)


def test_a_backlog_that_never_drained_has_no_time():
    found = times([look(1, router=50)], {}, Arrivals(), began=BEGAN, conditions={})

    assert (found.router_s, found.all_s) == (None, None)


def test_a_fresh_p1_counts_from_its_post_and_one_without_a_page_has_no_time():
    arrivals = Arrivals(first={7: BEGAN + 5.5})

    found = times([], {7: BEGAN + 1.5, 8: BEGAN + 2.5}, arrivals, began=BEGAN, conditions={})

    assert found.urgent == [4.0, None]


def test_conditions_without_a_page_and_pages_that_came_again_are_counted():
    arrivals = Arrivals(first={1: BEGAN + 3, 2: BEGAN + 9}, by_key={b"a": 1, b"b": 3})

    found = times([], {}, arrivals, began=BEGAN, conditions=dict.fromkeys((1, 2, 3), 0.0))

    assert (found.last_page_s, found.not_paged, found.doubled) == (9, 1, 2)
