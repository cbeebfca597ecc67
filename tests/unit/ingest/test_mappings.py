"""A mapping document says where an alert stands in a body that no adapter knows; what it does not find stays empty."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tandem.model.alert import VendorAlert
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors.mapping import paths
from tandem_ingest.vendors.mapping.load import load
from tandem_ingest.vendors.mapping.look import Look

BODY = {
    "site": "Lyon",
    "Job ID": 7,
    "tags": [{"name": "os", "value": "linux"}, {"name": "Severity", "value": "high"}],
    "entity": json.dumps({"summary": "Offline", "company": {"identifier": "ACME"}}),
    "hosts": ["a", "b"],
    "empty": "",
    "note": "Ticket 5\nCustomer: Acme: Lyon\nDevice name : SRV-1\nMissing:\n",
    "nothing": None,
    "deep": {"er": {"name": "x", "inner": {"name": "y"}}},
}


def alerts(mapping: str, body: object, **headers: str) -> list[VendorAlert]:
    return load(mapping).read(body, headers)


def alert(mapping: str, body: object = BODY, **headers: str) -> VendorAlert:
    (found,) = alerts(mapping, body, **headers)
    return found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.site", ["Lyon"]),
        ("$['Job ID']", [7]),
        ("$.job_id", [7]),
        ("$.hosts[0]", ["a"]),
        ("$.hosts[-1]", ["b"]),
        ("$.hosts[9]", []),
        ("$.hosts[*]", ["a", "b"]),
        ("$.site[0]", ["Lyon"]),
        ("$.tags[name=severity].value", ["high"]),
        ("$.tags[name='OS'].value", ["linux"]),
        ("$.tags[*].value", ["linux", "high"]),
        ("$.entity.company.identifier", ["ACME"]),
        ("$..name", ["os", "Severity", "x", "y"]),
        ("$.deep.*.name", ["x"]),
        ("$.nothing", []),
        ("$.note.customer", ["Acme: Lyon"]),
        ("$.note['Device Name']", ["SRV-1"]),
        ("$.note.Missing", []),
        ("$..DeviceName", []),
        ("$.site.x.y", []),
        ("$body.site", ["Lyon"]),
        ("$header['x-event']", ["issue"]),
        ("$header.X-Event", ["issue"]),
    ],
)
def test_a_path_finds_what_stands_there(path: str, found: list[object]) -> None:
    look = Look(BODY, {"x-event": "issue"})

    assert sorted(map(str, paths.parse(path).values(look))) == sorted(map(str, found))


@pytest.mark.parametrize(
    "path",
    ["", "x", "$x", "$.", "$..", "$.a..", "$[", "$[]", "$[x]", "$['x]", "$.a b", "$..a..b", "$" + ".a" * 17, "$." + "a" * 400,
     "$header", "$header.a.b", "$header[*]", "$header.authorization", "$header['X-Tandem-Key']", "$[=x]"],
)  # fmt: skip
def test_what_is_no_path_is_said(path: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        paths.parse(path)


def test_the_first_choice_that_says_something_counts() -> None:
    found = alert('alert: {title: [$.nothing, $.empty, $.deep, $.site], host: [$.x, "=srv 1"]}')

    assert (found.title, found.host) == ("Lyon", "srv 1")


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("{$.site}/{$.job_id}", "Lyon/7"),
        ("{$.site}/{$.missing}", None),
        ("{$.site}/{$.missing?}", "Lyon/"),
        ("{$.missing | $.site}", "Lyon"),
        ("{{{$.site}}}", "{Lyon}"),
        ("{$.tags[name='os'].value}", "linux"),
        ("{$.hosts}", "a,b"),
    ],
)
def test_a_template_with_an_empty_hole_says_nothing(template: str, key: str | None) -> None:
    assert alert(f'alert: {{title: $.site, dedup_key: "{template}"}}').dedup_key == key


def test_each_says_where_the_alerts_stand_and_a_body_part_is_still_reachable() -> None:
    mapping = "each: [$.x, $.alerts]\nalert: {title: $.t, customer: $body.site}"

    found = alerts(mapping, {"site": "Lyon", "alerts": [{"t": "a"}, {"t": "b"}, json.dumps({"t": "c"})]})

    assert [(each.title, each.customer) for each in found] == [("a", "Lyon"), ("b", "Lyon"), ("c", "Lyon")]


def test_a_body_that_is_a_list_is_one_alert_for_each_element_and_an_odd_one_keeps_its_neighbours() -> None:
    with pytest.raises(Unreadable) as caught:
        alerts("alert: {title: $.t}", [{"t": "a"}, 5, {"t": "b"}])

    assert [each.title for each in caught.value.readable] == ["a", "b"]


def test_a_title_is_the_first_line_that_says_something() -> None:
    assert alert("alert: {title: $}", "\n\n Disk full\non srv1").title == "Disk full"


@pytest.mark.parametrize(
    ("level", "severity", "word"),
    [("Boom", "critical", "Boom"), ("warning", "medium", "warning"), ("odd", "low", "odd"), (None, "low", None), (90, "high", "90")],
)  # fmt: skip
def test_severity_is_read_by_words_then_numbers_then_the_common_words(level, severity, word) -> None:
    mapping = """
alert:
  title: =t
  severity: {from: $.level, words: {critical: [boom]}, at_least: {high: 80, medium: 40}, default: low}
"""
    found = alert(mapping, {"level": level})

    assert (found.severity, found.severity_word) == (severity, word)


@pytest.mark.parametrize(
    ("level", "severity"),
    [(0, "low"), (6, "low"), (7, "medium"), ("12.5", "high"), (15, "critical"), ("40 %", "critical")],
)
def test_a_number_is_the_highest_level_it_reaches(level, severity) -> None:
    mapping = "alert: {title: =t, severity: {from: $.l, at_least: {low: 0, critical: 15, medium: 7, high: 12}}}"

    assert alert(mapping, {"l": level}).severity == severity


def test_a_word_that_is_known_is_not_hidden_by_one_that_is_not() -> None:
    found = alert("alert: {title: =t, severity: [$.a, $.b]}", {"a": "blue", "b": "major"})

    assert (found.severity, found.severity_word) == ("high", "major")


def test_severity_may_be_part_of_a_text() -> None:
    mapping = "alert: {title: $.s, severity: {from: $.s, contains: {medium: ['failed'], critical: ['failed x3']}}}"

    assert [each.severity for each in alerts(mapping, [{"s": "Backup FAILED"}, {"s": "failed x3"}])] == [
        "medium",
        "critical",
    ]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("$.state", "resolved"),
        ("{from: $.state, resolved: [done]}", "firing"),
        ("{from: $.code, resolved: ['30']}", "resolved"),
        ("{resolved_when: {path: $.ended, exists: true}}", "resolved"),
        ("{resolved_when: {path: $.ended, exists: false}}", "firing"),
        ("{firing_when: {path: $.state, is: Closed}, resolved_when: {path: $.code, at_least: 30}}", "firing"),
        ("{resolved_when: {all: [{path: $.code, below: 31}, {path: $.state, starts_with: clo}]}}", "resolved"),
        ("{resolved_when: {any: [{path: $.x, is: a}, {path: $.state, contains: [lose]}]}}", "resolved"),
        ("{resolved_when: {none: [{path: $.state, is: closed}]}}", "firing"),
        ("{from: $.x, default: resolved}", "resolved"),
    ],
)
def test_status_is_read_by_conditions_then_words(status: str, expected: str) -> None:
    body = {"state": "CLOSED", "code": 30, "ended": "2026-11-20T09:00:00Z"}

    assert alert(f"alert: {{title: =t, status: {status}}}", body).status == expected


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ("$.epoch", datetime(2026, 11, 20, 9, 3, tzinfo=UTC)),
        ("{from: $.local, zone: Europe/Paris}", datetime(2026, 11, 20, 8, 0, tzinfo=UTC)),
        ("$.local", None),
        ("{from: $.us, formats: ['%m/%d/%Y %I:%M:%S %p'], zone: America/New_York}", datetime(2026, 11, 20, 19, 0, 5, tzinfo=UTC)),
        ("{from: [$.us, $.epoch]}", datetime(2026, 11, 20, 9, 3, tzinfo=UTC)),
        ("{from: $.off, formats: ['%d %b %Y %H:%M:%S %z']}", datetime(2026, 11, 20, 8, 0, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_times_are_read_in_the_format_and_zone_the_mapping_names(time: str, at: datetime | None) -> None:
    body = {
        "epoch": 1795165380, "local": "2026-11-20 09:00:00", "us": "11/20/2026 02:00:05 PM", "off": "20 Nov 2026 09:00:00 +0100",
    }  # fmt: skip

    assert alert(f"alert: {{title: =t, time: {time}}}", body).occurred_at == at


def test_labels_are_named_or_take_the_name_of_their_path_or_come_all_at_once() -> None:
    assert alert("alert: {title: =t, labels: [$.site, $..er.name, '$.tags[*].value']}").labels == {
        "site": "Lyon", "name": "x", "value": "linux,high",
    }  # fmt: skip
    assert alert("alert: {title: =t, labels: {place: $.site, none: $.x}}").labels == {"place": "Lyon"}
    assert alert("alert: {title: =t, labels: {'*': [$.deep.er], name: =mine}}").labels == {"name": "mine"}


def test_a_variant_says_what_is_other_and_leaves_the_rest() -> None:
    mapping = """
alert: {title: $.t, host: $.h, labels: [$.t]}
variants:
  - {when: {path: $.k, is: backup}, unless: {path: $.dry, is: true}, alert: {title: "Backup: {$.t}", labels: [$.k]}}
"""
    found = alerts(mapping, [{"t": "a", "h": "x", "k": "backup"}, {"t": "b"}, {"t": "c", "k": "backup", "dry": True}])

    assert [(each.title, each.host) for each in found] == [("Backup: a", "x"), ("b", None), ("c", None)]
    assert found[0].labels == {"t": "a", "k": "backup"}


def test_a_test_message_is_marked_and_a_foreign_body_is_not_accepted() -> None:
    mapping = "accepts: {path: $.kind, exists: true}\nalert: {title: $.kind, test: {path: $.kind, is: [test, ping]}}"

    assert [each.test for each in alerts(mapping, [{"kind": "Test"}, {"kind": "real"}])] == [True, False]
    with pytest.raises(Unreadable, match="accepts"):
        alert(mapping, {"x": 1})


def test_the_delivery_is_what_the_mapping_says() -> None:
    reader = load("alert: {title: =t}\ndelivery_id: [$header.x-id, $.id]")

    assert reader.delivery_id({"id": 5}, {}) == "5"
    assert reader.delivery_id({"id": 5}, {"x-id": "a"}) == "a"
    assert load("alert: {title: =t}").delivery_id({"id": 5}, {}) is None


def test_a_mapping_made_to_look_too_much_is_stopped() -> None:
    wide: Any = [{f"k{i}": "x" for i in range(40)} for _ in range(120)]
    mapping = "alert: {title: =t, description: [" + ",".join(["$body..none"] * 16) + "]}"

    with pytest.raises(Unreadable, match="too much"):
        alerts(mapping, wide)


def test_a_large_text_named_by_every_alert_is_stopped() -> None:
    with pytest.raises(Unreadable, match="too much"):
        alerts("each: $.all\nalert: {title: =t, description: $body.big}", {"big": "x" * 900_000, "all": [0] * 4_000})


@pytest.mark.parametrize(
    "part",
    [
        "time: {from: [" + ",".join(["$.t"] * 16) + "], formats: ['%d/%m/%Y %H:%M:%S', '%d-%m-%Y %H:%M:%S']}",
        "severity: {from: ["
        + ",".join(["$.t"] * 16)
        + "], contains: {high: ["
        + ",".join(f"z{i}" for i in range(150))
        + "]}}",
        "labels: {" + ",".join(f"l{i}: [" + ",".join(["$.a.b"] * 16) + "]" for i in range(60)) + "}",
        "test: {path: $.t, contains: [" + ",".join(f"z{i}" for i in range(150)) + "]}",
    ],
)
def test_what_costs_more_than_a_look_counts_as_more(part: str) -> None:
    with pytest.raises(Unreadable, match="too much") as caught:
        alerts(f"each: $.l\nalert: {{title: =t, {part}}}", {"l": [{"t": "1" * 60, "a": {}}] * 4_000})

    assert len(caught.value.readable) < 4_000
