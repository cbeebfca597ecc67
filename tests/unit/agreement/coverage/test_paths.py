"""Paths say what they must, end at a named senior, exist in both directions before go-live, and are used."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tandem.errors import Problem

Check = Callable[..., list[Problem]]


def edited(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def of_paths(problems: list[Problem]) -> list[str]:
    """Without what follows for who is reachable when."""
    lines = [str(problem).partition("\n")[0] for problem in problems]
    return [line for line in lines if "reaches nobody" not in line and "can be paged for operations" not in line]


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("trigger: P1, ", 'does not say its trigger; add trigger: "P1 and P2 of what this party owns"'),
        ("channel: mail, ", 'does not say its channel; add channel: "push, then mail"'),
        ("information: all, ", "does not say its information; add information: "),
        (", expected_response: 30m", "does not say its expected response; add expected_response: 30m"),
    ],
)
def test_a_path_without_one_of_its_four_words_is_invalid(check: Check, covered: str, gone: str, said: str):
    (problem,) = of_paths(check(edited(covered, (gone, ""))))

    assert problem.startswith(f'a.yaml:27:10: the path "p-in" {said}')


def test_all_missing_words_are_one_problem(check: Check, covered: str):
    text = edited(covered, (" trigger: P1, channel: mail, information: all, expected_response: 30m,", ""))

    (problem,) = of_paths(check(text))

    assert 'the path "p-in" does not say its trigger, channel, information and expected response; add ' in problem


def test_a_path_that_never_reaches_the_named_senior_is_invalid(check: Check, covered: str):
    (problem,) = of_paths(check(edited(covered, (', {page: "senior:msp"}]}', "]}"))))

    assert problem == (
        'a.yaml:29:10: the path "p-msp" never reaches the named senior; add a step with page: senior:msp'
    )


@pytest.mark.parametrize("end", [', {page: "person:sam"}]}', "], fallback: [sam]}"])
def test_naming_the_senior_or_having_them_as_fallback_will_do(check: Check, covered: str, end: str):
    assert of_paths(check(edited(covered, (', {page: "senior:msp"}]}', end)))) == []


def test_a_track_has_a_named_senior(check: Check, covered: str):
    (problem,) = of_paths(check(edited(covered, (", senior_ops: sam", ""))))

    assert "msp names no senior for track ops (parties.msp.senior_ops)" in problem


SECURITY = (
    ("- {id: network, name: Network}", "- {id: network, name: Network}\n  - {id: siem, name: SIEM, track: soc}"),
    ("matrix:", "matrix:\n  - {id: siem, function: siem, owner: msp, runbook: https://wiki.example/x}"),
)


def test_each_track_that_rows_use_has_a_path_to_either_party(check: Check, covered: str):
    said = of_paths(check(edited(covered, *SECURITY)))

    assert [line for line in said if "there is no path" in line] == [
        (
            "a.yaml:5:3: there is no path to internal for track soc, so msp cannot call it: add one to paths, "
            "or a schedule of party internal and track soc"
        ),
        (
            "a.yaml:6:3: there is no path to msp for track soc, so internal cannot call it: add one to paths, "
            "or a schedule of party msp and track soc"
        ),
    ]


def test_before_go_live_missing_paths_are_warnings(check: Check, covered: str):
    problems = check(edited(covered, *SECURITY, ("mode: live", "mode: observe")))

    levels = {problem.level for problem in problems if "there is no path" in problem.message}
    assert levels == {"warning"}


def test_one_function_that_is_live_is_enough_to_need_them(check: Check, covered: str):
    text = edited(
        covered, *SECURITY, ("mode: live", "mode: observe"), ("functions:", "modes: {siem: live}\nfunctions:")
    )

    levels = {problem.level for problem in check(text) if "there is no path" in problem.message}
    assert levels == {"error"}


def test_a_schedule_is_enough_for_the_default_path(check: Check, covered: str):
    schedules = "".join(
        f"  - {{id: {party}-soc, zone: UTC, party: {party}, track: soc, layers: [{{people: [{who}], anchor: 2026-01-05}}]}}\n"
        for party, who in (("internal", "kim"), ("msp", "boss"))
    )
    text = edited(covered, *SECURITY, ("paths:\n", f"{schedules}paths:\n"))

    assert [line for line in of_paths(check(text)) if "there is no path" in line] == []


def test_a_path_that_no_row_and_no_step_names_is_told(check: Check, covered: str):
    extra = '  - {id: p-old, party: msp, track: ops, trigger: x, channel: x, information: x, expected_response: 5m, steps: [{page: "senior:msp"}]}\n'
    named = ("owner: msp, runbook", "owner: msp, paths: {msp: p-msp}, runbook")
    text = edited(covered, ("functions:", f"{extra}functions:"), named, ("p-msp, party", "p-msp, party"))
    text = text.replace("owner: internal, runbook", "owner: internal, paths: {msp: p-msp}, runbook")

    (problem,) = of_paths(check(text))

    assert problem == (
        'a.yaml:31:10: warning: nothing uses the path "p-old": no row names it and it is not the usual one of its track'
    )


def test_a_schedule_that_no_path_pages_is_told(check: Check, covered: str):
    extra = "  - {id: old, zone: UTC, layers: [{people: [pete], anchor: 2026-01-05}]}\n"

    (problem,) = of_paths(check(edited(covered, ("paths:\n", f"{extra}paths:\n"))))

    assert problem == (
        'a.yaml:26:10: warning: nothing uses the schedule "old": no path pages it, and it says no party and track'
    )
