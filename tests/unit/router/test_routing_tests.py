"""Routing tests as their authors write them: what passes, what is told of a difference, what is refused."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from tandem.cli.outlook import OUTLOOK
from tandem.cli.routing_tests import check_routing
from tandem.errors import AgreementError
from tandem_router.expectations import read_tests
from tandem_router.routing_tests import run_tests
from tests.unit.router.world import PROVIDER, TENANT, agreement

HEAD = "agreement: acme.yaml\nzone: America/New_York\ntests:\n"


def run(text: str):
    """The results of tests over the example."""
    return list(run_tests(read_tests(HEAD + text, "acme.tests.yaml"), agreement(), OUTLOOK))


def one(expect: str, alert: str = "{title: Disk full on fs1, host: fs1}", at: str = "2026-11-17T12:00", more: str = ""):
    """The only test's differences, as (field, expected, got)."""
    (result,) = run(f"  - name: x\n    alert: {alert}\n    at: {at}\n{more}    expect: {expect}\n")
    return [(miss.field, miss.expected, miss.got) for miss in result.misses]


EVERYTHING = (
    "{owner: internal, lead: nobody, responsible_party: internal, priority: P2, track: ops, row: storage,"
    " function: storage, category: none, class: degradation, mode: live, paged: [internal], informed: nobody,"
    " people: ann, suppressed: false, unmapped: false, p1_workflow: false, affected_users: 5, outcome: opened,"
    " clocks: {response: 60m, resolution: 8h}}"
)


def test_everything_that_is_decided_can_be_expected():
    assert one(EVERYTHING) == []


@pytest.mark.parametrize(
    ("expect", "field", "expected", "got"),
    [
        ("owner: msp", "owner", "msp", "internal"),
        ("lead: msp", "lead", "msp", "nobody"),
        ("responsible_party: msp", "responsible_party", "msp", "internal"),
        ("priority: P1", "priority", "P1", "P2"),
        ("track: soc", "track", "soc", "ops"),
        ("row: mail", "row", "mail", "storage"),
        ("category: lan", "category", "lan", "none"),
        ("class: outage", "class", "outage", "degradation"),
        ("paged: [msp, internal]", "paged", "internal, msp", "internal"),
        ("informed: [msp]", "informed", "msp", "nobody"),
        ("people: nobody", "people", "nobody", "ann"),
        ("suppressed: true", "suppressed", "yes", "no"),
        ("outcome: joined", "outcome", "joined", "opened"),
        ("clocks: {response: 15m}", "clocks", "response 15m", "response 1h"),
        ("clocks: {joint_call: 60m}", "clocks", "joint_call 60m", "none of them"),
    ],
)
def test_every_expectation_that_is_not_met_is_told_with_what_came_instead(expect, field, expected, got):
    assert one(f"{{{expect}}}") == [(field, expected, got)]


def test_the_clock_on_the_wall_is_that_of_the_files_zone():
    assert one("{responsible_party: internal}", at="2026-11-17T16:59") == []
    assert one("{responsible_party: msp}", at="2026-11-17T17:00") == []
    assert one("{responsible_party: internal}", at="2026-11-17T16:59:00-05:00") == []


def test_fields_are_set_first_so_that_tests_share_an_alert():
    assert one("{function: mail}", more="    set: {title: mail is slow, labels.site: hq}\n") == []


def test_alerts_that_came_before_decide_whether_this_one_opens_or_joins():
    given = "    given: [{alert: {title: switch down, host: sw10, dedup_key: a}, at: 2026-11-17T11:55}]\n"
    alert = "{title: switch down, host: sw20, dedup_key: b}"

    assert one("{outcome: joined, affected_users: 30, priority: P1, p1_workflow: true}", alert, more=given) == []
    assert one("{outcome: opened, affected_users: 20}", alert) == []


def test_a_repeated_alert_pages_nobody_again():
    given = "    given: [{alert: {title: Disk full on fs1, host: fs1}, at: 2026-11-17T11:55}]\n"

    assert one("{outcome: repeated, people: nobody}", more=given) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "  - {name: x, alert: {title: a}, at: 2026-11-17, expct: {owner: msp}}",
            '4:50: tests[1]: unknown key "expct"; did you mean "expect"?',
        ),
        (
            "  - {name: x, alert: {titel: a}, at: 2026-11-17, expect: {owner: msp}}",
            '4:23: tests[1].alert: unknown key "titel"; did you mean "title"?',
        ),
        (
            "  - {name: x, alert: {title: a}, at: 2026-11-17, expect: {ownr: msp}}",
            'unknown key "ownr"; did you mean "owner"?',
        ),
        ("  - {name: x, alert: {title: a}, at: 2026-11-17, expect: {owner: them}}", '"them" is not one of'),
        ("  - {name: x, alert: {title: a}, at: 2026-11-17, expect: {}}", "name at least one thing that is expected"),
        ("  - {name: x, alert: {title: a}, at: 2026-11-17, expect: {lead: null}}", "nothing is written for lead"),
        ("  - {name: x, alert: {title: a}, at: soon, expect: {owner: msp}}", "'soon' is not a date"),
        (
            "  - {name: x, alert: {title: a}, at: 2026-11-17, set: {sevrity: high}, expect: {owner: msp}}",
            'did you mean "severity"?',
        ),
        ("  - {name: x, alert: {title: a}, at: 2026-11-17, expect: {clocks: {response: soon}}}", "write it like 15m"),
        ("  []", "write at least one test"),
    ],
)
def test_what_is_no_test_is_refused_where_it_stands(text, said):
    with pytest.raises(AgreementError) as refused:
        run(text + "\n")

    assert said in str(refused.value)
    assert str(refused.value).startswith("acme.tests.yaml:")


def test_an_alert_that_is_none_is_refused_at_its_line():
    with pytest.raises(AgreementError, match=r"acme.tests.yaml:5:\d+: kind should be one of"):
        one("{owner: msp}", "{title: a, kind: toaster}")


@pytest.fixture
def files(tmp_path):
    (tmp_path / "acme.yaml").write_text(TENANT.replace("KIND", "co-managed"), "utf-8")
    (tmp_path / "brightwater.yaml").write_text(PROVIDER, "utf-8")

    def write(*tests: str):
        path = tmp_path / "acme.tests.yaml"
        path.write_text(HEAD + "".join(tests), "utf-8")
        return path

    return write


@pytest.fixture
def invoke():
    app = typer.Typer()
    app.command()(check_routing)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


GOOD = "  - {name: good, alert: {title: disk full}, at: 2026-11-17T12:00, expect: {owner: internal}}\n"
BAD = "  - {name: bad, alert: {title: disk full}, at: 2026-11-17T12:00, expect: {owner: msp}}\n"


def test_the_command_says_what_passed_and_exits_with_one_when_something_did_not(files, invoke):
    passed, failed = invoke(files(GOOD)), invoke(files(GOOD, BAD))

    assert (passed.exit_code, passed.stdout) == (0, "ok    good\n1 tests passed\n")
    assert failed.exit_code == 1
    assert "owner: expected msp, got internal\n" in failed.stdout
    assert "rule disk-full makes it storage" in failed.stdout
    assert failed.stdout.endswith("2 tests, 1 failed\n")


def test_json_and_junit_are_for_programs(files, invoke):
    path = files(GOOD, BAD)

    rows = json.loads(invoke(path, "--output", "json").stdout)
    suite = invoke(path, "--output", "junit").stdout

    assert [row["passed"] for row in rows] == [True, False]
    assert rows[1]["differences"] == [{"field": "owner", "expected": "msp", "got": "internal", "line": 5}]
    assert suite.startswith('<testsuite name="tandem agreement test" tests="2" failures="1">\n')
    assert '<failure message="owner: expected msp, got internal"/>' in suite


def test_a_file_that_is_wrong_is_told_on_stderr(files, invoke):
    answer = invoke(files("  - {name: x}\n"))

    assert answer.exit_code == 1
    assert "this is missing" in answer.stderr
