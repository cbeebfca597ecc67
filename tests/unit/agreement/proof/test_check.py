"""What `check` says about the rows of a matrix taken together: where, in which words, and with which example."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tandem.agreement.checks.context import tenant_context
from tandem.agreement.checks.proven import check_matrix
from tandem.agreement.compiled import Agreement
from tandem.agreement.load import tenant_source
from tandem.agreement.proof.budget import Budget
from tandem.errors import Problem
from tandem_router.explain import explain
from tests.support.matrices import LargeMatrix, agreement_text

Check = Callable[..., list[Problem]]
NIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)
SERVERS = "  - {id: servers, function: servers, owner: internal}\n"


def with_rows(small: str, *rows: str, instead: bool = False) -> str:
    """Rows after the row of the servers, or instead of it; the first stands on line 27, or 26."""
    assert SERVERS in small
    written = "".join(f"  - {{{row}}}\n" for row in rows)
    return small.replace(SERVERS, written if instead else SERVERS + written, 1)


def firsts(problems: list[Problem]) -> list[str]:
    return [str(problem).partition("\n")[0] for problem in problems]


GOLD = "id: gold, function: servers, asset_tag: gold, owner: msp"
BAD = "id: bad, function: servers, severity: critical, owner: internal"


def test_two_identical_rows_are_a_tie_with_an_example(check: Check, small: str):
    (problem,) = check(with_rows(small, "id: again, function: servers, owner: msp"))

    assert str(problem) == (
        'a.yaml:26:5: two rows claim the same alert: "servers" (internal) and "again" (msp, line 27).\n'
        '  For example: an alert for "Servers" on srv1.\n'
        "  Why: both ask for exactly the same.\n"
        '  Fix: delete one of them, or put "priority: 1" on the row that shall win.\n'
        "  See it: tandem agreement explain --agreement a.yaml --alert tie-1.json (check --witness-dir . writes that file)"
    )


def test_rows_that_cross_are_a_tie_where_they_meet(check: Check, small: str):
    (problem,) = check(with_rows(small, GOLD, BAD))

    assert str(problem) == (
        'a.yaml:27:5: two rows claim the same alert: "gold" (msp) and "bad" (internal, line 28).\n'
        '  For example: an alert for "Servers" on srv1 (severity critical, tag gold).\n'
        "  Why: both rows name 2 fields (line 27: function and tag gold; line 28: function and severity), "
        "and neither lies inside the other.\n"
        "  Fix: add a row for {function: servers, severity: critical, tags: {has: [gold]}}, "
        'or put "priority: 1" on the row that shall win.\n'
        "  See it: tandem agreement explain --agreement a.yaml --alert tie-1.json (check --witness-dir . writes that file)"
    )


@pytest.mark.parametrize(
    "mended",
    [
        (GOLD, BAD, "id: both, function: servers, severity: critical, tags: {has: [gold]}, owner: msp"),
        (f"{GOLD}, priority: 1", BAD),
        (GOLD, f"{BAD}, priority: 1"),
    ],
)
def test_each_way_to_mend_a_tie_mends_it(check: Check, small: str, mended: tuple[str, ...]):
    assert check(with_rows(small, *mended)) == []


def test_two_owners_of_the_same_party_are_a_tie_that_says_so(check: Check, small: str):
    (problem,) = check(with_rows(small, "id: again, function: servers, owner: internal"))

    assert "Both say internal: merge them." in problem.message


def test_rows_that_only_meet_on_excluded_tags_are_no_tie(check: Check, small: str):
    silver = "id: silver, function: servers, asset_tag: silver, owner: internal"
    words = small.replace("vocabulary:", "words:") + "vocabulary: {tags: [silver], exclusive: [[gold, silver]]}\n"

    assert check(with_rows(words, GOLD, silver)) == []


def test_a_function_owned_only_in_part_has_an_example_of_what_nobody_owns(check: Check, small: str):
    (problem,) = check(
        with_rows(small, "id: r, function: servers, severity: {not: [low, info]}, owner: msp", instead=True)
    )

    assert str(problem) == (
        'a.yaml:26:5: nobody owns "Servers" when severity is low or info.\n'
        '  For example: an alert for "Servers" on srv1 (severity low) has no owner.\n'
        "  Why: the only row for this function is line 26 (severity critical, high, medium or unknown).\n"
        "  Fix: add severity low and info to line 26, or add a row for that.\n"
        "  See it: tandem agreement explain --agreement a.yaml --alert gap-1.json (check --witness-dir . writes that file)"
    )


def test_rows_that_cover_a_function_together_are_enough(check: Check, small: str):
    rows = (
        "id: a, function: servers, severity: [critical, high], owner: msp",
        "id: b, function: servers, severity: {not: [critical, high]}, owner: msp",
    )

    assert check(with_rows(small, *rows, instead=True)) == []


def test_a_row_for_every_function_covers_what_it_names(check: Check, small: str):
    rows = (
        "id: a, function: servers, severity: [critical, high], owner: msp",
        "id: b, severity: {not: [critical, high]}, owner: msp, priority: -1",
    )

    assert check(with_rows(small, *rows, instead=True)) == []


def test_an_example_that_no_asset_has_says_so(check: Check, small: str):
    rows = (
        "id: a, function: servers, tags: {lacks: [gold]}, owner: msp",
        "id: b, function: servers, tags: {has: [gold]}, data_class: [unknown], owner: msp",
    )
    no_gold = small.replace("tags: [gold]", "tags: []") + "vocabulary: {tags: [gold]}\n"

    (problem,) = check(
        with_rows(
            no_gold,
            *rows,
            "id: c, function: servers, tags: {has: [gold]}, data_class: {not: [public]}, owner: msp",
            instead=True,
        )
    )

    assert 'For example: an alert for "Servers" (data class public, tag gold; no such asset today)' in problem.message


def test_a_row_that_others_leave_nothing_names_them_and_the_reason(check: Check, small: str):
    rows = (
        "id: a, function: servers, asset_tag: gold, severity: {not: low}, owner: msp",
        "id: b, function: servers, asset_tag: gold, severity: [low, info], owner: msp, priority: 1",
        "id: c, function: servers, asset_tag: gold, owner: internal",
    )

    hidden = check(with_rows(small, *rows))[0]

    assert str(hidden) == (
        'a.yaml:29:5: this row never decides anything: "a" (line 27) and "b" (line 28) take all of its alerts.\n'
        '  For example: an alert for "Servers" on srv1 (severity critical, tag gold) goes to "a" (line 27), '
        "because that row names 3 fields and this one 2.\n"
        "  Fix: delete this row, or name one more field so that it is the more precise one.\n"
        "  See it: tandem agreement explain --agreement a.yaml --alert hidden-1.json (check --witness-dir . writes that file)"
    )


KINDS = ("- {id: servers, name: Servers}", "- {id: servers, name: Servers, kinds: [rmm, monitoring]}")


def test_a_row_that_asks_for_what_never_comes_can_never_match(check: Check, small: str):
    (problem,) = check(with_rows(small.replace(*KINDS), "id: x, function: servers, kind: backup, owner: msp"))

    assert str(problem) == (
        "a.yaml:27:38: this row can never match: it asks for function servers and kind backup, "
        'and function "servers" only comes from kind rmm or monitoring (line 21).\n'
        "  Fix: change kind in this row, or what is said there."
    )


def test_a_row_that_asks_for_a_tag_and_excludes_it_can_never_match(check: Check, small: str):
    (problem,) = check(with_rows(small, "id: x, function: servers, tags: {has: [gold], lacks: [gold]}, owner: msp"))

    assert firsts([problem]) == ["a.yaml:27:32: this row can never match: tag gold is asked for and excluded at once."]


def test_a_row_that_can_never_match_is_told_only_what_excludes_it(check: Check, small: str):
    """Other things that exclude one another, here a function and its kinds, are no cause."""
    text = small.replace("{id: siem, name: SIEM, track: soc}", "{id: siem, name: SIEM, track: soc, kinds: [siem]}")
    text = text.replace(
        "owner: internal}", "owner: internal}\n  - {id: both, owner: msp, tags: {has: [gold, silver]}}", 1
    )

    told = [p for p in check(text + "vocabulary: {exclusive: [[gold, silver]]}\n") if "never match" in p.message]

    assert [problem.message.partition("\n")[0] for problem in told] == [
        "this row can never match: it asks for tag gold and tag silver, and the tags gold and silver exclude one another."
    ]


def test_a_condition_that_the_rest_implies_is_warned_about(check: Check, small: str):
    (problem,) = check(
        with_rows(small.replace(*KINDS), "id: x, function: servers, kind: [rmm, monitoring], site: hq, owner: msp")
    )

    assert (problem.line, problem.column, problem.level) == (27, 32, "warning")
    assert problem.message.startswith('kind adds nothing to the row "x": its other conditions imply it')


def test_a_priority_that_settles_nothing_is_warned_about(check: Check, small: str):
    (problem,) = check(with_rows(small, f"{GOLD}, priority: 7"))

    assert str(problem).startswith('a.yaml:27:74: warning: priority: 7 of the row "gold" settles nothing')


def test_a_row_that_takes_everything_says_what_only_it_takes(check: Check, small: str):
    (problem,) = check(with_rows(small, "id: all, owner: msp", instead=True))

    assert str(problem) == (
        'a.yaml:26:5: warning: the row "all" takes everything, and only it takes some alerts of "Servers"; '
        "give these functions rows of their own, so that a forgotten one is noticed"
    )


def test_of_many_faults_of_a_kind_twenty_are_shown_and_the_rest_is_counted(check: Check, small: str):
    rows = [f"id: r{n}, function: servers, asset_tag: t{n}, owner: msp" for n in range(9)]
    tags = ", ".join(f"t{n}" for n in range(9))

    problems = check(with_rows(small.replace("tags: [gold]", f"tags: [{tags}]"), *rows))

    assert [problem.message.partition(":")[0] for problem in problems] == [
        *["two rows claim the same alert"] * 20,
        "… and 16 more like these",
    ]


def test_what_the_budget_does_not_reach_is_not_proven_and_never_fine(small: str):
    text = with_rows(small, GOLD, BAD, "id: third, function: servers, site: hq, owner: msp")

    problems = list(check_matrix(tenant_context(tenant_source(text, file="a.yaml"), None), Budget(left=1_200)))

    assert problems
    assert {problem.level for problem in problems} == {"error"}
    assert all(p.message.startswith(("not proven for", "two rows claim", "… and ")) for p in problems)
    assert any(p.message.endswith("split or narrow these rows") for p in problems)


def test_the_caller_s_deadline_ends_the_search_too(small: str):
    context = tenant_context(tenant_source(with_rows(small, GOLD, BAD), file="a.yaml"), None)

    problems = list(check_matrix(context, Budget(spent=lambda: True)))

    assert problems
    assert all(problem.message.startswith("not proven") and problem.level == "error" for problem in problems)


def test_an_example_is_an_alert_that_explain_takes_to_the_same_rows(
    check: Check, compiled: Callable[..., Agreement], small: str
):
    text = with_rows(small, "id: r, function: servers, severity: {not: [low, info]}, owner: msp", instead=True)
    (gap,) = check(text)
    (tie,) = check(with_rows(small, GOLD, BAD))

    assert gap.witness is not None
    assert tie.witness is not None
    assert (gap.witness["name"], tie.witness["name"]) == ("gap-1", "tie-1")
    assert explain(compiled(text), gap.witness["alert"], NIGHT)[1]["row"] == "safety"
    assert explain(compiled(with_rows(small, GOLD, BAD)), tie.witness["alert"], NIGHT)[1]["row"] in {"gold", "bad"}


def test_an_example_that_no_rule_makes_says_what_it_would_have_to_be(check: Check, small: str):
    (problem,) = check(small.replace("  - {id: siem, function: siem, owner: msp}\n", ""))

    assert problem.witness is not None
    assert problem.witness["alert"]["classified"]["function"] == "siem"


STANDARD = """\
provider: {id: msp, name: MSP}
people: {o: {name: O, party: msp, contacts: [{channel: email, to: o@x.example}]}}
parties: {msp: {name: MSP, calendar: 24x7, accountable: o}}
schedules: [{id: s, zone: UTC, party: msp, track: ops, layers: [{people: [o], anchor: 2026-01-05}]}]
functions: [{id: servers, name: Servers}, {id: mail, name: Mail}]
matrix:
  - {id: servers, function: servers, owner: msp}
  - {id: mail, function: mail, owner: msp}
  - {id: away, function: mail, site: {not: [hq]}, owner: msp}
  - {id: bad, function: mail, severity: critical, owner: msp}
"""
SETTLED = STANDARD + "  - {id: both, function: mail, site: {not: [hq]}, severity: critical, owner: msp}\n"
CLIENT = "tenant: {id: acme, name: Acme, kind: managed}\nuse: msp\nsites: [{id: hq, name: HQ}, {id: lab, name: Lab}]\n"


def test_a_tie_of_the_provider_s_own_is_reported_there_and_not_for_each_client(check: Check, check_provider: Check):
    theirs = [line for line in firsts(check_provider(STANDARD)) if "two rows" in line]

    assert theirs == [
        'msp.yaml:9:5: two rows claim the same alert: "away" (msp) and "bad" (msp, line 10). Both say msp: merge them.'
    ]
    assert not any("two rows" in line for line in firsts(check(CLIENT, STANDARD)))


def test_a_tie_that_a_client_makes_between_the_provider_s_rows_is_reported_for_the_client(check: Check):
    assert not any("two rows" in line for line in firsts(check(CLIENT, SETTLED)))
    moved = CLIENT + "matrix: [{id: both, function: mail, site: hq, severity: critical, owner: msp}]\n"

    (tie,) = [line for line in firsts(check(moved, SETTLED)) if "two rows" in line]

    assert tie.startswith('a.yaml:1:14: two rows claim the same alert: "away" (msp) and "bad" (msp, msp.yaml line 10).')


def test_a_provider_s_row_that_a_client_replaces_with_narrower_ones_is_no_fault(check: Check):
    mine = (
        CLIENT
        + "matrix: [{id: a, function: mail, site: hq, owner: msp}, {id: b, function: mail, site: {not: hq}, owner: msp, priority: 1}]\n"
    )

    assert not any("never decides" in line for line in firsts(check(mine, SETTLED)))


def test_a_large_matrix_is_checked_and_the_planted_faults_are_found(check: Check):
    matrix = LargeMatrix(300, 5)

    found = [problem.message for problem in check(agreement_text(matrix))]

    for name in matrix.gaps:
        assert any(text.startswith("nobody owns") and f'"Function {name}"' in text.partition("\n")[0] for text in found)
    for pair in matrix.ties:
        assert any(text.startswith("two rows claim") and all(f'"{name}"' in text for name in pair) for text in found)
