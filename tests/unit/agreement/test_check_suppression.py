"""``tandem agreement check`` on windows, silences and inhibitions: every fault in words, at its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tandem.agreement.lint import lint_tenant
from tandem.agreement.load import load_tenant, tenant_source
from tandem.errors import AgreementError

Check = Callable[..., list]
WHO = "reason: Patches, owner: ann"


def window(**more: str) -> str:
    said = {"weekly": '[{days: sat, from: "22:00", to: "02:00"}]', "site": "hq"} | more
    return f"maintenance:\n  - {{id: patch, name: Patching, {WHO}, {', '.join(f'{k}: {v}' for k, v in said.items() if v)}}}\n"


def inhibit(*rules: str) -> str:
    return "inhibit:\n" + "".join(f"  - {{{rule}}}\n" for rule in rules)


def refused(text: str) -> str:
    with pytest.raises(AgreementError) as fault:
        load_tenant(text)
    return str(fault.value)


def about(problems: list, *words: str) -> list:
    return [problem for problem in problems if all(word in problem.message for word in words)]


def test_a_sound_window_says_nothing(small: str, check: Check):
    assert about(check(small + window()), "patch") == []


@pytest.mark.parametrize(
    ("section", "says"),
    [
        (window(site=""), "say what it holds"),
        (window(everything="true"), "contradict each other"),
        (window(weekly=""), "say when"),
        (window(rrule="FREQ=SECONDLY", start="2026-11-20T01:00", length="1h", weekly=""), "shortest is FREQ=HOURLY"),
        (window(rrule="FREQ=DAILY", weekly=""), "rrule, start and length belong together"),
        (window(rrule="FREQ=DAILY", start="2026-11-20T01:00Z", length="1h", weekly=""), "wall time of the zone"),
        (window(rrule="FREQ=DAILY", start="2026-11-20T01:00", length="40d", weekly=""), "at most 31 days"),
        (window(once="{from: 2026-11-20T10:00, to: 2026-11-20T09:00}", weekly=""), "ends before it begins"),
        (window(kind="router"), "no tool is of kind"),
        (window(once="{from: 0001-01-01T00:00, to: 0001-01-01T01:00}", weekly=""), "the year 1 is too far away"),
        (window(effective_until="9999-12-31T00:00"), "the year 9999 is too far away"),
        (window(kinds="siem"), 'did you mean "kind"'),
        (f"silences:\n  - {{id: s, from: 2026-11-20T10:00, site: hq, {WHO}}}\n", "silences[1].to: this is missing"),
        (
            f"silences:\n  - {{id: s, from: 2026-11-20T10:00, to: 2026-12-25T10:00, site: hq, {WHO}}}\n",
            "at most 30 days",
        ),
        (inhibit("id: i, source: {kind: rmm}, target: {function: servers}"), "an incident has no kind"),
        (inhibit("id: i, source: {}, target: {function: servers}"), "say which incident mutes"),
        (inhibit("id: i, source: {function: siem}, target: {}"), "say which alerts are muted"),
    ],
)
def test_a_shape_that_cannot_be_meant_is_refused(small: str, section: str, says: str):
    assert says in refused(small + section)


@pytest.mark.parametrize(
    ("section", "says"),
    [
        (window(site="hqq"), 'there is no site "hqq"; did you mean "hq"?'),
        (window(site="", asset="srv2"), 'there is no asset "srv2"; did you mean "srv1"?'),
        (window(site="", function="server"), 'there is no function "server"; did you mean "servers"?'),
        (window(site="", asset_tag="gld"), 'there is no asset tag "gld"; did you mean "gold"?'),
        (window(owner="an").replace("owner: ann, ", ""), 'there is no person "an"'),
    ],
)
def test_what_does_not_exist_is_named_with_what_was_perhaps_meant(small: str, check: Check, section: str, says: str):
    assert about(check(small + section), says)


def test_a_local_time_that_does_not_exist_is_explained_with_its_date(small: str, check: Check):
    text = window(weekly='[{days: sun, from: "02:30", to: "04:00"}]', zone="America/New_York")

    (problem,) = about(check(small + text), "does not exist")

    assert problem.level == "warning"
    assert "02:30 does not exist on 8 March 2026 in America/New_York" in problem.message
    assert "patch starts 03:00 on that day" in problem.message


def test_a_window_that_never_comes_and_one_that_is_over_are_told(small: str, check: Check):
    never = window(weekly="", rrule="FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", start="2026-01-01T01:00", length="1h")
    over = window(weekly="", once="{from: 2026-01-01T01:00, to: 2026-01-01T02:00}")

    assert about(check(small + never), "this window never comes")
    found = lint_tenant(tenant_source(small + over, file="a.yaml"), on=datetime(2026, 11, 20, tzinfo=UTC))
    assert about(found, "never comes again")


def test_a_window_of_more_than_a_week_is_questioned(small: str, check: Check):
    text = window(weekly="", once="{from: 2026-11-01T00:00, to: 2026-11-20T00:00}")

    assert about(check(small + text), "19 days long")


def test_two_of_one_id_are_told(small: str, check: Check):
    twice = window() + window().removeprefix("maintenance:\n")

    assert about(check(small + twice), 'the id "patch" is already in line')


def test_an_inhibition_that_mutes_its_own_source_is_refused(small: str, check: Check):
    rule = "id: loop, source: {function: servers}, target: {site: hq}"

    (problem,) = about(check(small + inhibit(rule)), "mutes its own source")

    assert problem.level == "error"


def test_inhibitions_in_a_circle_are_refused_once(small: str, check: Check):
    rules = (
        "id: a, source: {function: servers}, target: {function: siem}",
        "id: b, source: {function: siem}, target: {function: servers}",
    )

    (problem,) = about(check(small + inhibit(*rules)), "in a circle")

    assert '"a" mutes what opens "b" mutes what opens "a"' in problem.message


def test_a_provider_alone_cannot_consent_to_hold_a_p1(check_provider: Check):
    text = (
        "provider: {id: msp, name: MSP}\nschema: tandem/provider/v1\nfunctions: [{id: patching, name: Patching}]\n"
        "maintenance:\n  - {id: w, name: W, function: patching, allow_suppress_p1: true, reason: x, owner: o,"
        ' weekly: [{days: sat, from: "01:00", to: "02:00"}]}\n'
    )

    assert about(check_provider(text), "one signature")
