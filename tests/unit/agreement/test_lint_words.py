"""Words, assets and runbooks: what is not declared, goes in a circle or leads nowhere is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.agreement.checks.assets import cycles
from tandem.errors import Problem

Check = Callable[..., list[Problem]]
RUNBOOKS = 'runbooks: {servers: "https://wiki.example/servers", siem: "https://wiki.example/siem"}\n'


def found(check: Check, small: str, old: str, new: str) -> list[str]:
    assert old in small
    return [f"{p.level}: {p.message.partition(chr(10))[0]}" for p in check(small.replace(old, new, 1))]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("owner: internal}", "owner: internal, runbook: diskfull}", 'error: there is no runbook "diskfull"; write its URL, or add it to runbooks'),
        ("owner: internal}", "owner: internal, runbook: server}", 'error: there is no runbook "server"; did you mean "servers"?'),
        ("owner: internal}", "owner: internal, host_class: vip}", 'error: the vocabulary declares no host class "vip"'),
        ("owner: internal}", "owner: internal, vendor: veam}", 'warning: no integration is of the vendor "veam"; if its alerts come another way, list it under vocabulary.vendors'),
        ("owner: msp}", "owner: msp, overflow: msp}", 'warning: the row "siem" is the MSP\'s already, so overflow: msp says nothing; take it out'),
        ("matrix:", "modes: {server: live}\nmatrix:", 'error: modes: there is no function "server"; did you mean "servers"?'),
        ("matrix:", "vocabulary: {exclusive: [[gold, sliver]]}\nmatrix:", 'warning: no asset has the tag "sliver", and the vocabulary does not list it'),
        ("tags: [gold]", "tags: [gold, core], owner: msp", None),
        ("tags: [gold]", "depends_on: srv1", "error: depends_on goes in a circle: srv1 -> srv1; an outage of one would explain itself, so take one out"),
    ],
)  # fmt: skip
def test_each_is_named(check: Check, small: str, old: str, new: str, expected: str | None):
    messages = found(check, small, old, new)

    assert expected in messages if expected else messages == []


def test_an_asset_with_two_tags_that_exclude_each_other_is_refused(check: Check, small: str):
    text = small.replace("tags: [gold]", "tags: [gold, silver]")

    (problem,) = check(text + "vocabulary: {exclusive: [[gold, silver]]}\n")

    assert problem.level == "error"
    assert problem.message == (
        'the asset "srv1" carries gold and silver, and the vocabulary says that an asset has at most one of them; '
        "take one away"
    )


def test_an_asset_belongs_to_a_party_that_exists(check: Check):
    text = "tenant: {id: a, name: A, kind: managed}\nparties: {msp: {name: M, calendar: 24x7}}\nassets: [{id: x, owner: internal}]\n"

    assert [str(problem) for problem in check(text)] == [
        'a.yaml:3:25: the asset "x" is owned by internal, but a managed client has no internal team'
    ]
    assert [str(problem) for problem in check(text.replace(", kind: managed", ""))] == [
        'a.yaml:3:25: the asset "x" is owned by internal, and there is no parties.internal'
    ]


def test_a_circle_is_named_where_it_begins(check: Check):
    text = "tenant: {id: a, name: A}\nassets:\n  - {id: x}\n  - {id: y, depends_on: [x, z]}\n  - {id: z, depends_on: w}\n  - {id: w, depends_on: y}\n"

    (problem,) = check(text)

    assert str(problem).startswith("a.yaml:4:13: depends_on goes in a circle: y -> z -> w -> y;")


GRAPHS = st.dictionaries(st.integers(0, 8).map(str), st.lists(st.integers(0, 8).map(str), max_size=3), max_size=9)


def reaches(under: Mapping[str, list[str]], start: str) -> bool:
    seen, waiting = set[str](), list(under.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += under.get(name, ())
    return start in seen


@given(GRAPHS)
def test_a_circle_is_found_exactly_where_there_is_one(under: dict[str, list[str]]):
    given_back = list(cycles(under))

    assert bool(given_back) == any(reaches(under, name) for name in under)
    for circle in given_back:
        assert all(after in under[name] for name, after in zip(circle, [*circle[1:], circle[0]], strict=True))


def test_a_chain_of_a_hundred_thousand_is_walked_without_recursion():
    under = {str(n): [str(n + 1)] for n in range(100_000)}

    assert list(cycles(under)) == []


def test_functions_without_a_runbook_are_one_warning_with_a_line_each(check: Check, small: str):
    (problem,) = check(small.replace(RUNBOOKS, ""))

    assert problem.level == "warning"
    assert problem.message == (
        "2 functions page people without a runbook, so nobody is told what to do:\n"
        "  servers (line 26)\n"
        "  siem (line 27)\n"
        "  Fix: add it for all rows of a function (runbooks: {servers: https://...}), or runbook: to a row."
    )


def test_a_runbook_of_the_function_or_of_the_row_will_do(check: Check, small: str):
    mixed = small.replace(RUNBOOKS, "runbooks: {siem: https://wiki.example/siem}\n")

    assert check(mixed.replace("owner: internal}", "owner: internal, runbook: https://wiki.example/x}")) == []
    assert len(check(mixed)) == 1


def test_a_provider_s_runbook_serves_the_client_s_rows(check: Check):
    provider = "provider: {id: msp, name: MSP}\nfunctions: [{id: f, name: F}]\nrunbooks: {f: https://wiki.example/f}\n"
    client = "tenant: {id: a, name: A}\nuse: msp\nmatrix: [{id: f, function: f, owner: msp}]\n"

    assert not any("runbook" in problem.message for problem in check(client, provider))
    assert any("runbook" in problem.message for problem in check(client, provider.replace("{f: h", "{g: h")))
