"""Thresholds of storms, flapping and staleness: the defaults of domain.md, and what is refused in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tandem.agreement.compile import compile_agreement
from tandem.agreement.load import load_tenant
from tandem.errors import AgreementError

TENANT = "schema: tandem/agreement/v1\ntenant: {id: acme, name: Acme}\n"


def test_the_defaults_are_those_of_the_rules():
    agreement = compile_agreement(load_tenant(TENANT), version=1)

    storm, flapping, stale = agreement.storm, agreement.flapping, agreement.stale
    assert (storm.incidents, storm.window, storm.calm_below, storm.calm_after, storm.by) == (
        30, timedelta(minutes=5), 5, timedelta(minutes=10), ("source", "site"),
    )  # fmt: skip
    assert (flapping.changes, flapping.window, flapping.quiet) == (5, timedelta(minutes=15), timedelta(minutes=15))
    assert (stale.after, stale.close, stale.close_after) == (timedelta(hours=24), False, timedelta(days=7))
    assert agreement.rules.window == timedelta(minutes=15)


def test_a_client_sets_them_and_switches_them_off():
    text = "storm: {incidents: 0, by: source}\nflapping: {changes: 0}\nstale: {after: 0s, close: true}\n"

    agreement = compile_agreement(load_tenant(TENANT + text), version=1)

    assert (agreement.storm.incidents, agreement.storm.by) == (0, ("source",))
    assert agreement.flapping.changes == 0
    assert agreement.stale.after == timedelta()


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("storm: {incidents: 3}", "calm_below must not be above incidents"),
        ("storm: {window: 0s}", "window must be longer than nothing"),
        ("storm: {incidents: -1}", "at least 0"),
        ("flapping: {changes: 1}", "one change is no flapping"),
        ("flapping: {changes: 31}", "at most 30"),
        ("stale: {after: soon}", "not a duration"),
        ("storm: {incidentz: 3}", "incidents"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(section, said):
    with pytest.raises(AgreementError) as caught:
        load_tenant(TENANT + section + "\n")

    (problem,) = caught.value.problems
    assert (problem.line, said in problem.message) == (3, True), problem.message
