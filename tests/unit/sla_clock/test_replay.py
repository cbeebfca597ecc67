"""``tandem sla replay``: a file of facts becomes clocks, by the production fold and any agreement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tandem.cli.sla import app
from tests.support.sla import OFFICE_AND_DESK

EXAMPLE = {
    "tenant": "acme",
    "incident_id": "0193a1f0-0000-7000-8000-000000000001",
    "owner": "msp",
    "responsible_party": "msp",
    "priority": "P1",
}
DAY = "2026-11-20T"


@pytest.fixture
def agreement(tmp_path: Path) -> Path:
    file = tmp_path / "acme.yaml"
    file.write_text(OFFICE_AND_DESK.replace("KIND", "co-managed"), "utf-8")
    return file


def line(version: int, fact: str, at: str, party: str | None = None, **more: Any) -> dict[str, Any]:
    return EXAMPLE | {
        "version": version,
        "fact": fact,
        "effective_at": f"{DAY}{at}:00Z",
        "received_at": f"{DAY}{at}:00Z",
        "party": party,
        "person": party and f"{party}-person",
        "data": {},
        **more,
    }


def opened(at: str = "14:05", occurred: str = "14:00", **more: Any) -> dict[str, Any]:
    alert = {"occurred_at": f"{DAY}{occurred}:00Z", "received_at": f"{DAY}{at}:00Z", "dedup_key": "disk"}
    return line(1, "opened", at, alert=alert, **more)


def replay(agreement: Path, lines: list[Any], *options: str) -> Result:
    text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    return CliRunner().invoke(app, ["replay", "--agreement", str(agreement), "--input", "-", *options], input=text)


def clocks(result: Result) -> dict[tuple[str, str, int], dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return {(row["clock"], row["party"], row["cycle"]): row for row in json.loads(result.stdout)}


def e01() -> list[dict[str, Any]]:
    return [
        opened(),
        line(2, "acknowledged", "14:25", "msp"),
        line(3, "joined", "14:50", "internal"),
        line(4, "joined", "14:58", "msp"),
        line(5, "resolved", "17:30", "msp"),
    ]


def test_the_clocks_of_e01_have_the_shape_of_the_contract(agreement: Path):
    found = clocks(replay(agreement, e01()))

    assert found["resolution", "msp", 1] == {
        "incident_id": EXAMPLE["incident_id"],
        "clock": "resolution",
        "party": "msp",
        "cycle": 1,
        "start": "2026-11-20T14:05:00Z",
        "due": "2026-11-20T18:05:00Z",
        "state": "met",
        "stop": "2026-11-20T17:30:00Z",
        "counted_s": 12300,
        "breached_at": None,
        "flags": [],
        "priority": "P1",
        "target_s": 14400,
        "calendar": "24x7",
    }
    assert {key: (row["state"], row["counted_s"]) for key, row in found.items()} == {
        ("detect", "msp", 1): ("met", 300),
        ("response", "msp", 1): ("met", 1200),
        ("joint_call", "internal", 1): ("met", 2700),
        ("joint_call", "msp", 1): ("met", 3180),
        ("resolution", "msp", 1): ("met", 12300),
    }


def test_lines_may_come_in_any_order(agreement: Path):
    assert clocks(replay(agreement, e01()[::-1])) == clocks(replay(agreement, e01()))


def test_a_file_is_read_like_standard_input(agreement: Path, tmp_path: Path):
    file = tmp_path / "facts.jsonl"
    file.write_text("\n".join(json.dumps(each) for each in e01()), "utf-8")

    result = CliRunner().invoke(app, ["replay", "--agreement", str(agreement), "--input", str(file)])

    assert clocks(result) == clocks(replay(agreement, e01()))


def test_business_hours_are_the_agreements(agreement: Path):
    night = EXAMPLE | {"owner": "internal", "responsible_party": "internal", "priority": "P3"}

    found = clocks(replay(agreement, [opened("21:30", "21:30") | night]))

    assert found["response", "internal", 1]["due"] == "2026-11-23T17:30:00Z"
    assert found["response", "internal", 1]["calendar"] == "office"


def test_the_look_is_at_the_latest_instant_of_the_input(agreement: Path):
    assert clocks(replay(agreement, [opened()]))["response", "msp", 1]["state"] == "running"
    later = [opened(), line(2, "noted", "14:36")]
    assert clocks(replay(agreement, later))["response", "msp", 1]["breached_at"] == "2026-11-20T14:35:00Z"


def test_at_an_earlier_instant_only_what_was_known_counts(agreement: Path):
    found = clocks(replay(agreement, e01(), "--at", f"{DAY}14:30:00Z"))

    assert found["response", "msp", 1]["state"] == "met"
    assert found["joint_call", "internal", 1]["state"] == "running"
    assert found["resolution", "msp", 1]["counted_s"] == 1500


def test_several_incidents_keep_their_own_names(agreement: Path):
    lines = [opened() | {"incident_id": "one"}, opened() | {"incident_id": "two"}]

    result = replay(agreement, lines)

    assert [row["incident_id"] for row in json.loads(result.stdout)] == ["one"] * 5 + ["two"] * 5


def test_what_a_line_leaves_out_is_as_before_and_versions_count_by_line(agreement: Path):
    short = [
        opened(),
        {"incident_id": EXAMPLE["incident_id"], "fact": "resolved", "effective_at": f"{DAY}14:15:00Z", "party": "msp"},
    ]

    assert clocks(replay(agreement, short))["response", "msp", 1]["flags"] == ["implied_by=resolve"]


def test_a_blocking_request_pauses(agreement: Path):
    data = {"to_party": "internal", "obligation": "approval", "obligation_id": "o1", "blocking": True}

    found = clocks(replay(agreement, [opened(), line(2, "requested", "15:00", "msp", data=data)]))

    assert (found["resolution", "msp", 1]["state"], found["resolution", "msp", 1]["due"]) == ("paused", None)
    assert found["obligation.approval", "internal", 1]["due"] == "2026-11-20T15:15:00Z"


def test_unknown_keys_and_facts_that_no_clock_minds_are_passed_over(agreement: Path):
    lines = [opened(novelty={"a": [1]}), line(2, "snoozed", "14:06", "msp", data={"later": 1}), "", "  "]

    assert len(clocks(replay(agreement, lines))) == 5


def test_people_may_read_a_table(agreement: Path):
    result = replay(agreement, e01(), "--output", "table")

    assert result.exit_code == 0
    assert "resolution" in result.stdout
    assert "joint_call" in result.stdout


def test_no_facts_are_no_clocks(agreement: Path):
    assert json.loads(replay(agreement, []).stdout) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{not json"], "line 1"),
        (["[1, 2]"], "line 1"),
        ([opened(), "NaN"], "line 2"),
        ([opened(), line(2, "exploded", "14:06")], "line 2: fact"),
        ([opened(), line(2, "noted", "14:99")], "line 2: effective_at"),
        (["[" * 100_000], "line 1"),
        ([line(1, "acknowledged", "14:06", "msp")], "never opened"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(agreement: Path, lines: list[Any], said: str):
    result = replay(agreement, lines)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_an_instant_that_is_none_is_refused(agreement: Path):
    assert replay(agreement, e01(), "--at", "soon").exit_code == 2


def test_an_agreement_with_faults_is_refused_with_them(agreement: Path):
    agreement.write_text("schema: tandem/agreement/v1\ntenant: {id: A}\n", "utf-8")

    result = replay(agreement, e01())

    assert result.exit_code == 1
    assert "acme.yaml:2:" in result.stderr
