"""The internal queue's limit with its hysteresis (R-A6), and the keys of governance items (D13)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.db.write import Writes
from tandem.model.alert import AlertStatus, Severity
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import Mode, Party
from tandem_router import governance
from tandem_router.decide import NOTHING_OPEN, decide
from tandem_router.incident.opening import open_incident
from tandem_router.overflow import Queue
from tests.unit.router.world import NOON, Book, agreement, alert

ACME = agreement()


def internal() -> Incident:
    one = alert("space low")
    return open_incident(decide(one, ACME, NOTHING_OPEN, NOON), one, incident_id=uuid4(), number=1, now=NOON).incident


def test_it_is_over_from_one_more_than_the_limit_until_below_half():
    queue, seen = Queue(limit=4, unanswered=0, over=False), []
    waiting = internal()
    for _ in range(5):
        queue.moved(None, waiting)
        seen.append(bool(queue.words))
    for _ in range(4):
        queue.moved(waiting, replace(waiting, state=IncidentState.ACKNOWLEDGED))
        seen.append(bool(queue.words))

    assert seen == [False, False, False, False, True, True, True, True, False]


@pytest.mark.parametrize(
    "change",
    [{"state": IncidentState.RESOLVED}, {"responsible_party": Party.MSP}, {"mode": Mode.OBSERVE}],
)
def test_only_what_waits_for_the_internal_party_counts(change: dict[str, Any]):
    queue = Queue(limit=1, unanswered=0, over=False)

    queue.moved(None, replace(internal(), **change))

    assert queue.unanswered == 0


@given(steps=st.lists(st.booleans(), max_size=60), limit=st.integers(1, 12))
def test_it_never_changes_its_mind_between_half_and_the_limit(steps: list[bool], limit: int):
    queue, waiting = Queue(limit=limit, unanswered=0, over=False), internal()
    answered = replace(waiting, state=IncidentState.ACKNOWLEDGED)
    for more in steps:
        before = queue.over
        if more:
            queue.moved(None, waiting)
        elif queue.unanswered:
            queue.moved(waiting, answered)
        if limit / 2 <= queue.unanswered <= limit:
            assert queue.over is before
    assert queue.unanswered >= 0


@pytest.mark.parametrize(
    ("title", "host", "expected"),
    [
        ("Coffee machine 7 on kitchen-2 is at 91 degrees", "kitchen-2", "coffee machine # on HOST is at # degrees"),
        ("UPS (ups1.acme.example): on battery!", "ups1.acme.example", "ups HOST on battery"),
        ("Volume [C:] 98%", None, "volume c #"),
    ],
)
def test_the_shape_of_a_title_leaves_out_what_differs_from_alert_to_alert(title: str, host: str | None, expected: str):
    assert governance.shape(title, host) == expected


@given(title=st.text(max_size=400), host=st.none() | st.text(max_size=300))
def test_a_shape_is_bounded_and_holds_no_digit(title: str, host: str | None):
    shape = governance.shape(title, host)

    assert len(shape) <= 160
    assert not any(char.isdigit() for char in shape)


def gaps(title: str, **fields: Any) -> list[tuple[str, str]]:
    one = alert(title, **fields)
    found = governance.gaps(one, decide(one, ACME, NOTHING_OPEN, NOON), ACME.safety.function)
    return [(gap.kind, gap.key) for gap in found]


def test_what_no_rule_names_is_a_gap_of_its_source_and_its_words():
    assert gaps("coffee cold") == [("unmapped", "generic/rmm: coffee cold")]


def test_a_body_that_cannot_be_read_is_a_gap_of_its_source():
    assert gaps("coffee cold", quarantined="no JSON") == [("unmapped", "generic/rmm: unreadable")]


def test_a_function_without_a_row_is_a_gap_of_that_function():
    made = agreement()
    one = alert("disk full", host="fs1")
    routing = replace(decide(one, made, NOTHING_OPEN, NOON), unmapped=True)

    (gap,) = governance.gaps(one, routing, made.safety.function)

    assert gap.key == "function storage at hq"


def test_an_unknown_word_is_a_gap_of_its_vendor():
    assert gaps("disk full", severity_word="Ludicrous", severity=Severity.UNKNOWN) == [
        ("unknown_word", "generic: ludicrous")
    ]


def test_clears_and_tests_show_no_gap():
    assert gaps("coffee cold", status=AlertStatus.RESOLVED) == []
    assert gaps("coffee cold", test=True) == []


def test_a_batch_counts_each_gap_once_per_alert():
    writes, book = Writes(), Book(ACME)
    alerts = [alert("coffee cold"), alert("coffee cold"), alert("tea cold"), alert("disk full")]

    governance.put(writes, [(one, decide(one, ACME, NOTHING_OPEN, NOON)) for one in alerts], book.active)

    coffee = writes.get(governance.PUT, ("acme", "unmapped", "generic/rmm: coffee cold"))
    tea = writes.get(governance.PUT, ("acme", "unmapped", "generic/rmm: tea cold"))
    assert coffee is not None
    assert tea is not None
    assert (coffee[4], tea[4]) == (2, 1)
    assert coffee[8] == NOON + ACME.safety.deadline
