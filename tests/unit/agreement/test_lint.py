"""What an agreement says is checked as a whole: each message, where it stands, and what is not complained about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tandem.errors import Problem

Check = Callable[..., list[Problem]]


def shown(problems: list[Problem]) -> list[str]:
    return [str(problem).partition("\n")[0] for problem in problems]


def broken(small: str, old: str, new: str) -> str:
    assert old in small
    return small.replace(old, new, 1)


def test_the_small_agreement_passes(check: Check, small: str):
    assert check(small) == []


MARK = "^^"
"""Stands in a replacement where the problem is to be reported; taken out before the check."""


def placed(small: str, old: str, new: str) -> tuple[str, str]:
    """The broken text, and ``line:column`` of the mark in it."""
    text = broken(small, old, new)
    before, mark, after = text.partition(MARK)
    assert mark
    return before + after, f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("calendar: office", "calendar: ^^ofice", 'there is no calendar "ofice"; did you mean "office"?'),
        ("accountable: boss", "accountable: ^^bos", 'there is no person "bos"; did you mean "boss"?'),
        ("senior_ops: olga", "senior_ops: ^^ann", '"ann" belongs to the party internal, and is named here for msp'),
        ("layers: [{people: [olga]", "layers: [{people: [^^olaf]", 'there is no person "olaf"; did you mean "olga"?'),
        ('page: "schedule:msp-ops"', 'page: ^^"schedule:msp-opps"', 'there is no schedule "msp-opps"; did you mean "msp-ops"?'),
        ('page: "schedule:msp-ops"', 'page: [^^"person:nobody"]', 'there is no person "nobody"'),
        ('page: "schedule:msp-ops"', 'page: ["accountable:msp", ^^"path:p-opps"]', 'there is no path "p-opps"; did you mean "p-ops"?'),
        ("track: ops, steps:", "track: ops, fallback: [^^bob], steps:", 'there is no person "bob"'),
        ("kind: rmm}, function: servers", "kind: rmm}, function: ^^server", 'there is no function "server"; did you mean "servers"?'),
        ("function: servers, owner", "function: [servers, ^^serverz], owner", 'there is no function "serverz"; did you mean "servers"?'),
        ("owner: internal}", "owner: internal, sla: ^^gold}", 'there is no SLA profile "gold"'),
        ("owner: internal}", "owner: internal, paths: {msp: ^^p}}", 'there is no path "p"'),
        ("owner: internal}", "owner: internal, paths: {internal: ^^p-ops}}", 'the path "p-ops" belongs to msp, and is named here for internal'),
        ("owner: internal}", "owner: internal, public_communications: ^^zoe}", 'there is no person "zoe"'),
        ("owner: internal}", "owner: internal, raci: {A: [ann, ^^joe]}}", 'there is no person "joe"'),
        ("owner: internal}", "owner: ^^shared}", 'the row "servers" is shared and names no lead; add lead: internal or lead: msp'),
        ("owner: internal}", "owner: internal, site: ^^hqq}", 'there is no site "hqq"; did you mean "hq"?'),
        ("site: hq, users: 20", "site: ^^hqq, users: 20", 'there is no site "hqq"; did you mean "hq"?'),
        ("tags: [gold], function: servers}", "tags: [gold], function: ^^server}", 'there is no function "server"; did you mean "servers"?'),
        ("sites:", "safety: {sla: ^^gold}\nsites:", 'there is no SLA profile "gold"'),
        ("weekly:", "holidays_of: ^^XX, weekly:", "calendars.office: no holidays are known for the country 'XX'"),
        ("weekly:", "holidays_of: ^^US-XX, weekly:", "calendars.office: no holidays are known for 'XX' in US"),
        ("- {id: siem, name", "- {id: ^^servers, name: S}\n  - {id: siem, name", 'functions: the id "servers" is already in line 22; give one of them another'),
        ("sites:\n", "integrations: [{name: i, vendor: x}, {name: ^^i, vendor: y}]\nsites:\n", 'integrations: the name "i" is already in line 30; give one of them another'),
        ("track: ops, layers: [{people: [olga]", "track: ops, layers: [{people: [olga, ^^mute]", 'Mute is paged by schedule "msp-ops" and has no contact; add contacts to people.mute'),
        ('page: "schedule:msp-ops"', 'page: ^^"schedule:msp-soc"', 'the path "p-ops" is of track ops and pages schedule:msp-soc of track soc; the two after-hours tracks never merge'),
        ("{id: siem, function: siem, owner: msp}", "{id: siem, function: siem, owner: msp, paths: {msp: ^^p-ops}}", 'this row is of track soc, its path "p-ops" of track ops'),
        ("senior_ops: olga, senior_soc: sid", "senior_ops: olga, senior_soc: ^^olga", "Olga is on call for both tracks, soc and ops: one person on both tracks is one tired generalist; give one of the tracks to somebody else"),
        ('{id: p-ops, party: msp, track: ops, steps: [{page: "schedule:msp-ops"}, {after: 5m, page: "senior:msp"}', '{id: ^^p-ops, party: msp, track: ops, steps: [{page: "schedule:msp-ops"}', 'the path "p-ops" never reaches the named senior; add a step with page: senior:msp'),
        ("- {id: siem, name: SIEM, track: soc}", "- {id: siem, name: SIEM, track: soc}\n  - {id: ^^mail, name: Mail}", 'nobody owns "Mail": no row of the matrix names the function mail.'),
    ],
)  # fmt: skip
def test_an_error_stands_where_it_is_made(check: Check, small: str, old: str, new: str, expected: str):
    mute = "  mute: {name: Mute, party: msp}\nschedules:"
    text, place = placed(small.replace("schedules:", mute, 1), old, new)

    assert f"a.yaml:{place}: {expected}" in shown(check(text))


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ("  msp: {name: MSP,", "a.yaml:1:14: rows of the matrix need the party msp, and there is no parties.msp"),
        (
            "  - {id: in-ops",
            "a.yaml:1:14: nobody of internal can be paged for track ops: add a path or a schedule for it",
        ),
    ],
)
def test_a_party_that_rows_need_and_that_is_not_there_is_asked_for(check: Check, small: str, gone: str, expected: str):
    text = "".join(line for line in small.splitlines(keepends=True) if not line.startswith(gone))

    assert expected in shown(check(text))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("owner: internal}", "owner: internal}\n  - {id: r, function: servers, category: ^^dsk, owner: msp}", 'no classification rule gives the category "dsk"; did you mean "disk"?'),
        ("owner: internal}", "owner: internal}\n  - {id: r, function: servers, asset_tag: ^^gol, owner: msp}", 'no asset has the tag "gol"; did you mean "gold"?; if one will carry it, list it under vocabulary.tags'),
    ],
)  # fmt: skip
def test_a_warning_stands_where_it_is_made_and_is_no_error(check: Check, small: str, old: str, new: str, expected: str):
    text, place = placed(small, old, new)

    problems = check(text)

    assert shown(problems) == [f"a.yaml:{place}: warning: {expected}"]


def test_a_track_without_a_named_senior_is_an_error_at_its_path(check: Check, small: str):
    (problem,) = check(broken(small, ", senior_ops: olga", ""))

    assert str(problem) == (
        'a.yaml:18:10: msp names no senior for track ops (parties.msp.senior_ops); the path "p-ops" has to end at one'
    )


def test_all_problems_come_at_once_in_order(check: Check, small: str):
    text = broken(broken(small, "calendar: office", "calendar: o"), "site: hq, users: 20", "site: x, users: 20")

    assert [problem.line for problem in check(text)] == [5, 32]


def test_a_host_has_one_asset(check: Check, small: str):
    problems = check(small + "  - {id: srv2, hosts: SRV1}\n")

    assert shown(problems) == [
        'a.yaml:33:23: the host "srv1" already belongs to the asset in line 32; an alert has one asset'
    ]


def test_an_override_can_put_a_person_on_the_other_track(check: Check, small: str):
    text = broken(
        small,
        "layers: [{people: [sid], anchor: 2026-01-05T09:00}]",
        "layers: [{people: [sid], anchor: 2026-01-05T09:00}], overrides: [{type: replace, person: sid, by: olga, from: 2026-12-01T00:00, to: 2026-12-02T00:00}]",
    )

    assert any("Olga is on call for both tracks" in line for line in shown(check(text)))


def test_a_person_of_a_small_team_on_both_tracks_is_only_noted(check: Check, small: str):
    pages = 'track: soc, steps: [{page: "schedule:in-soc"}, '
    text = small.replace("track: soc, steps: [", pages).replace(
        "  - {id: msp-ops, zone", "  - {id: in-soc, zone: UTC, party: internal, track: soc, layers: [{people: [ann], anchor: 2026-01-05T09:00}]}\n  - {id: msp-ops, zone", 1
    )  # fmt: skip

    (problem,) = check(text)

    assert problem.level == "note"
    assert problem.message == (
        "Ann is on call for both tracks, soc and ops: fine for a team of 2; know that both tracks end on one phone"
    )


MANAGED = """\
tenant: {id: acme, name: Acme, kind: managed}
parties: {msp: {name: MSP, calendar: 24x7, accountable: o, senior_ops: o}}
functions: [{id: servers, name: Servers}]
people: {o: {name: O, party: msp, contacts: [{channel: email, to: o@x.example}]}}
schedules: [{id: s, zone: UTC, party: msp, track: ops, layers: [{people: [o], anchor: 2026-01-05}]}]
"""


def test_a_managed_client_needs_no_internal_party(check: Check):
    assert check(MANAGED + "matrix: [{id: r, function: servers, owner: msp, runbook: https://wiki.example}]") == []


def test_a_managed_client_has_no_internal_rows(check: Check):
    (problem,) = check(MANAGED + "matrix: [{id: r, function: servers, owner: internal, runbook: https://wiki.example}]")

    assert str(problem) == 'a.yaml:6:44: the row "r" is owned by internal, but a managed client has no internal team'


@pytest.mark.parametrize(
    "text",
    [
        "tenant: {id: a, name: A}",
        "tenant: {id: a, name: A}\nschedules: [{id: s, zone: UTC, layers: [{people: [x], anchor: 2026-01-05}]}]",
        "tenant: {id: a, name: A}\nfunctions: [{id: f, name: F}]",
    ],
)
def test_a_part_of_an_agreement_is_not_asked_for_the_rest(check: Check, text: str):
    assert check(text) == []


PROVIDER = """\
provider: {id: msp, name: MSP}
parties: {msp: {name: MSP, calendar: 24x7, accountable: o, senior_ops: o}}
people: {o: {name: O, party: msp, contacts: [{channel: email, to: o@x.example}]}}
schedules: [{id: s, zone: UTC, party: msp, track: ops, layers: [{people: [o], anchor: 2026-01-05}]}]
functions: [{id: servers, name: Servers}]
matrix: [{id: servers, function: servers, owner: msp}]
runbooks: {servers: https://wiki.example/servers}
"""
USER = "tenant: {id: acme, name: Acme, kind: managed}\nuse: msp\n"


def test_a_provider_s_document_is_checked_on_its_own(check_provider: Check):
    assert check_provider(PROVIDER) == []
    assert shown(check_provider(PROVIDER.replace("people: [o]", "people: [p]"))) == [
        'msp.yaml:4:75: there is no person "p"'
    ]


def test_a_provider_need_not_cover_its_functions(check_provider: Check):
    assert check_provider(PROVIDER.partition("matrix:")[0]) == []


def test_a_tenant_may_refer_to_what_its_provider_has(check: Check):
    assert check(USER + "classification: [{id: c, function: servers}]", PROVIDER) == []


def test_a_provider_s_faults_are_not_repeated_for_each_client(check: Check):
    assert check(USER, PROVIDER.replace("people: [o]", "people: [p]")) == []


def test_a_tie_between_a_tenant_s_row_and_its_provider_s_names_both_files(check: Check):
    (problem,) = check(USER + "matrix: [{id: mine, function: servers, owner: msp}]", PROVIDER)

    assert str(problem).startswith(
        'a.yaml:3:10: two rows claim the same alert: "mine" (msp) and "servers" (msp, msp.yaml line 6).'
    )


def test_a_client_s_schedule_cannot_put_a_provider_s_person_on_the_other_track(check: Check):
    crew = "people: {o: {name: O, party: msp, contacts: [{channel: email, to: o@x.example}]}, p: {name: P, party: msp}, q: {name: Q, party: msp}}"
    mine = "schedules: [{id: mine, zone: UTC, party: msp, track: soc, layers: [{people: [o], anchor: 2026-01-05}]}]"

    problems = check(
        USER + mine,
        PROVIDER.replace(
            "people: {o: {name: O, party: msp, contacts: [{channel: email, to: o@x.example}]}}", crew
        ).replace("senior_ops: o}", "senior_ops: o, senior_soc: q}"),
    )

    assert [(p.line, p.level) for p in problems] == [(3, "error")]
