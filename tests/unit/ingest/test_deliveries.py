"""A post that comes again is the same delivery; a condition that comes back is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tandem.model.alert import AlertStatus
from tandem_ingest.delivery import WINDOW, Deliveries, tidy

T0 = datetime(2026, 11, 20, 9, 3, tzinfo=UTC)
FIRE = [("disk", AlertStatus.FIRING)]
CLEAR = [("disk", AlertStatus.RESOLVED)]


def minutes(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


def test_identical_bytes_within_ten_minutes_are_one_delivery() -> None:
    deliveries = Deliveries()

    first = deliveries.recognise("rmm", None, b"fire", FIRE, T0)
    # 09:12 lies in another ten-minute window of the clock than 09:03: what counts is the first post.
    again = deliveries.recognise("rmm", None, b"fire", FIRE, minutes(9.9))

    assert again.delivery_id == first.delivery_id


def test_after_ten_minutes_they_are_another() -> None:
    deliveries = Deliveries()

    first = deliveries.recognise("rmm", None, b"fire", FIRE, T0)
    later = deliveries.recognise("rmm", None, b"fire", FIRE, T0 + WINDOW)

    assert later.delivery_id != first.delivery_id


def test_a_condition_that_cleared_in_between_did_come_back() -> None:
    deliveries = Deliveries()

    ids = [
        deliveries.recognise("rmm", None, body, statuses, minutes(at)).delivery_id
        for at, (body, statuses) in enumerate([(b"f", FIRE), (b"c", CLEAR), (b"f", FIRE), (b"f", FIRE), (b"c", CLEAR)])
    ]

    assert ids[2] == ids[3]
    assert len({ids[0], ids[1], ids[2], ids[4]}) == 4


def test_another_process_makes_the_same_id_for_a_retry() -> None:
    here = Deliveries().recognise("rmm", None, b"fire", FIRE, T0)
    there = Deliveries().recognise("rmm", None, b"fire", FIRE, minutes(5))

    assert here.delivery_id == there.delivery_id


def test_the_dialects_own_id_counts_for_ever() -> None:
    deliveries = Deliveries()

    first = deliveries.recognise("rmm", "88120417", b"fire", FIRE, T0)
    deliveries.recognise("rmm", "88120990", b"clear", CLEAR, minutes(1))
    again = deliveries.recognise("rmm", "88120417", b"fire", FIRE, minutes(600))

    assert first.delivery_id == again.delivery_id == "88120417"


def test_an_id_used_twice_for_different_bodies_loses_neither() -> None:
    deliveries = Deliveries()

    first = deliveries.recognise("rmm", "1", b"disk", FIRE, T0)
    other = deliveries.recognise("rmm", "1", b"cpu", [("cpu", AlertStatus.FIRING)], T0)
    again = deliveries.recognise("rmm", "1", b"cpu", [("cpu", AlertStatus.FIRING)], minutes(1))

    assert first.delivery_id != other.delivery_id
    assert again is other


def test_integrations_do_not_share_deliveries() -> None:
    deliveries = Deliveries()
    deliveries.recognise("rmm", None, b"fire", FIRE, T0).durable = True

    assert not deliveries.recognise("siem", None, b"fire", FIRE, T0).durable


def test_a_batch_with_a_condition_firing_and_clear_at_once_is_stable() -> None:
    deliveries = Deliveries()
    statuses = [*FIRE, *CLEAR]

    first = deliveries.recognise("rmm", None, b"both", statuses, T0)

    assert deliveries.recognise("rmm", None, b"both", statuses, minutes(1)).delivery_id == first.delivery_id


def test_memory_is_bounded_and_forgetting_keeps_the_id() -> None:
    deliveries = Deliveries(capacity=100)
    first = deliveries.recognise("rmm", None, b"fire", FIRE, T0)

    for i in range(1000):
        deliveries.recognise("rmm", None, b"%d" % i, [(str(i), AlertStatus.FIRING)], T0)

    assert len(deliveries._seen._entries) == 100
    assert len(deliveries._status._entries) == 100
    assert deliveries.recognise("rmm", None, b"fire", FIRE, T0).delivery_id == first.delivery_id


@given(st.text(st.characters(codec=None), min_size=1))
def test_any_own_id_becomes_storable(own_id: str) -> None:
    assert 0 < len(tidy(own_id)) <= 200
    assert tidy(own_id).isprintable()
    assert tidy(own_id).isascii()


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(AlertStatus), st.integers(0, 4)), max_size=30))
def test_every_change_of_status_is_a_new_delivery_and_every_retry_is_not(posts) -> None:
    """Against the rule itself, written as a table of what came before."""
    deliveries = Deliveries()
    now = T0
    history: list[tuple] = []
    for key, status, pause in posts:
        now += timedelta(minutes=pause)
        body = f"{key}{status}".encode()
        found = deliveries.recognise("rmm", None, body, [(key, status)], now).delivery_id
        changed = {i for i, (k, s, _, _, _) in enumerate(history) if k == key and s != status}
        same = [
            entry for i, entry in enumerate(history) if entry[:2] == (key, status) and not any(c > i for c in changed)
        ]
        # The first of the unbroken run of retries whose ten minutes this post is still in.
        expected = {entry[3] for entry in same if now - entry[4] < WINDOW}
        assert (found in {entry[3] for entry in history}) == bool(expected)
        assert not expected or found in expected
        first_at = next((entry[4] for entry in same if entry[3] == found), now)
        history.append((key, status, now, found, first_at))
