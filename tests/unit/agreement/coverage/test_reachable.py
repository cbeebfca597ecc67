"""Somebody answers at every minute of the next eight weeks (error) and 400 days (warning); what is missing is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tandem.agreement.lint import lint_documents
from tandem.agreement.load import load_directory
from tandem.errors import Problem
from tests.support.tree import ROOT

Check = Callable[..., list[Problem]]


def edited(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def away(person: str, first: str, last: str) -> tuple[str, str]:
    """An absence of somebody of the small agreement."""
    return f"{{name: {person.title()},", f"{{absences: [{{from: {first}, to: {last}}}], name: {person.title()},"


def of_level(problems: list[Problem], level: str) -> list[str]:
    return [problem.message for problem in problems if problem.level == level]


def test_a_covered_agreement_passes(check: Check, covered: str):
    assert check(covered) == []


FOLLOW_THE_SUN = """\
    layers:
      - {people: [olga], anchor: 2026-01-05T00:00, zone: America/New_York, restrict: [{days: mon-sun, from: "15:00", to: "03:00"}]}
      - {people: [pete], anchor: 2026-01-05T00:00, zone: Europe/London, restrict: [{days: mon-sun, from: "08:00", to: "20:00"}]}
"""


def test_the_hour_between_two_clock_changes_is_found_with_its_reason(check: Check, covered: str):
    """America changes its clocks two weeks before Britain: for that long nobody has the hour from 3 to 4 (R-S9)."""
    text = edited(
        covered,
        ("    layers:\n      - {people: [olga, pete], anchor: 2026-01-05T09:00}\n", FOLLOW_THE_SUN),
        (', {page: "senior:msp"}]}', "], fallback: [sam]}"),
    )

    holes = [problem for problem in check(text) if problem.message.startswith("nobody")]

    spring, autumn = (str(hole) for hole in holes)
    assert spring == (
        "a.yaml:25:9: warning: nobody of Brightwater can be paged for operations from 03:00 to 04:00 New York time "
        "on 14 days, Sunday 14 March to Saturday 27 March 2027: 14 hours in all.\n"
        '  Who needs it: rows "servers" (line 36) and "network" (line 37), by path "p-msp".\n'
        '  Why: on schedule "msp-ops" layer 1 (Olga; line 25) ends at 03:00 New York time, layer 2 (Pete; line 26) '
        "starts at 08:00 London time. New York changes its clocks on 14 March, London changes its clocks on 28 March.\n"
        "  Fix: let layer 1 end at 04:00 New York time, or let layer 2 start at 07:00 London time.\n"
        "  See it: tandem oncall timeline --agreement a.yaml --schedule msp-ops "
        "--from 2027-03-14T01:00Z --to 2027-03-14T14:00Z"
    )
    assert "on 7 days, Sunday 31 October to Saturday 6 November 2027: 7 hours in all." in autumn
    assert "London changes its clocks on 31 October" in autumn


def test_the_same_hour_is_an_error_once_it_is_within_eight_weeks(check: Check, covered: str):
    text = edited(
        covered,
        ("    layers:\n      - {people: [olga, pete], anchor: 2026-01-05T09:00}\n", FOLLOW_THE_SUN),
        (', {page: "senior:msp"}]}', "], fallback: [sam]}"),
    )

    (error,) = of_level(check(text, on=datetime(2027, 2, 1, tzinfo=UTC)), "error")

    assert error.startswith("nobody of Brightwater can be paged for operations from 03:00 to 04:00 New York time on 14")


def test_where_the_senior_stands_behind_it_the_hole_of_the_first_step_is_an_error_and_says_who_is_called(
    check: Check, covered: str
):
    text = edited(covered, ("    layers:\n      - {people: [olga, pete], anchor: 2026-01-05T09:00}\n", FOLLOW_THE_SUN))

    problems = check(text, on=datetime(2027, 2, 1, tzinfo=UTC))

    assert of_level(problems, "error")[0].startswith(
        'the first step of path "p-msp" (Brightwater, operations) reaches nobody from 03:00 to 04:00 New York time on '
        "14 days, Sunday 14 March to Saturday 27 March 2027: 14 hours in all; Sam is called at once instead."
    )


def test_the_same_hole_further_than_eight_weeks_away_is_a_warning(check: Check, covered: str):
    text = edited(covered, ("    layers:\n      - {people: [olga, pete], anchor: 2026-01-05T09:00}\n", FOLLOW_THE_SUN))

    problems = check(text, on=datetime(2026, 11, 20, tzinfo=UTC))

    assert of_level(problems, "error") == []
    assert "from 03:00 to 04:00 New York time" in of_level(problems, "warning")[0]


def test_a_team_of_one_on_holiday_for_two_weeks_is_no_gap_because_the_provider_covers(check: Check, covered: str):
    assert check(edited(covered, away("ann", "2026-12-14", "2026-12-27"))) == []


def test_the_holiday_is_a_gap_where_the_row_stays_with_the_team(check: Check, covered: str):
    """Kim is accountable, no responder, and on no step of the path."""
    text = edited(
        covered,
        away("ann", "2026-12-14", "2026-12-27"),
        ("function: servers, owner: internal,", "function: servers, owner: internal, after_hours: internal,"),
    )

    (problem,) = check(text)

    assert str(problem) == (
        "a.yaml:19:14: nobody of Acme IT can be paged for operations from 00:00 on Monday 14 December 2026 to 00:00 on "
        "Monday 28 December 2026, New York time: 336 hours in all.\n"
        '  Who needs it: row "servers" (line 35), by path "p-in".\n'
        '  Why: Ann is on call on schedule "in-ops" and absent from 14 December to 27 December (line 8); Ann is the '
        "named senior of the internal team and absent from 14 December to 27 December (line 8).\n"
        '  Fix: add an override to schedule "in-ops": {type: replace, person: ann, by: ..., from: 2026-12-14T00:00, '
        "to: 2026-12-28T00:00}, or let servers say after_hours: msp.\n"
        "  See it: tandem oncall timeline --agreement a.yaml --schedule in-ops "
        "--from 2026-12-13T23:00Z --to 2026-12-28T11:00Z"
    )


def test_a_row_that_nobody_takes_after_hours_needs_nobody_then(check: Check, covered: str):
    text = edited(
        covered,
        ("layers: [{people: [ann], anchor: 2026-01-05T09:00}]", HOURS_ONLY),
        ("function: servers, owner: internal,", "function: servers, owner: internal, after_hours: none,"),
    )

    assert check(text) == []


HOURS_ONLY = """\
layers: [{people: [ann], anchor: 2026-01-05T09:00, restrict: [{days: mon-fri, from: "09:00", to: "17:00"}]}]"""


def test_a_full_queue_needs_the_provider_in_hours_too(check: Check, covered: str):
    """With overflow the provider is Responsible at any time; without it only outside the team's hours (R-A6)."""
    in_hours = """\
      - {people: [olga, pete], anchor: 2026-01-05T09:00, restrict: [{days: mon-fri, from: "16:30", to: "09:00"}, {days: sat-sun, from: "09:00", to: "09:00"}]}
"""
    text = edited(
        covered,
        ("      - {people: [olga, pete], anchor: 2026-01-05T09:00}\n", in_hours),
        ("  - {id: network, function: network, owner: msp,", "  - {id: network, function: network, owner: internal,"),
    )

    assert check(text) == []
    overflowing = check(
        edited(text, ("function: servers, owner: internal,", "function: servers, owner: internal, overflow: msp,"))
    )
    assert [problem.message.partition(" New York")[0] for problem in overflowing] == [
        'the first step of path "p-msp" (Brightwater, operations) reaches nobody from 09:00 to 16:30'
    ]


def test_an_asset_that_the_team_owns_itself_needs_the_team(check: Check, covered: str):
    """No row is the team's, but a server is; Ann's turn ends an hour before the office does."""
    text = edited(
        covered,
        ("function: servers, owner: internal,", "function: servers, owner: msp,"),
        ("layers: [{people: [ann], anchor: 2026-01-05T09:00}]", HOURS_ONLY.replace('to: "17:00"', 'to: "16:00"')),
        (', {page: "senior:internal"}]}', "], fallback: [ann]}"),
    )

    assert check(text) == []
    owned = check(text + "assets: [{id: srv, function: servers, owner: internal}]\n")
    assert [problem.message.partition(" New York")[0] for problem in owned] == [
        "nobody of Acme IT can be paged for operations from 16:00 to 17:00"
    ]


def test_a_schedule_that_opens_half_an_hour_late_lacks_these_minutes_only(check: Check, covered: str):
    text = edited(
        covered,
        ("layers: [{people: [ann], anchor: 2026-01-05T09:00}]", HOURS_ONLY.replace('from: "09:00"', 'from: "09:30"')),
        (', {page: "senior:internal"}]}', "], fallback: [ann]}"),
    )

    (error,) = of_level(check(text), "error")

    lines = error.splitlines()
    assert lines[0].startswith("nobody of Acme IT can be paged for operations from 09:00 to 09:30 New York time on 28")
    assert lines[2] == (
        '  Why: on schedule "in-ops" layer 1 (Ann; line 19) ends at 17:00 New York time, starts again at 09:30 '
        "New York time."
    )
    assert lines[3] == "  Fix: let layer 1 start at 09:00 New York time."


def test_an_absence_over_the_year_s_end_is_an_error_when_nobody_else_is_there(check: Check, covered: str):
    text = edited(
        covered,
        away("pete", "2026-12-29", "2027-01-01"),
        (', {page: "senior:msp"}]}', "], fallback: [sam]}"),
    )

    (error,) = [problem for problem in check(text) if problem.level == "error"]

    assert error.line == 25
    assert error.message.startswith(
        "nobody of Brightwater can be paged for operations from 00:00 on Tuesday 29 December 2026 to 00:00 on Saturday "
        "2 January 2027, New York time: 96 hours in all."
    )
    assert 'Pete is on call on schedule "msp-ops" and absent from 29 December to 1 January (line 12)' in error.message


def test_a_schedule_that_runs_out_is_told_long_before(check: Check, covered: str):
    text = edited(
        covered,
        ("{people: [olga, pete], anchor", "{people: [olga, pete], until: 2027-06-01T08:00, anchor"),
        (', {page: "senior:msp"}]}', "], fallback: [sam]}"),
    )

    (problem,) = [problem for problem in check(text) if problem.message.startswith("nobody")]

    assert problem.level == "warning"
    assert "from 08:00 on Tuesday 1 June 2027" in problem.message


def test_a_removed_contact_makes_the_turns_of_its_person_a_gap(check: Check, covered: str):
    """A person without a contact is nobody, also in the middle of a rotation (R-S7)."""
    text = edited(covered, ("party: msp, contacts: [{channel: email, to: olga@msp.example}]", "party: msp"))

    problems = check(text)

    assert 'a.yaml:25:19: Olga is paged by schedule "msp-ops" and has no contact; add contacts to people.olga' in [
        str(problem) for problem in problems
    ]
    (first,) = [problem.message for problem in problems if problem.message.startswith("the first step")]
    assert 'Why: Olga is on call on schedule "msp-ops" and has no contact.' in first
    assert "Fix: add contacts to people.olga." in first


def test_a_layer_that_nothing_fills_is_said_to_be_empty(check: Check, covered: str):
    text = edited(
        covered,
        ("    layers:\n      - {people: [olga, pete], anchor: 2026-01-05T09:00}\n", "    layers: []\n"),
        (', {page: "senior:msp"}]}', "], fallback: [sam]}"),
    )

    (error,) = of_level(check(text), "error")

    assert error == (
        "nobody of Brightwater can be paged for operations at any time.\n"
        '  Who needs it: rows "servers" (line 34) and "network" (line 35), by path "p-msp".\n'
        '  Why: schedule "msp-ops" has nobody at any time (line 20).\n'
        "  Fix: give it a layer that is in force.\n"
        "  See it: tandem oncall timeline --agreement a.yaml --schedule msp-ops "
        "--from 2026-11-20T08:00Z --to 2027-12-25T20:00Z"
    )


def test_one_person_alone_on_a_track_of_the_provider_is_a_warning(check: Check, covered: str):
    (problem,) = check(edited(covered, away("sam", "2026-12-01", "2026-12-03")))

    assert problem.level == "warning"
    assert problem.message.startswith(
        "only one person of Brightwater can be paged for operations from 00:00 on Tuesday 1 December 2026 to 00:00 on "
        "Friday 4 December 2026, New York time: 72 hours in all."
    )
    assert "only Olga is there" in problem.message or "only Pete is there" in problem.message


def test_an_absence_of_an_accountable_is_noted_with_who_decides_instead(check: Check, covered: str):
    (problem,) = check(edited(covered, away("kim", "2026-12-21", "2026-12-27")))

    assert str(problem) == (
        "a.yaml:5:60: note: Kim, accountable for Acme IT, is absent from 00:00 on Monday 21 December 2026 to 00:00 "
        "on Monday 28 December 2026, New York time: 168 hours in all; decisions go to Ann and Boss"
    )


def test_where_nobody_can_decide_instead_it_is_an_error(check: Check, covered: str):
    text = edited(
        covered,
        away("kim", "2026-12-21", "2026-12-27"),
        away("ann", "2026-12-26", "2026-12-27"),
        away("boss", "2026-12-25", "2026-12-27"),
    )

    errors = of_level(check(text), "error")

    assert errors == [
        (
            "nobody can decide for Acme IT from 00:00 on Saturday 26 December 2026 to 00:00 on Monday 28 December "
            "2026, New York time: 48 hours in all: Kim is accountable and absent, and so is everybody who could stand "
            "in.\n  Fix: move one of the absences, or name a senior who is there."
        )
    ]


def test_after_the_agreement_s_end_nobody_is_needed(check: Check, covered: str):
    text = edited(
        covered,
        ("{people: [olga, pete], anchor", "{people: [olga, pete], until: 2027-06-01T08:00, anchor"),
        (', {page: "senior:msp"}]}', "], fallback: [sam]}"),
        ("mode: live,", "mode: live, ends_at: 2027-06-01T08:00,"),
    )

    assert [p for p in check(text) if p.message.startswith("nobody")] == []


def test_schedules_that_turn_without_end_are_not_proven_and_never_fine(check: Check, covered: str):
    many = "".join(f"      - {{people: [olga], unit: hour, anchor: 2026-01-05T0{n % 10}:00}}\n" for n in range(110))
    text = edited(covered, ("      - {people: [olga, pete], anchor: 2026-01-05T09:00}\n", many))

    (error,) = of_level(check(text), "error")

    assert error.startswith("not proven that somebody is reachable at every minute: the schedules have 1,05")


def test_thousands_of_overrides_of_one_schedule_are_not_proven_either(check: Check, covered: str):
    swaps = "".join(
        "      - {type: add, person: pete, from: 2026-12-01T08:00, to: 2026-12-01T09:00}\n" for _ in range(2_000)
    )

    (error,) = of_level(check(edited(covered, ("paths:\n", f"    overrides:\n{swaps}paths:\n"))), "error")

    assert error.startswith("not proven that somebody is reachable at every minute: ")


PROVIDER = """\
provider: {id: msp, name: MSP, zone: America/Chicago}
parties: {msp: {name: Brightwater, calendar: 24x7, accountable: boss, senior_ops: sam}}
people:
  olga: {name: Olga, party: msp, absences: [{from: 2026-12-01, to: 2026-12-02}], contacts: [{channel: email, to: o@x.example}]}
  sam: {name: Sam, party: msp, absences: [{from: 2026-11-25, to: 2026-11-25}], contacts: [{channel: email, to: s@x.example}]}
  boss: {name: Boss, party: msp, contacts: [{channel: email, to: b@x.example}]}
schedules: [{id: s, zone: America/Chicago, party: msp, track: ops, layers: [{people: [olga], anchor: 2026-01-05}]}]
functions: [{id: servers, name: Servers}]
matrix: [{id: servers, function: servers, owner: msp, runbook: https://wiki.example/s}]
"""
CLIENT = "tenant: {id: acme, name: Acme, kind: managed, zone: Asia/Tokyo}\nuse: msp\n"


def test_a_gap_of_the_provider_is_told_once_and_not_for_each_client(
    check: Check, check_provider: Callable[[str], list[Problem]]
):
    told = [problem.message.partition(" from ")[0] for problem in check_provider(PROVIDER)]

    assert sorted(told) == [
        "only one person of Brightwater can be paged for operations",
        'the first step of path "msp-ops" (Brightwater, operations) reaches nobody',
    ]
    assert check(CLIENT, PROVIDER) == []


def test_an_absence_of_the_provider_s_begins_at_the_provider_s_midnight_for_every_client(check: Check):
    """The override of the provider covers it exactly; by a client's own midnight an hour would be left over."""
    absent = PROVIDER.replace("absences: [{from: 2026-11-25, to: 2026-11-25}], ", "")
    swap = "overrides: [{type: replace, person: olga, by: sam, from: 2026-12-01T00:00, to: 2026-12-03T00:00}]"

    assert check(CLIENT, absent.replace("anchor: 2026-01-05}]}", f"anchor: 2026-01-05}}], {swap}}}")) == []


def test_a_client_s_own_override_that_makes_a_gap_is_told_with_the_client(check: Check):
    mine = """\
schedules:
  - id: s
    zone: America/Chicago
    party: msp
    track: ops
    layers: [{people: [olga], anchor: 2026-01-05}]
    overrides: [{type: remove, person: olga, from: 2027-01-04T08:00, to: 2027-01-04T09:00}]
"""

    messages = [problem.message for problem in check(CLIENT + mine, PROVIDER)]

    assert messages[0].startswith(
        'the first step of path "msp-ops" (Brightwater, operations) reaches nobody from 08:00 to 09:00 Chicago time '
        "(23:00 to 00:00 in Tokyo) on Monday 4 January 2027: 1 hour in all; Sam is called at once instead."
    )


@pytest.mark.parametrize("month", range(1, 13))
def test_the_examples_have_nobody_missing_in_any_month(month: int):
    documents = load_directory(ROOT / "deploy" / "agreement")
    on = datetime(2026, month, 15, tzinfo=UTC) if month > 10 else datetime(2027, month, 15, tzinfo=UTC)

    errors = [str(problem) for problem in lint_documents(documents, on=on) if problem.level == "error"]

    assert errors == []


def test_the_one_technician_of_the_small_house_may_go_on_holiday():
    documents = load_directory(ROOT / "deploy" / "agreement")

    said = [
        p for p in lint_documents(documents, on=datetime(2026, 11, 20, tzinfo=UTC)) if "reaches nobody" in p.message
    ]

    assert [problem for problem in said if Path(problem.file).name == "harborlight.yaml"] == []
