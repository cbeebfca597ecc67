"""A machine without a browser or Kafka skips with a reason, unless it is told to insist."""

from __future__ import annotations

import pytest

from tests.support.requirements import REQUIREMENTS, Requirement, insist_or_skip, skipped_for

NEEDS = pytest.mark.parametrize("need", REQUIREMENTS, ids=lambda need: need.marker)


def skipped(reason: str) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="x", location=("x", 1, "x"), keywords={}, outcome="skipped", longrepr=("x", 1, reason), when="setup"
    )


@NEEDS
def test_a_missing_need_skips_and_names_the_install_line(need: Requirement):
    with pytest.raises(pytest.skip.Exception, match="apt-get install"):
        insist_or_skip(need, {})


@NEEDS
def test_a_missing_need_fails_when_it_is_required(need: Requirement):
    with pytest.raises(pytest.fail.Exception, match=need.switch):
        insist_or_skip(need, {need.switch: "1"})


@NEEDS
def test_a_switch_of_zero_does_not_insist(need: Requirement):
    with pytest.raises(pytest.skip.Exception):
        insist_or_skip(need, {need.switch: "0"})


def test_the_summary_counts_skips_by_need_and_ignores_others():
    browser, kafka, _ = REQUIREMENTS
    reports = [skipped(f"Skipped: {browser.reason}"), skipped(f"Skipped: {browser.reason}"), skipped("Skipped: other")]

    counted = skipped_for(reports)

    assert counted == {browser.reason: 2}
    assert kafka.reason not in counted
