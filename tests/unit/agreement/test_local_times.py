"""Times that the clocks skip are explained where they are written; times that never exist are errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tandem.agreement.load import load_tenant
from tandem.errors import AgreementError, Problem

Check = Callable[..., list[Problem]]


def notes(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems if "the clocks of" in problem.message]


def test_an_override_from_a_time_that_the_clocks_skip_is_taken_after_the_gap_and_said_so(small: str, check: Check):
    text = small.replace(
        "{id: in-ops, zone: UTC, party: internal, track: ops, ",
        "{id: in-ops, zone: America/New_York, party: internal, track: ops, overrides: ["
        "{type: add, person: ann, from: 2026-03-08T02:30, to: 2026-03-08T09:00}], ",
    )

    [said] = [problem for problem in check(text) if "the clocks of" in problem.message]

    assert said.level == "note"
    assert text.splitlines()[said.line - 1][said.column - 1 :].startswith("2026-03-08T02:30")
    assert said.message == (
        "the clocks of America/New_York skip 02:30 on 2026-03-08; it is taken as 03:00, the first instant after the gap"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("weekly: {mon-fri", 'special: {2026-03-08: "02:30-10:00"}, weekly: {mon-fri'),
        ("zone: UTC, party: internal", "zone: Europe/Berlin, party: internal"),
        ("mode: live}", "mode: live, zone: America/New_York, ends_at: 2027-03-14T02:15}"),
    ],
    ids=["special day", "anchor", "end of the agreement"],
)
def test_every_other_place_is_looked_at_too(before: str, after: str, small: str, check: Check):
    text = small.replace("anchor: 2026-01-05T09:00", "anchor: 2026-03-29T02:00", 1).replace(before, after, 1)

    assert len(notes(check(text))) == 1


def test_times_that_exist_and_instants_with_an_offset_need_no_words(small: str, check: Check):
    text = small.replace("mode: live}", "mode: live, zone: America/New_York, ends_at: 2027-03-14T02:15-05:00}")

    assert notes(check(text)) == []


@pytest.mark.parametrize("when", ["2026-02-30T09:00", "2026-03-08T25:00", "2026-13-01T00:00"])
def test_a_time_on_no_day_is_an_error(when: str, small: str):
    with pytest.raises(AgreementError) as caught:
        load_tenant(small.replace("mode: live}", f"mode: live, ends_at: {when}}}"))

    [problem] = caught.value.problems
    assert (problem.level, problem.line) == ("error", 1)
    assert "is not a date or time" in problem.message


@pytest.mark.parametrize(
    ("section", "when", "path"),
    [
        ("silences", "from: 9999-12-30, to: 9999-12-31", "silences[1].from"),
        ("maintenance", "name: M, once: {from: 0001-01-01, to: 0001-01-02}", "maintenance[1].once.from"),
    ],
)
def test_a_year_in_which_nothing_can_be_computed_is_an_error(section: str, when: str, path: str, small: str):
    text = f"{small}{section}: [{{id: x, reason: x, owner: ann, everything: true, {when}}}]"

    with pytest.raises(AgreementError, match="too far away") as caught:
        load_tenant(text)

    assert any(path in problem.message for problem in caught.value.problems)
