"""A decision step by step: what ``tandem agreement explain`` prints beneath its sentence."""

from __future__ import annotations

import pytest

from tandem.cli.explain import explained
from tandem.errors import Refused
from tests.unit.router.world import NIGHT, NOON, agreement

STEPS = (
    "mapping",
    "classification",
    "row",
    "priority",
    "hours",
    "suppression",
    "track",
    "raci",
    "responsible",
    "paged",
    "told",
    "escalation",
    "clock",
    "mode",
)


def said(body: dict[str, object], at=NOON, **settings: str):
    return explained(agreement(), body, at, settings)


def lines_of(result, name: str) -> list[str]:
    """The lines of one step."""
    found, inside = [], False
    for line in result["lines"]:
        head = line[:15].strip()
        inside = head == name if head else inside
        if inside:
            found.append(line[15:])
    return found


def test_the_steps_come_in_the_order_of_decision():
    names = [head for line in said({"title": "Disk full", "host": "fs1"})["lines"] if (head := line[:15].strip())]

    assert names == [name for name in STEPS if name in names]
    assert set(names) == set(STEPS)


def test_the_tools_word_our_severity_and_the_floor_are_the_first_step():
    result = said({"title": "disk", "vendor": "wazuh", "severity": "high", "severity_word": "12", "kind": "siem"})

    assert lines_of(result, "mapping") == ['wazuh says "12": severity high, at least P2 by vendors.wazuh.12']
    assert result["trace"]["mapping"]["floor"] == "P2"


def test_rules_that_nearly_matched_say_what_failed():
    result = said({"title": "mail is slow"})

    assert "rule mail" in lines_of(result, "classification")[0]
    assert result["trace"]["rules_not_taken"][0]["rule"]
    assert all(line.startswith("not ") for line in lines_of(result, "classification")[1:])


def test_the_calendar_is_said_with_its_zone():
    (hours,) = lines_of(said({"title": "disk full"}, NIGHT), "hours")

    assert hours == "internal off duty by calendar office: Tue 2026-11-17 03:00 in America/New_York"


def test_who_would_be_paged_and_when_each_clock_is_due_is_said():
    result = said({"title": "disk full", "host": "fs1"}, NIGHT)

    assert lines_of(result, "escalation")[0] == "at once: mo (msp) by email, page"
    assert "response of msp: 60 min, due 2026-11-17T09:00:00Z" in lines_of(result, "clock")
    assert next(page["person"] for page in result["escalation"] if page["kind"] == "page") == "mo"


def test_a_clear_opens_nothing_so_nobody_is_paged_and_no_clock_starts():
    result = said({"title": "disk full", "status": "resolved"})

    assert (result["escalation"], result["clocks"]) == ([], [])


def test_an_example_of_a_check_is_taken_for_what_it_says_it_is():
    result = said({"title": "Mail: example", "classified": {"function": "mail", "site": "hq"}})

    assert (result["function"], result["row"], result["trace"]["classification"]["site"]) == ("mail", "mail", "hq")


@pytest.mark.parametrize("classified", ["mail", {"site": "hq"}, {"function": "mail", "scenario": "party"}, []])
def test_an_example_that_is_none_is_refused(classified):
    with pytest.raises(Refused, match="classified should be an object with at least a function"):
        said({"title": "x", "classified": classified})
