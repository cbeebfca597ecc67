"""What the benchmark says of a backlog: how much of it is left for whom, and how fast it went."""

from __future__ import annotations

import math

from bench.kafka.lag import Waiting, lags, rate
from tandem.bus.topics import ALERTS, INCIDENTS


def test_each_group_lags_by_what_it_has_not_committed_of_the_topics_it_reads():
    ends = {(ALERTS.name, 0): 10, (ALERTS.name, 1): 4, (INCIDENTS.name, 0): 7}
    positions = {("router", (ALERTS.name, 0)): 8, ("router", (ALERTS.name, 1)): 4, ("notifier", (INCIDENTS.name, 0)): 7}

    found = lags(ends, positions, (ALERTS, INCIDENTS))

    assert found["router"] == 2
    assert found["notifier"] == 0


def test_a_group_that_has_read_nothing_lags_by_everything():
    assert lags({(INCIDENTS.name, 3): 7}, {}, (ALERTS, INCIDENTS)) == {
        "router": 0,
        "sla-clock": 7,
        "notifier": 7,
        "console": 7,
    }


def test_a_group_that_committed_after_the_broker_was_asked_does_not_lag_by_less_than_nothing():
    assert lags({(ALERTS.name, 0): 5}, {("router", (ALERTS.name, 0)): 9}, (ALERTS,)) == {"router": 0}


def test_what_is_on_its_way_to_the_broker_waits_too():
    assert Waiting(at=0.0, on_the_way=3, by_group={"router": 0, "notifier": 2}).count == 5
    assert Waiting(at=0.0, on_the_way=0, by_group={"router": 0}).count == 0


def test_routing_is_over_when_nothing_waits_before_the_broker_or_on_it_for_the_router():
    assert Waiting(at=0.0, on_the_way=90, by_group={"router": 40}).to_route == 130
    assert Waiting(at=0.0, on_the_way=90, by_group={"router": 0}).to_route == 90
    assert Waiting(at=0.0, on_the_way=0, by_group={"router": 0, "notifier": 500}).to_route == 0


def test_a_rate_counts_from_the_first_look_to_the_first_that_found_nothing():
    assert rate([(10.0, 3_000), (11.0, 1_000), (13.0, 0)]) == 1_000


def test_there_is_no_rate_while_something_is_left_or_when_nothing_was():
    assert math.isnan(rate([(10.0, 3_000), (11.0, 1_000)]))
    assert math.isnan(rate([(10.0, 0)]))
