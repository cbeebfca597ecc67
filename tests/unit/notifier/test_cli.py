"""``tandem oncall`` from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.cli.oncall import app

EXAMPLES = Path(__file__).parents[3] / "deploy" / "agreement"
SCHEDULES = """
schedules:
  - id: desk
    zone: America/New_York
    party: msp
    track: ops
    layers:
      - {people: [ann, bob], unit: week, anchor: "2026-10-26T09:00:00"}
  - id: nobody
    zone: UTC
    party: internal
    track: ops
"""


@pytest.fixture
def run():
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "schedules.yaml"
    path.write_text(SCHEDULES)
    return str(path)


def test_a_timeline_is_json_with_utc_instants(run, file):
    result = run(
        *("timeline", "--agreement", file, "--schedule", "desk", "--output", "json"),
        *("--from", "2026-10-31T00:00:00Z", "--to", "2026-11-03T00:00:00Z"),
    )

    assert result.exit_code == 0
    assert json.loads(result.stdout) == [
        {"start": "2026-10-31T00:00:00Z", "end": "2026-11-02T14:00:00Z", "people": ["ann"], "layer": 0},
        {"start": "2026-11-02T14:00:00Z", "end": "2026-11-03T00:00:00Z", "people": ["bob"], "layer": 0},
    ]


def test_who_names_the_person_of_the_instant(run, file):
    at = "2026-11-05T12:00:00-05:00"

    result = run("who", "--agreement", file, "--party", "msp", "--track", "ops", "--at", at, "--output", "json")

    (row,) = json.loads(result.stdout)
    assert (row["schedule"], row["people"], row["at"]) == ("desk", ["bob"], "2026-11-05T17:00:00Z")
    assert result.exit_code == 0


def test_a_schedule_with_nobody_on_call_is_the_answer_no(run, file):
    result = run("who", "--agreement", file, "--at", "2026-11-05T12:00:00Z")

    assert result.exit_code == 1
    assert "nobody" in result.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("timeline", "--schedule", "none", "--from", "2026-01-01T00:00Z", "--to", "2026-01-02T00:00Z"),
        ("timeline", "--schedule", "desk", "--from", "2026-01-02T00:00Z", "--to", "2026-01-01T00:00Z"),
        ("timeline", "--schedule", "desk", "--from", "soon", "--to", "2026-01-01T00:00Z"),
        ("who", "--schedule", "desk", "--party", "internal"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(run, file, words):
    result = run(*words, "--agreement", file)

    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


def test_escalate_shows_the_whole_ladder_of_an_unanswered_alert(run, tmp_path):
    alert = tmp_path / "alert.json"
    alert.write_text(json.dumps({"title": "Site down", "severity": "critical", "kind": "rmm", "vendor": "ninjaone"}))

    result = run(
        *("escalate", "--agreement", str(EXAMPLES / "harborlight.yaml"), "--alert", str(alert)),
        *("--at", "2026-11-20T15:00:00Z", "--output", "json"),
    )

    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)
    assert rows[0]["after_s"] == 0
    assert {"page"} <= {row["kind"] for row in rows}
    assert [row["after_s"] for row in rows] == sorted(row["after_s"] for row in rows)
