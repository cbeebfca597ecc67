"""``tandem agreement backtest``, ``plan --against`` and ``check --witness-dir`` on files, as a person types them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.cli.agreements import app
from tests.unit.router.world import NOON, PROVIDER, TENANT

STORAGE = "{id: storage, function: storage, owner: internal}"


@pytest.fixture
def files(tmp_path):
    """Two versions of a client beside their provider."""
    (tmp_path / "brightwater.yaml").write_text(PROVIDER, "utf-8")
    text = TENANT.replace("KIND", "co-managed")
    (tmp_path / "old.yaml").write_text(text, "utf-8")
    (tmp_path / "new.yaml").write_text(text.replace(STORAGE, STORAGE.replace("internal", "msp")), "utf-8")
    return tmp_path


def lines(*bodies: object) -> str:
    return "".join(f"{body if isinstance(body, str) else json.dumps(body)}\n" for body in bodies)


def full_disk(minute: int) -> dict[str, str]:
    at = NOON + timedelta(minutes=minute)
    return {"title": "disk full", "dedup_key": str(minute), "received_at": at.isoformat()}


def type_(*words: object, stdin: str = ""):
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


def backtest(files, stdin: str, *more: str):
    arguments = ("--candidate", files / "new.yaml", "--baseline", files / "old.yaml", "--input", "-")
    return type_("backtest", *arguments, *more, stdin=stdin)


def test_alerts_from_a_file_are_decided_twice_and_the_report_is_for_people_or_programs(files):
    stream = lines(full_disk(0), full_disk(1), {"title": "mail", "received_at": NOON.isoformat()})

    table, program = backtest(files, stream), backtest(files, stream, "--output", "json")

    assert (table.exit_code, program.exit_code) == (0, 0)
    assert table.stdout.startswith("3 alerts, 2 would have been otherwise\nowner:\n  internal -> msp: 2 alerts")
    assert "  ann: 2 -> 0 by day, 0 -> 0 at night\n" in table.stdout
    assert json.loads(program.stdout)["differences"]["owner"][0]["alerts"] == 2


def test_the_same_input_gives_the_same_bytes(files):
    stream = lines(*map(full_disk, range(30)))

    assert backtest(files, stream, "--output", "json").stdout == backtest(files, stream, "--output", "json").stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: "),
        ("[1]", "line 2: should be one JSON object"),
        ('{"title": "x"}', "line 2: has no received_at"),
        ('{"title": "x", "received_at": "noon"}', "line 2: received_at 'noon' should be a time"),
        ('{"title": ["x"], "received_at": "2026-11-17T12:00:00Z"}', "line 2: title should be a text"),
        ("[" * 100_000, "line 2: "),
        ('"' + "x" * (1 << 20) + '"', "line 2: longer than 1 MiB"),
    ],
)
def test_a_line_that_cannot_be_read_is_counted_and_told_and_the_others_go_on(files, line, said):
    answer = backtest(files, lines(full_disk(0), line, full_disk(1)))

    assert answer.exit_code == 0
    assert answer.stdout.startswith("2 alerts, 2 would")
    assert said in answer.stderr


def test_agreements_of_two_clients_are_not_compared(files):
    other = (files / "old.yaml").read_text("utf-8").replace("id: acme", "id: globex")
    (files / "new.yaml").write_text(other, "utf-8")

    for answer in (backtest(files, ""), type_("plan", files / "new.yaml", "--against", files / "old.yaml")):
        assert answer.exit_code == 2
        assert "is acme's agreement and" in answer.stderr


def test_an_input_that_is_not_there_is_said_in_one_line(files):
    arguments = ("--candidate", files / "new.yaml", "--baseline", files / "old.yaml", "--input", files / "none")

    answer = type_("backtest", *arguments)

    assert (answer.exit_code, answer.stderr.count("\n")) == (2, 1)


def test_plan_against_a_file_says_what_changed_and_what_is_decided_otherwise(files):
    answer = type_("plan", files / "new.yaml", "--against", files / "old.yaml")
    program = type_("plan", files / "new.yaml", "--against", files / "old.yaml", "--output", "json")
    same = type_("plan", files / "old.yaml", "--against", files / "old.yaml")

    assert answer.stdout.splitlines()[1:] == [
        "  matrix:",
        "    storage: owner internal -> msp",
        "  decided by another row, or otherwise:",
        "    storage: storage -> storage (owner internal -> msp)",
    ]
    assert json.loads(program.stdout)[0]["rows"][0]["alert"]["title"]
    assert (same.exit_code, same.stdout) == (0, "nothing would change\n")


def test_the_examples_of_a_check_are_files_that_explain_takes(files, tmp_path):
    (files / "new.yaml").write_text((files / "old.yaml").read_text("utf-8").replace(f"  - {STORAGE}\n", ""), "utf-8")

    checked = type_("check", files / "new.yaml", "--witness-dir", tmp_path / "examples")
    example = tmp_path / "examples" / "gap-1.json"
    explained = type_("explain", "--agreement", files / "new.yaml", "--alert", example)

    assert checked.exit_code == 1
    assert f"wrote {example}" in checked.stderr
    assert f"--agreement {files / 'new.yaml'} --alert {example}\n" in checked.stdout
    assert "no row of the matrix names it: the safety row takes it" in explained.stdout


def test_with_several_documents_each_command_names_its_own_example(files, tmp_path):
    broken = (files / "old.yaml").read_text("utf-8").replace(f"  - {STORAGE}\n", "")
    (files / "new.yaml").write_text(broken, "utf-8")
    (files / "other.yaml").write_text(broken.replace("id: acme", "id: other", 1), "utf-8")

    checked = type_("check", files / "new.yaml", files / "other.yaml", "--witness-dir", tmp_path)
    commands = [line.partition("See it: ")[2].split() for line in checked.stdout.splitlines() if "See it: " in line]

    assert [Path(words[-1]).name for words in commands if "gap" in words[-1]] == ["new-gap-1.json", "other-gap-1.json"]
    assert all(Path(words[-1]).exists() for words in commands if words[1:3] == ["agreement", "explain"])
