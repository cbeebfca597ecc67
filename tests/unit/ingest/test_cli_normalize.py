"""`tandem ingest`: one line out for each line in, in the same order, with the keys others rely on."""

from __future__ import annotations

import base64
import json

import pytest
from typer.testing import CliRunner

from tandem.cli.ingest import app
from tandem_ingest.vendors.catalogue import CATALOGUE

KEYS = {
    "title", "status", "severity", "severity_word", "host", "occurred_at", "dedup_key", "customer", "url", "labels",
}  # fmt: skip


def normalize(lines: list[object]) -> list[dict]:
    raw = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    result = CliRunner().invoke(app, ["normalize", "-"], input=raw)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_vendors_prints_the_slugs() -> None:
    result = CliRunner().invoke(app, ["vendors"])

    assert result.stdout.split() == list(CATALOGUE)


def test_vendors_as_json() -> None:
    rows = json.loads(CliRunner().invoke(app, ["vendors", "--output", "json"]).stdout)

    assert {row["slug"]: row["kind"] for row in rows}["wazuh"] == "siem"


def test_lines_come_out_in_order_with_exactly_the_promised_keys() -> None:
    found = normalize([{"vendor": "generic", "headers": {}, "body": json.dumps({"title": f"t{i}"})} for i in range(5)])

    assert [line["alerts"][0]["title"] for line in found] == [f"t{i}" for i in range(5)]
    assert all(line.keys() == {"alerts", "quarantined"} for line in found)
    assert all(alert.keys() == KEYS for line in found for alert in line["alerts"])


def test_what_the_body_does_not_say_is_null() -> None:
    (line,) = normalize([{"vendor": "generic", "body": '{"title":"t"}'}])

    assert line == {
        "alerts": [
            {**dict.fromkeys(KEYS), "title": "t", "status": "firing", "severity": "unknown", "labels": {}},
        ],
        "quarantined": None,
    }


def test_a_body_may_be_bytes_in_base64() -> None:
    body = base64.b64encode('{"title":"é"}'.encode("latin-1")).decode()

    (line,) = normalize([{"vendor": "generic", "content_type": "text/plain", "body_b64": body}])

    assert line["alerts"][0]["title"] == "é"


@pytest.mark.parametrize(
    "bad",
    [
        b"not json",
        b"[1,2]",
        b"5",
        b"\xff\xfe",
        {"vendor": "nobody", "body": "{}"},
        {"body": "{}"},
        {"vendor": ["x"], "body": "{}"},
        {"vendor": "generic"},
        {"vendor": "generic", "body": "{"},
        {"vendor": "generic", "body": "\ud800"},
        {"vendor": "generic", "body_b64": "!"},
        {"vendor": "generic", "body": "x" * (1 << 20) + "x"},
        {"vendor": "generic", "body": "[" * 10_000},
        {"vendor": "generic", "headers": ["a"], "body": "{}"},
        {"vendor": "generic", "headers": {"content-encoding": "gzip"}, "body": "{}"},
    ],
    ids=range(15),
)
def test_a_line_that_cannot_be_read_says_so_in_its_place(bad: object) -> None:
    good = {"vendor": "generic", "body": '{"title":"t"}'}

    found = normalize([good, bad, good])

    assert [bool(line["quarantined"]) for line in found] == [False, True, False]
    assert found[1]["alerts"] == []


def test_files_are_read_in_the_dialect_named(tmp_path) -> None:
    body = tmp_path / "wazuh.json"
    body.write_text('{"rule":{"level":15,"id":"1","description":"root login"},"agent":{"id":"001","name":"web1"}}')

    result = CliRunner().invoke(app, ["normalize", "--vendor", "wazuh", str(body), str(body)])

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["alerts"][0]["severity"] for line in lines] == ["critical", "critical"]


MAPPING = """
alert:
  title: "{$.what} on {$.where}"
  severity: {from: $.level, words: {critical: [boom]}}
"""


def test_files_are_read_by_a_mapping(tmp_path) -> None:
    mapping, body = tmp_path / "mapping.yaml", tmp_path / "body.txt"
    mapping.write_text(MAPPING)
    body.write_text("what=Disk+full&where=nas1&level=boom")

    result = CliRunner().invoke(app, ["normalize", "--mapping", str(mapping), str(body)])

    (alert,) = json.loads(result.stdout)["alerts"]
    assert (alert["title"], alert["severity"], alert["severity_word"]) == ("Disk full on nas1", "critical", "boom")


def test_lines_are_read_by_a_mapping_whatever_vendor_they_name(tmp_path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING)
    line = json.dumps({"vendor": "generic", "body": {"what": "a", "where": "b"}}).encode()

    result = CliRunner().invoke(app, ["normalize", "--mapping", str(mapping), "-"], input=line)

    assert json.loads(result.stdout)["alerts"][0]["title"] == "a on b"


def test_a_mapping_is_checked_with_every_problem_at_its_place(tmp_path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(MAPPING)
    bad.write_text("each: alerts\nalert: {titel: x}\n")

    passed = CliRunner().invoke(app, ["mapping", "check", str(good)])
    failed = CliRunner().invoke(app, ["mapping", "check", str(bad), str(good)])

    assert (passed.exit_code, passed.stdout) == (0, "no problems\n")
    assert failed.exit_code == 1
    assert f"{bad}:1:7: each: write $.alerts for a path" in failed.stdout
    assert f'{bad}:2:9: alert: unknown key "titel"; did you mean "title"?' in failed.stdout


def test_the_schema_of_mappings_is_json_schema() -> None:
    schema = json.loads(CliRunner().invoke(app, ["mapping", "schema"]).stdout)

    assert schema["required"] == ["alert"]
    assert schema["properties"].keys() >= {"each", "variants", "delivery_id"}


def test_a_table_for_people(tmp_path) -> None:
    body = tmp_path / "body.json"
    body.write_text('[{"title":"Disk full","host":"srv1"}, 5]')

    result = CliRunner().invoke(app, ["normalize", "--vendor", "generic", "--output", "table", str(body)])

    assert result.stdout.splitlines()[0].split() == ["firing", "unknown", "srv1", "Disk", "full"]
    assert "unreadable" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["normalize", "--mapping", "/no/x", "-"],
        ["normalize", "--vendor", "nobody", "x"],
        ["normalize", "x"],
        ["normalize", "--vendor", "generic", "/no/x"],
    ],
)
def test_a_wrong_call_is_a_usage_error(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2
