"""Who of those that wait goes next."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from tandem.model.alert import Severity
from tandem_ingest.fairness.fair_queue import WEIGHTS, FairQueue, Place, urgency_of

TENANTS = ("acme", "birch", "cedar")
ARRIVALS = st.lists(
    st.tuples(st.sampled_from(TENANTS), st.integers(0, 3), st.integers(0, 3), st.integers(0, 5)), max_size=200
)
"""(tenant, urgency, condition, how many are let go after it)."""


def place(position: int, tenant: str = "acme", urgency: int = 1, key: str | None = None, size: int = 1) -> Place:
    return Place(position, tenant, urgency, f"{tenant}/{key if key is not None else position}", size)


def filled(*places: Place) -> FairQueue:
    queue = FairQueue()
    for each in places:
        queue.add(each)
    return queue


@given(ARRIVALS)
def test_everything_leaves_once_and_what_has_one_key_in_the_order_it_came(arrivals: list[tuple[str, int, int, int]]):
    queue, left = FairQueue(), list[Place]()
    for position, (tenant, urgency, condition, let_go) in enumerate(arrivals):
        queue.add(place(position, tenant, urgency, f"disk-{condition}"))
        left += queue.take(let_go, 1 << 30)
        assert len(queue) == position + 1 - len(left)
    left += queue.take(len(arrivals), 1 << 30)

    assert sorted(each.position for each in left) == list(range(len(arrivals)))
    by_key: dict[str, list[int]] = defaultdict(list)
    for each in left:
        by_key[each.key].append(each.position)
    assert all(positions == sorted(positions) for positions in by_key.values())


@given(st.integers(1, 2_000), st.integers(0, 3), st.integers(0, 3))
def test_the_first_alert_of_another_tenant_goes_after_a_few_however_many_wait(
    noisy: int, their_urgency: int, its_urgency: int
):
    queue = filled(*(place(position, "acme", their_urgency) for position in range(noisy)))
    before = queue.take(noisy // 2, 1 << 30)

    queue.add(place(noisy, "birch", its_urgency))

    turn = [each.tenant for each in queue.take(noisy + 1, 1 << 30)].index("birch")
    assert turn <= WEIGHTS[their_urgency] / WEIGHTS[its_urgency] + 1
    assert all(each.tenant == "acme" for each in before)


def test_two_tenants_that_both_have_much_take_turns():
    queue = filled(
        *(place(position, "acme") for position in range(100)), *(place(100 + n, "birch") for n in range(100))
    )

    taken = [each.tenant for each in queue.take(100, 1 << 30)]

    assert abs(taken.count("acme") - taken.count("birch")) <= 1


def test_the_urgent_ones_go_sixteen_times_as_often_as_the_least_and_the_least_still_go():
    queue = filled(*(place(position, urgency=position % 4) for position in range(1_200)))

    taken = [each.urgency for each in queue.take(280, 1 << 30)]

    assert [round(taken.count(urgency) / 10) for urgency in range(4)] == list(WEIGHTS)


def test_what_is_critical_goes_next_however_much_that_is_high_of_its_own_tenant_waits():
    high, critical = urgency_of(Severity.HIGH), urgency_of(Severity.CRITICAL)
    queue = filled(*(place(position, urgency=high) for position in range(500)))
    queue.take(100, 1 << 30)

    queue.add(place(500, urgency=critical))

    assert [each.position for each in queue.take(1, 1 << 30)] == [500]


def test_among_equals_the_urgent_one_is_first():
    queue = filled(place(1, urgency=2), place(2, urgency=1), place(3, urgency=0))

    assert [each.urgency for each in queue.take(3, 1 << 30)] == [0, 1, 2]


def test_a_condition_that_became_urgent_takes_its_earlier_alerts_along():
    low = [place(position, urgency=2) for position in range(20)]
    queue = filled(*low, place(20, urgency=2, key="raid"), place(21, urgency=0, key="raid"))

    assert [each.position for each in queue.take(2, 1 << 30)] == [20, 21]


def test_who_had_nothing_to_send_has_saved_up_no_turns():
    queue = filled(*(place(position, "acme") for position in range(1_000)))
    queue.take(500, 1 << 30)
    for number in range(100):
        queue.add(place(2_000 + number, "birch"))

    taken = [each.tenant for each in queue.take(100, 1 << 30)]

    assert abs(taken.count("birch") - 50) <= 2


def test_the_one_that_brings_the_bytes_to_the_bound_is_the_last():
    queue = filled(*(place(position, size=10) for position in range(5)))

    assert len(queue.take(5, 25)) == 3
    assert len(queue) == 2


def test_critical_is_for_itself_low_and_info_are_last_and_what_nobody_graded_is_between():
    assert {severity: urgency_of(severity) for severity in Severity} == {
        Severity.CRITICAL: 0,
        Severity.HIGH: 1,
        Severity.MEDIUM: 2,
        Severity.UNKNOWN: 2,
        Severity.LOW: 3,
        Severity.INFO: 3,
    }
