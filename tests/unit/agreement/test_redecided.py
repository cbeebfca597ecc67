"""What another matrix decides otherwise, and what wide rows overrule: proven, each with an alert that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.agreement.compile import compile_agreement
from tandem.agreement.load import load_directory
from tandem.agreement.overruled import overrulings
from tandem.agreement.proof.budget import Budget
from tandem.agreement.redecided import redecided
from tandem.agreement.schema.documents import TenantDocument
from tandem.agreement.schema.matrix import ScopeRow
from tandem_router.explain import explain
from tests.unit.router.world import NOON

EXAMPLES = load_directory(Path(__file__).parents[3] / "deploy" / "agreement")
NORTHWIND = EXAMPLES.tenants["northwind"].document
BRIGHTWATER = EXAMPLES.providers["brightwater"].document
CRITICAL = {"id": "hq-critical", "severity": "critical", "site": "newark", "owner": "msp"}


def with_row(**row: object) -> TenantDocument:
    added = ScopeRow.model_validate(row)
    return NORTHWIND.model_copy(update={"matrix": (*NORTHWIND.matrix, added)})


def changes(document: TenantDocument):
    return redecided((NORTHWIND, BRIGHTWATER), (document, BRIGHTWATER))


def test_the_same_matrix_decides_nothing_otherwise():
    assert changes(NORTHWIND).found == ()


def test_a_row_under_another_name_decides_nothing_otherwise():
    first, *rest = NORTHWIND.matrix

    renamed = NORTHWIND.model_copy(update={"matrix": (first.model_copy(update={"id": "machines"}), *rest)})

    assert changes(renamed).found == ()


def test_a_new_wide_row_takes_alerts_of_every_function_that_names_less():
    result = changes(with_row(**CRITICAL))

    assert result.complete
    backup = next(each for each in result.found if each.function == "backup")
    assert str(backup) == (
        "backup, category not verification, site newark, severity critical: backup -> hq-critical"
        " (both_told yes -> no; runbook https://wiki.northwind.example/restore -> none)"
    )
    assert {each.new for each in result.found} == {"hq-critical"}


@pytest.mark.parametrize("position", range(len(NORTHWIND.matrix)))
def test_taking_any_row_away_is_shown_with_an_alert_that_now_goes_elsewhere(position):
    rows = NORTHWIND.matrix
    gone = rows[position]
    after = NORTHWIND.model_copy(update={"matrix": (*rows[:position], *rows[position + 1 :])})
    before, now = (compile_agreement(document, BRIGHTWATER, version=1) for document in (NORTHWIND, after))

    result = changes(after)

    shown = [each for each in result.found if each.old == gone.id]
    assert shown
    for each in shown:
        decided = [explain(agreement, each.alert, NOON)[1]["row"] for agreement in (before, now)]
        assert decided == [gone.id, each.new or "safety"]


def test_a_search_that_is_given_up_says_so():
    result = redecided((NORTHWIND, BRIGHTWATER), (with_row(**CRITICAL), BRIGHTWATER), Budget(left=10))

    assert not result.complete


def test_nothing_is_overruled_where_every_row_names_its_function():
    assert list(overrulings(NORTHWIND, BRIGHTWATER)) == []


def test_a_wide_row_is_told_once_with_what_it_overrules_and_an_alert_that_goes_to_it():
    document = with_row(**CRITICAL)

    (found,) = overrulings(document, BRIGHTWATER)

    assert (found.row, found.owner) == ("hq-critical", "msp")
    owners = {row.id: row.owner.value for row in compile_agreement(document, BRIGHTWATER, version=1).rows}
    assert "databases" in found.rows
    assert {owners[row] for row in found.rows} == {"internal", "shared"}
    decided = explain(compile_agreement(document, BRIGHTWATER, version=1), found.alert, NOON)[1]
    assert decided["row"] == "hq-critical"
