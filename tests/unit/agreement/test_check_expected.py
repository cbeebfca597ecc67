"""``tandem agreement check`` on expected signals: every fault in words, at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tandem.agreement.load import load_tenant
from tandem.errors import AgreementError

Check = Callable[..., list]


def expected(**keys: str) -> str:
    said = {"id": "nightly", "every": "1h"} | keys
    return f"expected:\n  - {{{', '.join(f'{key}: {value}' for key, value in said.items() if value)}}}\n"


WAYS = "integrations:\n  - {name: erp, vendor: generic}\n"


def about(problems: list, *words: str) -> list:
    return [problem for problem in problems if all(word in problem.message for word in words)]


def refused(text: str) -> str:
    with pytest.raises(AgreementError) as fault:
        load_tenant(text)
    return str(fault.value)


def test_sound_checks_say_nothing(small: str, check: Check):
    more = '  - {id: sundays, days: [sun], by: "06:00"}\n  - {id: job, cron: "30 2 * * *", grace: 1h}\n'

    assert about(check(small + expected() + more), "expected") == about(check(small), "expected")


@pytest.mark.parametrize(
    ("section", "says"),
    [
        (expected(every=""), "say when it is due by exactly one of every, by (with days) or cron (here: none)"),
        (expected(by='"06:00"'), "(here: every, by)"),
        (expected(every="10s"), "too short"),
        (expected(every="quartr"), 'did you mean "quarter"'),
        (expected(every="", cron='"61 * * * *"'), "is no minute of a cron line"),
        (expected(every="", days="[sun]", cron='"0 6 * * sun"'), "days goes with by"),
        (expected(what="backup"), "a backup is of an asset"),
        (expected(what="volume", every=""), "a volume is counted of one of integration: NAME or vendor: NAME"),
        (expected(what="volume", integration="erp"), "every does not go with what: volume"),
        (expected(severity="hot"), "is no severity"),
        (expected(at_least="3"), "go with what: volume"),
        ("expected:\n  - {id: a, every: 1h, from: {match: {title: ok}}}\n", "say whose alerts"),
        ("expected:\n  - {id: a, every: 1h, from: {vendor: veeam, match: {colour: red}}}\n", "an alert has no field"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_read(small: str, section: str, says: str):
    assert says in refused(small + section)


@pytest.mark.parametrize(
    ("section", "says", "place"),
    [
        (expected(what="backup", asset="fils"), 'there is no asset "fils"', "asset"),
        (WAYS + expected(integration="nowhere"), 'there is no integration "nowhere"', "integration"),
        (expected(every="", cron='"0 0 30 2 *"'), "this is never due", "cron"),
        (expected(every="", by='"06:00"', grace="25h"), "a grace of 25h runs into the next deadline", "grace"),
        (expected(every="", cron='"*/5 * * * *"', grace="10m"), "only 5m later", "grace"),
        (
            "expected:\n  - {id: v, what: volume, integration: nowhere, hours: [{days: mon, from: '09:00', to: '09:30'}]}\n",
            "this is never due",
            "hours",
        ),
        (WAYS + "expected:\n  - {id: a, every: 1h, from: {integration: nowhere}}\n", "no integration", "integration"),
    ],
)
def test_what_does_not_fit_the_rest_is_said_at_its_line(small: str, check: Check, section: str, says: str, place: str):
    text = small + section

    (found,) = about(check(text), says)

    line = text.splitlines()[found.line - 1]
    assert (found.level, found.file) == ("error", "a.yaml")
    assert place in line


def test_an_integration_that_the_document_does_not_list_may_be_made_by_hand(small: str, check: Check):
    (found,) = about(check(small + expected(integration="nowhere")), "no integration")

    assert found.level == "warning"


def test_an_id_stands_once(small: str, check: Check):
    assert about(check(small + expected() + "  - {id: nightly, every: 2h}\n"), "is already in line")


def test_a_providers_standard_row_holds_for_every_client_that_does_not_replace_it(small: str, compiled: Callable):
    provider = (
        "schema: tandem/provider/v1\nprovider: {id: msp, name: MSP}\nexpected:\n"
        "  - {id: rmm-talks, what: volume, vendor: ninjaone}\n  - {id: agent, every: 1h}\n"
    )

    checks = compiled(small + "expected:\n  - {id: agent, every: 15m}\n", provider).expected.checks

    assert {name: check.period for name, check in checks.items()} == {
        "agent": "every 15m",
        "rmm-talks": "1 an hour, always",
    }
