"""Two agreements over the same alerts: what is otherwise, who is woken, and that memory stays bounded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.load import load_provider, load_tenant
from tandem.cli.outlook import first_people
from tandem.errors import PoisonRecord
from tandem_router.backtest import Comparison, Side, summary
from tandem_router.nights import night_of
from tandem_router.replay import Replay
from tests.unit.router.world import NIGHT, NOON, PROVIDER, TENANT, agreement, alert, clear

MINUTE = timedelta(minutes=1)


def changed(*replacements: tuple[str, str]) -> Agreement:
    """The example with changes in its text."""
    text = TENANT.replace("KIND", "co-managed")
    for was, now in replacements:
        assert was in text
        text = text.replace(was, now, 1)
    return compile_agreement(load_tenant(text), load_provider(PROVIDER), version=2)


def compare(candidate: Agreement, *alerts, examples: int = 5):
    comparison = Comparison(Side(agreement(), first_people), Side(candidate, first_people), examples=examples)
    for each in alerts:
        comparison.take(each)
    return comparison.report()


MSP_STORAGE = ("{id: storage, function: storage, owner: internal}", "{id: storage, function: storage, owner: msp}")


def test_the_same_agreement_twice_changes_nothing():
    report = compare(agreement(version=2), alert("disk full"), alert("erp down"), alert("nothing known"))

    assert (report["alerts"], report["changed"], report["differences"]) == (3, 0, {})


def test_a_row_that_goes_to_the_other_party_is_told_by_owner_people_and_both_sentences():
    report = compare(changed(MSP_STORAGE), alert("disk full", NOON), alert("erp down", NOON))

    assert (report["alerts"], report["changed"]) == (2, 1)
    (owner,) = report["differences"]["owner"]
    assert (owner["baseline"], owner["candidate"], owner["alerts"]) == ("internal", "msp", 1)
    assert report["differences"]["paged"][0]["baseline"] == "ann"
    assert report["differences"]["paged"][0]["candidate"] == "mo"
    (example,) = owner["examples"]
    assert example["title"] == "disk full"
    assert example["baseline"]["sentence"].startswith("P2 storage, owned by internal")
    assert example["candidate"]["sentence"].startswith("P2 storage, owned by msp")
    assert list(summary(report))[:3] == [
        "2 alerts, 1 would have been otherwise",
        "owner:",
        '  internal -> msp: 1 alert, e.g. "disk full" at 2026-11-17T17:00:00Z',
    ]


def test_pages_are_counted_by_person_and_night():
    report = compare(
        changed(("track: ops, layers: [{people: [ann]", "track: ops, layers: [{people: [bob]")),
        alert("disk full", NOON, dedup_key="1"),
        alert("disk full", NIGHT, dedup_key="2"),
        alert("disk full", NIGHT + MINUTE, dedup_key="3"),
    )

    assert report["pages"]["people"] == [
        {"person": "ann", "baseline": {"day": 1, "night": 0}, "candidate": {"day": 0, "night": 0}},
        {"person": "bob", "baseline": {"day": 0, "night": 0}, "candidate": {"day": 1, "night": 0}},
        {"person": "mo", "baseline": {"day": 0, "night": 2}, "candidate": {"day": 0, "night": 2}},
    ]
    assert report["pages"]["nights"] == [{"person": "mo", "night": "2026-11-16", "baseline": 2, "candidate": 2}]


def test_alerts_of_one_incident_page_once():
    first = alert("disk full", NOON)

    report = compare(
        agreement(version=2),
        first,
        alert("disk full", NOON + MINUTE),
        clear(first, NOON + 2 * MINUTE),
        alert("disk full", NOON + 3 * MINUTE),
    )

    assert (report["pages"]["baseline"], report["pages"]["candidate"]) == (1, 1)


def test_an_incident_that_becomes_urgent_pages_those_who_were_not_paged_before():
    report = compare(
        agreement(version=2),
        alert("switch down", NOON, host="sw10", dedup_key="10"),
        alert("switch down", NOON + MINUTE, host="sw20", dedup_key="20"),
    )

    assert {person["person"] for person in report["pages"]["people"]} == {"ann", "mo"}


def test_the_same_alerts_give_the_same_report():
    alerts = [
        alert(title, NIGHT + n * MINUTE, dedup_key=str(n)) for n, title in enumerate(["disk full", "erp", "mail"] * 9)
    ]

    assert compare(changed(MSP_STORAGE), *alerts) == compare(changed(MSP_STORAGE), *alerts)


def test_examples_are_bounded_and_the_count_is_not():
    alerts = [alert("disk full", NOON + n * MINUTE, dedup_key=str(n)) for n in range(20)]

    (owner,) = compare(changed(MSP_STORAGE), *alerts, examples=2)["differences"]["owner"]

    assert (owner["alerts"], len(owner["examples"])) == (20, 2)


def test_a_long_stream_keeps_a_bounded_number_of_incidents():
    replay = Replay(agreement(), most_incidents=10)

    for number in range(50):
        replay.take(alert("disk full", NOON + number * MINUTE, dedup_key=str(number)))

    assert 38 <= replay.forgotten <= 40
    assert replay.take(alert("disk full", NOON + 51 * MINUTE, dedup_key="49")).outcome == "repeated"
    assert replay.take(alert("disk full", NOON + 52 * MINUTE, dedup_key="0")).outcome == "opened"


def test_what_cleared_is_over_when_its_hold_down_is_and_fires_as_a_new_cycle():
    replay, first = Replay(agreement()), alert("disk full", NOON)

    outcomes = [
        replay.take(each).outcome
        for each in (first, clear(first, NOON + MINUTE), alert("disk full", NOON + timedelta(minutes=30)))
    ]

    assert outcomes == ["opened", "cleared", "reopened"]


def test_an_alert_of_another_client_is_refused():
    with pytest.raises(PoisonRecord, match="globex"):
        Replay(agreement()).take(alert("disk full", tenant="globex"))


@pytest.mark.parametrize(
    ("at", "night"),
    [
        (datetime(2026, 11, 18, 2, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 18, 3, 0, tzinfo=UTC), date(2026, 11, 17)),
        (datetime(2026, 11, 18, 11, 59, tzinfo=UTC), date(2026, 11, 17)),
        (datetime(2026, 11, 18, 12, 0, tzinfo=UTC), None),
    ],
)
def test_a_night_is_from_ten_to_seven_on_the_wall_clock_and_called_by_its_evening(at, night):
    assert night_of(at, ZoneInfo("America/New_York")) == night
