"""What stored alerts say about an agreement: words it does not know, busy classes without a runbook."""

from __future__ import annotations

from datetime import timedelta

from tandem.agreement.compile import compile_agreement
from tandem.agreement.load import load_provider, load_tenant
from tandem.model.alert import Severity
from tandem_router.retrospect import MOST_WORDS, Retrospect
from tests.unit.router.world import NOON, PROVIDER, TENANT, agreement, alert

DAY = timedelta(days=1)


def look(*alerts, at=None) -> Retrospect:
    retrospect = Retrospect(at or agreement())
    for each in alerts:
        retrospect.take(each)
    return retrospect


def steamy(at, **facts):
    return alert(
        "disk full", at, **{"severity": Severity.UNKNOWN, "severity_word": "steamy", "vendor": "fishtank", **facts}
    )


def test_a_word_that_no_table_knows_is_told_with_its_first_day_its_count_and_an_example():
    (found,) = look(steamy(NOON, host="tank1"), steamy(NOON + DAY), alert("disk full")).unmapped()

    assert found.section == "priorities"
    assert str(found) == (
        'severity "steamy" of fishtank: unmapped since 2026-11-17, 2 alerts, e.g. "disk full" on tank1'
    )


def test_what_no_rule_takes_and_a_site_that_does_not_exist_are_told():
    found = look(alert("aquarium", labels={"site": "atlantis"})).unmapped()

    assert {each.section: each.what for each in found} == {
        "classification": "no rule takes some alerts of generic (rmm)",
        "sites": 'site "atlantis"',
    }


def test_a_function_without_a_row_is_told():
    text = TENANT.replace("KIND", "co-managed").replace("  - {id: storage, function: storage, owner: internal}\n", "")
    bare = compile_agreement(load_tenant(text), load_provider(PROVIDER), version=1)

    (found,) = look(alert("disk full"), at=bare).unmapped()

    assert (found.section, found.what) == ("matrix", 'no row takes some alerts of "storage"')


def test_a_kind_of_tool_that_a_function_does_not_name_is_told():
    text = TENANT.replace("KIND", "co-managed").replace("name: Storage}", "name: Storage, kinds: [backup]}")
    narrow = compile_agreement(load_tenant(text), load_provider(PROVIDER), version=1)

    assert "functions" in {each.section for each in look(alert("disk full"), at=narrow).unmapped()}


def test_the_busiest_classes_without_a_runbook_are_told_in_order():
    text = TENANT.replace("KIND", "co-managed").replace(
        "{id: mail, function: mail, owner: msp}",
        "{id: mail, function: mail, owner: msp, runbook: https://wiki.example/mail}",
    )
    guided = compile_agreement(load_tenant(text), load_provider(PROVIDER), version=1)

    found = look(*[alert("mail")] * 3, *[alert("disk full")] * 2, alert("switch down"), at=guided).without_runbook()

    assert [(each.place, each.function, each.alerts) for each in found] == [(2, "storage", 2), (3, "network", 1)]
    assert str(found[1]) == ('number 3 of the busiest classes has no runbook: network, lan, 1 alert, row "network"')


def test_a_flood_of_invented_words_takes_no_more_than_its_room():
    retrospect = look(*(steamy(NOON, severity_word=f"word {number}") for number in range(MOST_WORDS + 50)))

    assert len(retrospect.unmapped()) == MOST_WORDS
    assert retrospect.alerts == MOST_WORDS + 50
