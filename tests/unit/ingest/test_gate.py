"""Whether a post's alerts go to the router at once, wait, or are refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from tandem.model.integration import AuthKind, Integration
from tandem_ingest.fairness.bucket import Bucket
from tandem_ingest.fairness.gate import Bounds, Gate, TooMany, Way
from tandem_ingest.fairness.recent import Recent
from tandem_ingest.fairness.room import AT_FIRST, LEAST, Room

NOISY = Integration(name="acme-alertmanager", tenant="acme", vendor="alertmanager", auth=AuthKind.BEARER)
QUIET = replace(NOISY, name="birch-rmm", tenant="birch")


@dataclass
class Waits:
    """What is known of what waits."""

    tenants: dict[str, int] = field(default_factory=dict)
    away: bool = False

    @property
    def empty(self) -> bool:
        return not self.tenants

    @property
    def most(self) -> int:
        return sum(self.tenants.values())

    def holds(self, tenant: str) -> bool:
        return tenant in self.tenants

    def waiting(self, tenant: str) -> int:
        return self.tenants.get(tenant, 0)


class Door:
    """A gate and what is around it."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.room = Room()
        self.waits = Waits()
        self.looks = 0
        self.gate = Gate(self.room, self.waits, bounds, look=self._look)

    def _look(self) -> None:
        self.looks += 1

    def backlog(self, records: int) -> None:
        """A sample said that so many stand before the router."""
        self.room.sampled(self.room.began(), records, 0, 0.0)

    def post(self, integration: Integration = NOISY, *, alerts: int = 1, retries: bool = True, at: float = 1.0) -> Way:
        return self.gate.way(integration, integration.tenant, alerts, retries=retries, now=at)


def test_without_overload_everything_goes_straight_whatever_the_rate():
    door = Door()

    ways = []
    for number in range(20_000):
        if number % 100 == 0:
            door.backlog(10)
        ways.append(door.post(at=number / 5_000))

    assert set(ways) == {Way.STRAIGHT}


def test_while_the_router_is_behind_who_posts_much_waits_and_who_posts_little_does_not():
    door = Door()
    door.post(QUIET)
    for _ in range(AT_FIRST):
        door.post()
    door.backlog(AT_FIRST + 1)

    assert door.post(retries=False) is Way.WAITS
    assert door.post(QUIET) is Way.STRAIGHT


def test_what_was_put_since_the_last_sample_counts_as_backlog_and_asks_for_a_new_one():
    door = Door()

    ways = [door.post(retries=False) for _ in range(4 * AT_FIRST)]

    assert ways[0] is Way.STRAIGHT
    assert ways[-1] is Way.WAITS
    assert door.looks > 0


def test_while_something_of_a_tenant_waits_all_that_follows_waits_too():
    door = Door()
    door.waits.tenants["birch"] = 1

    assert door.post(QUIET) is Way.WAITS
    assert door.post() is Way.STRAIGHT


def test_when_the_log_is_deep_for_all_everybody_takes_turns():
    door = Door()
    door.backlog(5 * AT_FIRST)

    assert door.post(QUIET) is Way.WAITS


def test_who_retries_is_refused_past_the_rate_once_others_are_disturbed():
    door = Door(Bounds(rate=10, burst_s=10))
    door.post(QUIET)
    door.post(alerts=100)
    door.backlog(5_000)

    with pytest.raises(TooMany) as refusal:
        door.post()

    assert refusal.value.result == "refused_rate"


def test_who_never_retries_is_not_refused_for_a_rate_but_waits():
    door = Door(Bounds(rate=10, burst_s=10))
    door.post(QUIET)
    door.post(alerts=100, retries=False)
    door.backlog(5_000)

    assert door.post(retries=False) is Way.WAITS


def test_a_tenant_alone_is_not_refused_for_its_rate():
    door = Door(Bounds(rate=10, burst_s=10))
    door.post(alerts=100)
    door.backlog(5_000)

    assert door.post() is Way.WAITS


def test_past_ten_thousand_that_wait_even_who_never_retries_is_refused_while_others_post():
    door = Door()
    door.post(QUIET)
    door.waits.tenants["acme"] = 10_000

    with pytest.raises(TooMany) as refusal:
        door.post(retries=False)

    assert refusal.value.result == "refused_overload"


def test_a_tenant_alone_may_have_more_wait():
    door = Door()
    door.waits.tenants["acme"] = 10_000

    assert door.post(retries=False) is Way.WAITS


def test_while_nothing_can_be_kept_waiting_everything_goes_straight_to_the_bus():
    door = Door()
    door.backlog(100_000)
    door.waits.tenants["acme"] = 5
    door.waits.away = True

    assert door.post(retries=False) is Way.STRAIGHT


def test_but_not_without_end():
    door = Door()
    door.waits.tenants["acme"] = 1_000_000

    with pytest.raises(TooMany):
        door.post(retries=False)


def test_a_rate_of_the_integration_itself_holds_always():
    door, limited = Door(), replace(NOISY, rate=1.0)
    for _ in range(60):
        assert door.post(limited) is Way.STRAIGHT

    with pytest.raises(TooMany):
        door.post(limited)
    assert door.post(limited, retries=False) is Way.WAITS
    assert door.post(limited, at=2.0) is Way.STRAIGHT


def test_a_rate_of_zero_is_none():
    door = Door(Bounds(rate=0))
    door.post(QUIET)
    door.post(alerts=100_000)
    door.backlog(5_000)

    assert door.post() is Way.WAITS


def test_a_post_larger_than_the_burst_is_taken_when_the_bucket_is_full_and_paid_off_later():
    bucket = Bucket.full(rate=1.0, burst=60.0, now=0.0)

    assert bucket.take(100, 0.0)
    assert not bucket.take(1, 30.0)
    assert bucket.take(1, 41.5)


def test_a_tenant_is_alone_again_a_minute_after_the_others_last_post():
    recent = Recent()
    recent.add("birch", 1, 0.0)
    recent.add("acme", 1, 1.0)

    assert not recent.alone("acme", 30.0)
    recent.add("acme", 1, 62.0)
    recent.add("acme", 1, 63.5)
    assert recent.alone("acme", 63.5)


def test_the_router_gets_a_moment_of_its_own_work():
    room = Room()
    room.sampled(0, 1_000, 0, 0.0)
    room.sampled(0, 1_000, 2_000, 1.0)

    assert room.target == 300
    assert room.free == 0
    room.sampled(0, 100, 4_100, 2.0)
    assert room.free == room.target - 100


def test_a_router_that_stands_still_gets_the_least():
    room = Room()
    for second in range(10):
        room.sampled(0, 1_000, 0, float(second))

    assert room.target == LEAST


def test_a_router_stands_still_once_it_has_done_nothing_for_a_second_of_work_before_it():
    room = Room()
    assert not room.still

    stood = []
    for done, now in ((0, 0.0), (0, 0.5), (0, 1.1), (50, 1.2), (50, 1.7), (50, 2.3)):
        room.sampled(0, 100, done, now)
        stood.append(room.still)

    assert stood == [False, False, True, False, False, True]


def test_a_router_with_nothing_to_do_does_not_stand_still():
    room = Room()
    for second in range(5):
        room.sampled(0, 0, 700, float(second))

    assert not room.still
