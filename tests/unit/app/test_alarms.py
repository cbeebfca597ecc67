"""What is told after a look: one alarm per invariant and hour, one word when it holds again, nothing that got lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tandem.app.auditor.alarms import Alarm, Alarms
from tandem.app.auditor.findings import Finding, Look, Violation
from tandem.app.auditor.invariants import INVARIANTS

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATE = Finding(2, (Violation("acme", "clock 1", NOON, "timer clock is due and nobody claims it", "restart it"),))


def looked(**findings: Finding) -> Look:
    return Look({**{each.name: Finding() for each in INVARIANTS}, **findings})


def told(alarms: Alarms, look: Look, minutes: float, *, taken: bool = True) -> list[Alarm]:
    found = alarms.after(look, NOON + timedelta(minutes=minutes))
    for alarm in found if taken else ():
        alarms.taken(alarm)
    return found


def words(found: list[Alarm]) -> list[tuple[str, str]]:
    return [(alarm.word.value, alarm.invariant.name) for alarm in found]


def test_nothing_is_told_while_everything_holds():
    assert told(Alarms(), looked(), 0) == []


def test_a_violation_is_told_at_once_and_again_when_it_has_stood_for_an_hour():
    alarms = Alarms()

    rings = [minutes for minutes in range(0, 130, 5) if told(alarms, looked(late_timers=LATE), minutes)]

    assert rings == [0, 60, 120]


def test_each_invariant_is_told_for_itself():
    found = told(Alarms(), looked(late_timers=LATE, unowned=Finding(1)), 0)

    assert words(found) == [("violated", "late_timers"), ("violated", "unowned")]


def test_it_is_told_once_that_it_holds_again():
    alarms = Alarms()
    told(alarms, looked(late_timers=LATE), 0)

    assert words(told(alarms, looked(), 1)) == [("cleared", "late_timers")]
    assert told(alarms, looked(), 2) == []


def test_what_comes_and_goes_rings_once_an_hour():
    alarms = Alarms()
    rings = []
    for minutes in range(0, 125, 2):
        found = told(alarms, looked(late_timers=LATE) if minutes % 4 == 0 else looked(), minutes)
        rings += [minutes for alarm in found if alarm.word.value == "violated"]

    assert rings == [0, 60, 120]


def test_an_alarm_that_nobody_took_comes_again_with_the_same_id():
    alarms = Alarms()
    (first,) = told(alarms, looked(late_timers=LATE), 0, taken=False)
    (second,) = told(alarms, looked(late_timers=LATE), 1)

    assert first.alarm_id == second.alarm_id
    assert told(alarms, looked(late_timers=LATE), 2) == []


def test_the_end_of_what_nobody_heard_of_is_not_told():
    alarms = Alarms()
    told(alarms, looked(late_timers=LATE), 0, taken=False)

    assert told(alarms, looked(), 1) == []


def test_the_end_is_told_until_somebody_takes_it():
    alarms = Alarms()
    told(alarms, looked(late_timers=LATE), 0)

    lost = told(alarms, looked(), 1, taken=False)
    again = told(alarms, looked(), 2)

    assert words(lost) == words(again) == [("cleared", "late_timers")]
    assert lost[0].alarm_id == again[0].alarm_id


def test_an_invariant_that_could_not_be_asked_is_not_told_to_hold_again():
    alarms = Alarms()
    told(alarms, looked(late_timers=LATE), 0)
    unasked = looked(auditor_budget=Finding(1))
    del unasked.findings["late_timers"]

    assert words(told(alarms, unasked, 1)) == [("violated", "auditor_budget")]
    assert "late_timers" in alarms.standing


def test_the_message_says_what_is_violated_where_since_when_and_what_to_do():
    (alarm,) = told(Alarms(), looked(late_timers=LATE), 0)

    said = msgspec.json.decode(alarm.body("https://tandem.example"))

    assert said["status"] == "violated"
    assert said["installation"] == "https://tandem.example"
    assert (said["invariant"], said["count"], said["since"]) == ("late_timers", 2, "2026-11-20T12:00:00Z")
    assert said["violations"][0] == {
        "tenant": "acme",
        "id": "clock 1",
        "since": "2026-11-20T12:00:00Z",
        "what": "timer clock is due and nobody claims it",
        "todo": "restart it",
    }
    assert said["runbook"] == "docs/runbooks/auditor.md#late_timers"


@pytest.mark.parametrize(
    ("look", "clean"),
    [
        (looked(), True),
        (looked(auditor_budget=Finding(1)), False),
        (looked(late_timers=LATE), False),
        (Look({each.name: Finding() for each in INVARIANTS[1:]}), False),
        (Look(), False),
    ],
)
def test_a_look_is_clean_when_everything_was_asked_and_everything_holds(look: Look, clean: bool):
    assert look.clean is clean
