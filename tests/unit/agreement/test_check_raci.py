"""Exactly one person of each party is accountable for a function, over all of its rows (R-RACI2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tandem.errors import Problem

Check = Callable[..., list[Problem]]
ROW = "- {id: servers, function: servers, owner: internal}"


def errors(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems if problem.level == "error"]


def with_rows(small: str, *rows: str) -> str:
    assert ROW in small
    return small.replace(ROW, "\n  ".join(rows), 1)


def test_two_accountables_of_one_party_in_one_row_are_refused_at_the_second(check: Check, small: str):
    text = with_rows(small, "- {id: servers, function: servers, owner: internal, raci: {A: [boss, ann, olga]}}")

    (problem,) = errors(check(text))

    assert problem == (
        'a.yaml:26:77: two people of MSP are accountable in the row "servers": Boss and Olga.\n'
        "  Why: with two Accountables each leaves it to the other; a row has at most one per party.\n"
        "  Fix: keep one of them under A; the other can be consulted (C) or informed (I)."
    )


def test_the_same_person_twice_is_one_accountable(check: Check, small: str):
    assert check(with_rows(small, "- {id: servers, function: servers, owner: internal, raci: {A: [ann, ann]}}")) == []


def test_rows_of_one_function_name_the_same_accountable(check: Check, small: str):
    text = with_rows(
        small,
        "- {id: servers, function: servers, owner: internal, raci: {A: [sue]}}",
        "- {id: servers-hq, function: servers, site: hq, owner: msp, raci: {A: ann}}",
    )

    (problem,) = errors(check(text))

    assert problem == (
        'a.yaml:27:73: two people of Acme IT are accountable for "Servers": Ann by this row, '
        'Sue by the row "servers" (line 26).\n'
        "  Why: a function has exactly one Accountable per party; with two, each leaves it to the other.\n"
        "  Fix: name the same person under A in both rows, or give this work a function of its own."
    )


def test_the_party_s_accountable_counts_where_a_row_names_none(check: Check, small: str):
    text = with_rows(small, ROW, "- {id: servers-hq, function: servers, site: hq, owner: msp, raci: {A: [olga]}}")

    (problem,) = errors(check(text))

    assert problem == (
        'a.yaml:27:74: two people of MSP are accountable for "Servers": Olga by this row, '
        'Boss by the row "servers" (line 26), which names nobody: Boss is the party\'s.\n'
        "  Why: a function has exactly one Accountable per party; with two, each leaves it to the other.\n"
        "  Fix: name the same person under A in both rows, or give this work a function of its own."
    )


def test_naming_the_party_s_accountable_is_no_second_one(check: Check, small: str):
    rows = (ROW, "- {id: servers-hq, function: servers, site: hq, owner: msp, raci: {A: [ann, boss]}}")

    assert errors(check(with_rows(small, *rows))) == []


def test_functions_may_have_different_accountables(check: Check, small: str):
    text = with_rows(small, "- {id: servers, function: servers, owner: internal, raci: {A: [sue, olga]}}")

    assert errors(check(text)) == []


def test_a_row_for_every_function_that_names_somebody_counts_for_each_and_is_told_once(check: Check, small: str):
    text = with_rows(small, ROW, "- {id: bad, severity: critical, owner: msp, raci: {A: [olga]}, priority: -1}")

    told = [problem for problem in errors(check(text)) if "accountable" in problem]

    assert len(told) == 1
    assert told[0].startswith(
        'a.yaml:27:58: two people of MSP are accountable for "Servers" and 1 more function: Olga by this row, '
    )


def test_what_the_provider_s_rows_say_among_themselves_is_not_repeated_for_the_client(check: Check, small: str):
    provider = (
        "schema: tandem/provider/v1\nprovider: {id: m, name: M}\nfunctions: [{id: mail, name: Mail}]\n"
        "matrix:\n  - {id: mail, function: mail, owner: msp, raci: {A: [boss]}}\n"
        "  - {id: mail-high, function: mail, severity: high, owner: msp, raci: {A: [olga]}}\n"
    )

    assert not [problem for problem in errors(check("use: m\n" + small, provider)) if "accountable" in problem]


@pytest.mark.parametrize("party", ["internal", "msp"])
def test_a_party_without_anybody_accountable_is_refused(check: Check, small: str, party: str):
    name = {"internal": "ann", "msp": "boss"}[party]
    text = small.replace(f"accountable: {name}, ", "", 1)

    (problem,) = [problem for problem in errors(check(text)) if "accountable" in problem]

    called = {"internal": "Acme IT", "msp": "MSP"}[party]
    assert problem.startswith(f"a.yaml:{5 if party == 'internal' else 6}:3: nobody of {called} is accountable")
    assert f"add accountable: and a person to parties.{party}" in problem


def test_a_managed_client_needs_nobody_of_its_own(check: Check, small: str):
    text = small.replace("users: 50, mode", "kind: managed, users: 50, mode", 1).replace("accountable: ann, ", "", 1)

    assert not [problem for problem in errors(check(text)) if "accountable" in problem]
