"""Operations and security never merge on the provider's side: no person, schedule, override or fallback serves both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from tandem.agreement.lint import lint_provider, lint_tenant
from tandem.agreement.load import provider_source, tenant_source
from tandem.errors import Problem

Check = Callable[[str], list[Problem]]

PROVIDER = """\
provider: {id: bw, name: Brightwater, zone: America/Chicago}
parties: {msp: {name: Brightwater, calendar: 24x7, senior_ops: sam, senior_soc: sid}}
people:
  olga: {name: Olga, party: msp, contacts: [{channel: email, to: o@x.example}]}
  pete: {name: Pete, party: msp, contacts: [{channel: email, to: p@x.example}]}
  rita: {name: Rita, party: msp, contacts: [{channel: email, to: r@x.example}]}
  sam: {name: Sam, party: msp, contacts: [{channel: email, to: s@x.example}]}
  sid: {name: Sid, party: msp, contacts: [{channel: email, to: i@x.example}]}
schedules:
  - {id: ops, zone: America/Chicago, party: msp, track: ops, layers: [{people: [olga, pete], anchor: 2026-01-05T08:00}]}
  - {id: soc, zone: America/Chicago, party: msp, track: soc, layers: [{people: [rita], anchor: 2026-01-05T08:00}]}
"""
PATH = "party: msp, trigger: P1, channel: mail, information: all, expected_response: 30m"


def edited(old: str, new: str) -> str:
    assert old in PROVIDER, old
    return PROVIDER.replace(old, new, 1)


def both(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems if "both tracks" in problem.message]


def test_tracks_with_people_of_their_own_pass(check_provider: Check):
    assert both(check_provider(PROVIDER)) == []


def test_one_person_on_both_schedules_at_the_same_time_is_an_error_that_says_when(check_provider: Check):
    """Pete has every second week of operations; on security he stands all the time beside Rita's layer."""
    text = edited(
        "layers: [{people: [rita]",
        "mode: additive, layers: [{people: [pete], anchor: 2026-01-05T08:00}, {people: [rita]",
    )

    (problem,) = both(check_provider(text))

    assert problem.startswith(
        "msp.yaml:11:97: Pete is on call for both tracks, soc and ops, from 08:00 to 08:00 7 days later Chicago time on 28 "
        "days between Monday 30 November 2026 and Monday 13 December 2027: 4,704 hours in all: "
    )
    assert "one person on both tracks is one tired generalist" in problem
    assert 'Why: soc by schedule "soc", ops by schedule "ops".' in problem


def test_an_hour_is_enough(check_provider: Check):
    """An override for one morning, in a week in which Olga has operations."""
    text = edited(
        "layers: [{people: [rita], anchor: 2026-01-05T08:00}]",
        "layers: [{people: [rita], anchor: 2026-01-05T08:00}], "
        "overrides: [{type: replace, person: rita, by: olga, from: 2026-11-24T09:00, to: 2026-11-24T10:00}]",
    )

    (problem,) = both(check_provider(text))

    assert "error" not in problem
    assert "soc and ops, from 09:00 to 10:00 Chicago time on Tuesday 24 November 2026: 1 hour in all:" in problem


def test_turns_that_never_meet_are_a_warning(check_provider: Check):
    """The same morning a week later, when Pete has operations."""
    text = edited(
        "layers: [{people: [rita], anchor: 2026-01-05T08:00}]",
        "layers: [{people: [rita], anchor: 2026-01-05T08:00}], "
        "overrides: [{type: replace, person: rita, by: olga, from: 2026-12-01T09:00, to: 2026-12-01T10:00}]",
    )

    (problem,) = both(check_provider(text))

    assert ": warning: Olga is on call for both tracks, soc and ops, though never at the same time" in problem


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("senior_soc: sid", "senior_soc: sam", "ops by parties.msp.senior_ops"),
        ("senior_soc: sid", "senior_soc: pete", 'ops by schedule "ops"'),
    ],
)
def test_a_senior_is_on_call_at_any_time(check_provider: Check, old: str, new: str, what: str):
    (problem,) = both(check_provider(edited(old, new)))

    assert "warning" not in problem
    assert f"Why: soc by parties.msp.senior_soc, {what}." in problem


def test_a_fallback_may_not_be_the_other_track_s_on_call(check_provider: Check):
    """R-A2."""
    paths = f'paths:\n  - {{id: p, track: soc, {PATH}, fallback: [olga], steps: [{{page: ["schedule:soc", "senior:msp"]}}]}}\n'

    (problem,) = both(check_provider(PROVIDER + paths))

    assert 'Why: soc by the fallback of path "p", ops by schedule "ops".' in problem


def test_a_schedule_without_a_track_may_not_serve_two(check_provider: Check):
    paths = (
        "paths:\n"
        f'  - {{id: one, track: ops, {PATH}, steps: [{{page: ["schedule:shared", "senior:msp"]}}]}}\n'
        f'  - {{id: two, track: soc, {PATH}, steps: [{{page: ["schedule:shared", "senior:msp"]}}]}}\n'
    )
    shared = "  - {id: shared, zone: UTC, party: msp, layers: [{people: [olga], anchor: 2026-01-05T08:00}]}\n"

    (problem,) = both(check_provider(PROVIDER + shared + paths))

    assert problem == (
        'msp.yaml:12:10: schedule "shared" serves both tracks: "one" (ops) and "two" (soc) page it; '
        "make it two schedules with different people"
    )


def test_a_path_may_not_page_the_other_track_s_schedule(check_provider: Check):
    path = f'paths:\n  - {{id: p, track: soc, {PATH}, steps: [{{page: ["schedule:ops", "senior:msp"]}}]}}\n'

    said = [problem.message for problem in check_provider(PROVIDER + path) if problem.level == "error"]

    assert said == [
        'the path "p" is of track soc and pages schedule:ops of track ops; the two after-hours tracks never merge'
    ]


def test_a_provider_of_two_gets_a_note(check_provider: Check):
    text = PROVIDER.replace("people: [olga, pete]", "people: [olga]").replace("people: [rita]", "people: [olga]")
    text = text.replace("senior_ops: sam, senior_soc: sid", "senior_ops: pete, senior_soc: pete")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(("  rita", "  sam", "  sid")))
    text = text.replace("  pete:", "  pete:", 1)

    said = both(check_provider(text))

    assert [": note: " in line for line in said] == [True, True]
    assert "fine for a team of 2" in said[0]


def test_a_client_s_override_is_judged_with_the_provider_s_schedules():
    """The client puts the provider's operations engineer on security for an evening; the error stands with the client."""
    client = """\
tenant: {id: acme, name: Acme, kind: managed}
use: bw
schedules:
  - id: soc
    zone: America/Chicago
    party: msp
    track: soc
    layers: [{people: [rita], anchor: 2026-01-05T08:00}]
    overrides: [{type: add, person: pete, from: 2026-12-01T18:00, to: 2026-12-01T20:00}]
"""
    on = datetime.fromisoformat("2026-11-20T14:00:00+00:00")
    provider = provider_source(PROVIDER, file="msp.yaml")

    said = both(lint_tenant(tenant_source(client, file="a.yaml"), provider, on=on))

    assert [line.partition(":")[0] for line in said] == ["a.yaml"]
    assert (
        "from 18:00 to 20:00 Chicago time (00:00 to 02:00 in UTC) on Tuesday 1 December 2026: 2 hours in all" in said[0]
    )
    assert both(lint_provider(provider, on=on)) == []
