"""Who leaves next: the urgent first, nobody never, and clients in turn."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from functools import cache
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tandem.model.priority import Priority
from tandem_notifier.paging import Page
from tandem_notifier.turns import Turns
from tandem_notifier.urgency import STRIDES, Urgency, urgency_of
from tests.support.ladder import MSP, Ladder, agreement, incident

BASE = Ladder(agreement(), incident()).open().pages[0]
SHARES = {urgency: max(STRIDES.values()) // stride for urgency, stride in STRIDES.items()}
kinds = st.tuples(st.sampled_from(list(Urgency)), st.sampled_from(["acme", "birch", "cedar"]))
takes = st.none()
"""A page is put, or one is taken."""


@cache
def of(urgency: Urgency, tenant: str = "acme", number: int = 0) -> Page:
    return replace(BASE, page_id=UUID(int=number), tenant=tenant, urgency=urgency)


def filled(count: int, *urgencies: Urgency) -> Turns:
    turns = Turns()
    for urgency in urgencies:
        for _ in range(count):
            turns.put(of(urgency))
    return turns


@given(st.lists(kinds | takes, max_size=80))
def test_what_was_put_leaves_once_and_pages_of_one_kind_in_their_order(steps):
    turns = Turns()
    model: Counter[tuple[Urgency, str]] = Counter()
    taken: Counter[tuple[Urgency, str]] = Counter()
    for number, step in enumerate(steps):
        if step is not None:
            turns.put(of(*step, number=number))
            model[step] += 1
        elif turns:
            page = turns.next()
            taken[page.urgency, page.tenant] += 1
            assert (
                sum(1 for each in steps[: page.page_id.int] if each == (page.urgency, page.tenant)) + 1
                == (taken[page.urgency, page.tenant])
            )

    assert len(turns) == model.total() - taken.total()


@given(st.lists(kinds, max_size=60), st.integers(0, 40))
def test_a_fresh_p1_is_the_next_whatever_waits_and_however_long_it_has(kinds_before, taken):
    turns = Turns()
    before = [kind for kind in kinds_before if kind[0] is not Urgency.P1]
    for number, kind in enumerate(before):
        turns.put(of(*kind, number=number))
    for _ in range(min(taken, len(before))):
        turns.next()

    turns.put(of(Urgency.P1, "dale"))

    assert turns.next().tenant == "dale"


@given(st.sets(st.sampled_from(list(Urgency)), min_size=1), st.integers(1, 100))
def test_every_urgency_that_waits_leaves_by_its_share_so_none_starves(waiting, turns_taken):
    turns = filled(turns_taken, *waiting)

    left = Counter(turns.next().urgency for _ in range(turns_taken))

    all_shares = sum(SHARES[urgency] for urgency in waiting)
    for urgency in waiting:
        assert abs(left[urgency] - turns_taken * SHARES[urgency] / all_shares) <= SHARES[urgency]


def test_what_is_told_leaves_however_many_p1s_keep_coming():
    turns = filled(1, Urgency.TOLD)
    found: list[Urgency] = []

    for number in range(50):
        turns.put(of(Urgency.P1, number=number))
        turns.put(of(Urgency.P1, number=number))
        found.append(turns.next().urgency)

    assert found.count(Urgency.TOLD) == 1
    assert found.index(Urgency.TOLD) <= SHARES[Urgency.P1] + 1


def test_an_urgency_that_had_nothing_for_long_makes_up_for_nothing():
    turns = filled(200, Urgency.TOLD)
    for _ in range(100):
        turns.next()
    for number in range(100):
        turns.put(of(Urgency.P1, number=number))

    left = [turns.next().urgency for _ in range(2 * (SHARES[Urgency.P1] + 1) + 1)]

    assert left.count(Urgency.TOLD) == 2


@given(st.lists(st.sampled_from(["acme", "birch", "cedar"]), max_size=40), st.sampled_from(list(Urgency)))
def test_clients_with_pages_of_one_urgency_take_turns(tenants, urgency):
    turns = Turns()
    for number, tenant in enumerate(tenants):
        turns.put(of(urgency, tenant, number))

    left = [turns.next().tenant for _ in tenants]

    for tenant in set(tenants):
        mine = [place for place, name in enumerate(left) if name == tenant]
        for earlier, later in itertools.pairwise(mine):
            between = Counter(left[earlier + 1 : later])
            assert all(count == 1 for count in between.values())


def test_the_p1_of_one_client_stands_before_the_rest_of_every_other():
    turns = Turns()
    for number in range(30):
        turns.put(of(Urgency.TOLD, f"client-{number}"))
    turns.put(of(Urgency.P1, "acme"))

    assert turns.next().tenant == "acme"


def test_every_step_of_a_p1_is_a_p1s_and_what_is_only_told_of_it_is_not():
    system = Ladder(agreement(), incident(informed=(MSP,))).open()
    system.forward(30)

    assert {page.urgency for page in system.pages if not page.told} == {Urgency.P1}
    assert len({page.step for page in system.pages if not page.told}) > 1
    assert {page.urgency for page in system.pages if page.told} == {Urgency.TOLD}


def test_pages_of_a_p2_are_less_urgent_than_those_of_a_p1_and_more_than_the_rest():
    assert [urgency_of(priority, told=False) for priority in Priority] == [1, 2, 3, 3, 3]
    assert {urgency_of(priority, told=True) for priority in Priority} == {Urgency.TOLD}
