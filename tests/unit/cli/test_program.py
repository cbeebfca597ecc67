"""What a command prints is its answer; its log goes beside it. Only a process that runs on has its log as its output."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tandem.cli import program

RUN_ON = {"serve", "demo"}


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def _talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command logs in both ways, then answers in JSON."""

    def answer() -> None:
        structlog.get_logger("tandem.policy").info("agreement is read")
        structlog.get_logger("tandem.policy").warning("agreement is old", tenant="northwind")
        logging.getLogger("sqlalchemy").warning("pool is full")
        print(json.dumps({"answer": 42}))

    monkeypatch.setattr(program, "command_line", lambda _: answer)


@pytest.mark.usefixtures("_talkative")
@pytest.mark.parametrize("name", [*program.COMMANDS, *program.GROUPS])
def test_what_a_command_logs_does_not_stand_in_its_answer(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("TANDEM_LOG_FORMAT", "json")
    monkeypatch.setattr("sys.argv", ["tandem", name, "--output", "json"])

    program.main()

    out, err = capsys.readouterr()
    logged = out if name in RUN_ON else err
    assert {"agreement is old", "pool is full"} <= {
        json.loads(line).get("event") for line in logged.splitlines() if line.startswith("{")
    }
    assert name in RUN_ON or json.loads(out) == {"answer": 42}
    assert ("agreement is read" in logged) == (name in RUN_ON)


@pytest.mark.usefixtures("_talkative")
def test_help_and_a_slip_of_the_pen_log_nothing_into_the_answer_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.argv", ["tandem", "sreve"])

    program.main()

    assert json.loads(capsys.readouterr().out) == {"answer": 42}
