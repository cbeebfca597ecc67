"""Slips of people who edit an agreement: what contradicts itself, has no effect or cannot be meant is said where it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tandem.agreement.lint import lint_tenant
from tandem.agreement.load import tenant_source
from tandem.errors import Problem

Check = Callable[..., list[Problem]]
MARK = "^^"
TURN = "track: ops, layers: [{people: [olga], anchor: 2026-01-05T09:00}]"


def placed(small: str, old: str, new: str) -> tuple[str, str]:
    """The broken text, and ``line:column`` of the mark in it."""
    assert old in small
    before, mark, after = small.replace(old, new, 1).partition(MARK)
    assert mark
    return before + after, f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def shown(problems: list[Problem]) -> list[str]:
    return [str(problem).partition("\n")[0] for problem in problems]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # whose people they are
        (TURN, "track: ops, layers: [{people: [olga, ^^ann], anchor: 2026-01-05T09:00}]", 'Ann belongs to Acme IT, and the schedule "msp-ops" is one of MSP; put somebody of MSP here'),
        (TURN, f"{TURN}, overrides: [{{type: replace, person: olga, by: ^^ann, from: 2026-12-01T08:00, to: 2026-12-02T08:00}}]", 'Ann belongs to Acme IT, and the schedule "msp-ops" is one of MSP; put somebody of MSP here'),
        (TURN, f"{TURN}, overrides: [{{type: add, person: ^^ann, from: 2026-12-01T08:00, to: 2026-12-02T08:00}}]", 'Ann belongs to Acme IT, and the schedule "msp-ops" is one of MSP; put somebody of MSP here'),
        # each track ends at a named senior, also without a path of its own
        (", senior_soc: sid", "", None),
        # rows that contradict themselves
        ("owner: msp}", "owner: msp, lead: ^^internal}", 'the row "siem" is owned by msp alone, and names internal as lead; write owner: shared, or take lead out'),
        ("owner: msp}", "owner: msp, lead: ^^msp}", 'warning: the row "siem" is owned by msp alone, so lead: msp says nothing; take it out'),
        ("owner: internal}", "owner: internal, tags: {has: [^^gld]}}", 'warning: no asset has the tag "gld"; did you mean "gold"?; if one will carry it, list it under vocabulary.tags'),
        ("owner: internal}", "owner: internal, asset_tag: ^^gld}", 'warning: no asset has the tag "gld"; did you mean "gold"?; if one will carry it, list it under vocabulary.tags'),
        # numbers that cannot be meant
        ("users: 50, mode", "users: ^^0, mode", "warning: Acme has 0 users here, so no outage ever touches more than 20 % of them; write how many there are"),
        ("name: HQ, users: 50", "name: HQ, users: ^^500", 'warning: the site "hq" has 500 users, and the whole client only 50 (line 1); one of both is wrong'),
        ("site: hq, users: 20", "site: hq, users: ^^200", 'warning: an outage of "srv1" touches 200 users, and the whole client has only 50 (line 1); one of both is wrong'),
        # rules that are never asked
        ("- {id: any, when: {kind: rmm}", "- {id: all, function: servers}\n  - {id: ^^any, when: {kind: rmm}", 'warning: the rule "any" is never asked: the rule "all" (line 24) has no condition and takes every alert before it; put it last'),
        # links that people click
        ('servers: "https://wiki.example/servers"', 'servers: ^^"javascript:alert(1)"', 'runbooks.servers: "javascript:alert(1)" is not a web address; write it like https://wiki.example.com/servers'),
        ("owner: internal}", 'owner: internal, runbook: ^^"file://nas/x"}', '"file://nas/x" is not a web address; write it like https://wiki.example.com/servers'),
    ],
)  # fmt: skip
def test_a_slip_is_named_where_it_stands(check: Check, small: str, old: str, new: str, expected: str | None):
    if expected is None:
        text = small.replace(old, new, 1)
        place, expected = "6:3", "MSP names no senior for track soc, and its security is paged by schedule"
        assert any(line.startswith(f"a.yaml:{place}: {expected}") for line in shown(check(text))), shown(check(text))
        return
    text, place = placed(small, old, new)

    assert f"a.yaml:{place}: {expected}" in shown(check(text))


def test_an_agreement_without_a_matrix_owns_nothing(check: Check, small: str):
    start, end = small.index("matrix:"), small.index("runbooks:")

    told = shown(check(small[:start] + small[end:]))

    assert "a.yaml:1:14: nobody owns anything: this agreement has functions and parties, and no matrix." in told


def test_a_provider_s_standard_rows_are_a_matrix(check: Check):
    provider = (
        "schema: tandem/provider/v1\nprovider: {id: m, name: M}\nfunctions: [{id: mail, name: Mail}]\n"
        "parties: {msp: {name: M, calendar: 24x7}}\nmatrix: [{id: mail, function: mail, owner: msp}]\n"
    )

    told = shown(check("use: m\ntenant: {id: a, name: A, kind: managed}\n", provider))

    assert not [line for line in told if "nobody owns anything" in line]


def test_whoever_leaves_a_schedule_may_be_anybody(check: Check, small: str):
    turn = f"{TURN}, overrides: [{{type: remove, person: ann, from: 2026-12-01T08:00, to: 2026-12-02T08:00}}]"

    assert not [line for line in shown(check(small.replace(TURN, turn, 1))) if "belongs to" in line]


@pytest.mark.parametrize(("ends_at", "told"), [("2026-11-01T00:00", True), ("2027-11-01T00:00", False)])
def test_an_agreement_that_has_ended_pages_nobody_and_says_so(small: str, ends_at: str, told: bool):
    text = small.replace("users: 50, mode", f"users: 50, ends_at: {ends_at}, mode", 1)

    found = shown(lint_tenant(tenant_source(text, file="a.yaml"), on=datetime(2026, 11, 20, 12, tzinfo=UTC)))

    words = (
        "warning: this agreement ended on 1 November 2026, so nobody is paged any more; change ends_at, or take it out"
    )
    assert (f"a.yaml:1:52: {words}" in found) is told
