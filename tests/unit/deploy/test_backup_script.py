"""The wrapper around backup scripts tells what happened, hides its secret and keeps the backup's exit code."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tandem.model.alert import AlertStatus, Severity
from tandem_ingest.normalise import read
from tandem_ingest.vendors.catalogue import CATALOGUE

SCRIPT = Path(__file__).parents[3] / "deploy" / "integrations" / "backup" / "tandem-backup"
CURL = """#!/bin/sh
# Writes down what it was called with: one file of arguments, configuration and body per call.
n=$(ls "$RECORD" | wc -l)
{ echo "$*"; cat; } >"$RECORD/$n.call"
for argument in "$@"; do
    case $argument in @*) cp "${argument#@}" "$RECORD.body" ;; esac
done
exit "${ANSWER:-0}"
"""
SETTINGS = """TANDEM_URL=https://tandem.test/v1/alerts/backups
TANDEM_SECRET = "s3cret"
"""
HEARTBEAT = "TANDEM_HEARTBEAT_URL=https://tandem.test/v1/heartbeats/backups/nas1/x\n"


@dataclass
class Run:
    """What a run of the wrapper left behind."""

    code: int
    calls: list[str]
    body: bytes
    said: str


@pytest.fixture
def wrap(tmp_path: Path):
    """Run the wrapper around a shell command, with a curl that only writes down."""
    record, programs = tmp_path / "record", tmp_path / "bin"
    record.mkdir()
    programs.mkdir()
    (programs / "curl").write_text(CURL, encoding="utf-8")
    (programs / "curl").chmod(0o755)

    def run(command: str, *options: str, settings: str = SETTINGS, answer: int = 0) -> Run:
        (tmp_path / "backup.conf").write_text(settings, encoding="utf-8")
        path = f"{programs}:{os.environ['PATH']}"
        finished = subprocess.run(
            [
                "/bin/sh",
                SCRIPT,
                "--job",
                "nightly",
                "--config",
                tmp_path / "backup.conf",
                *options,
                "--",
                "sh",
                "-c",
                command,
            ],
            env={"PATH": path, "RECORD": str(record), "ANSWER": str(answer)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        body = Path(f"{record}.body")
        return Run(
            code=finished.returncode,
            calls=[each.read_text(encoding="utf-8") for each in sorted(record.iterdir())],
            body=body.read_bytes() if body.exists() else b"",
            said=finished.stderr.decode(),
        )

    return run


def alert_of(run: Run):
    (alert,) = read(CATALOGUE["script"], run.body, {}).alerts
    return alert


def test_a_failure_is_an_alert_with_the_last_lines(wrap) -> None:
    run = wrap("echo opening the repository; echo 'Fatal: no space left' >&2; exit 1", "--tool", "restic")

    alert = alert_of(run)
    assert run.code == 1
    assert (alert.title, alert.status, alert.severity) == ("nightly failed (exit 1)", AlertStatus.FIRING, Severity.HIGH)
    assert alert.description == "opening the repository\nFatal: no space left"
    assert alert.occurred_at is not None


def test_the_next_success_clears_the_failure(wrap) -> None:
    failed, succeeded = alert_of(wrap("exit 1")), alert_of(wrap("exit 0"))

    assert succeeded.status is AlertStatus.RESOLVED
    assert succeeded.dedup_key == failed.dedup_key


def test_any_output_is_valid_json(wrap) -> None:
    # A quote, a backslash, a tab, a progress bar of carriage returns, a broken UTF-8 name and an escape sequence.
    run = wrap(r"""printf 'say "hi" \\ \t\r50%%\r100%%\n\377caf\303\251 \033[1m\n'; exit 3""")

    body = json.loads(run.body)
    assert body["output"].splitlines() == ['say "hi" \\ \t', "50%", "100%", "café [1m"]
    assert body["exit"] == 3


def test_the_secret_is_no_argument(wrap) -> None:
    run = wrap("exit 0", "--customer", "acme")

    (call,) = run.calls
    arguments, _, configuration = call.partition("\n")
    assert "s3cret" not in arguments
    assert 'header = "Authorization: Bearer s3cret"' in configuration
    assert alert_of(run).customer == "acme"


def test_it_checks_in_before_and_after_the_run(wrap) -> None:
    run = wrap("exit 2", settings=SETTINGS + HEARTBEAT)

    asked = [line.split('"')[1] for call in run.calls for line in call.splitlines() if line.startswith("url")]
    assert asked == [
        "https://tandem.test/v1/heartbeats/backups/nas1/x/start",
        "https://tandem.test/v1/alerts/backups",
        "https://tandem.test/v1/heartbeats/backups/nas1/x/fail",
    ]


def test_a_backup_is_no_failure_because_nobody_could_be_told(wrap) -> None:
    unreachable, unconfigured = wrap("exit 0", answer=7), wrap("exit 0", settings="")

    assert (unreachable.code, unconfigured.code) == (0, 0)
    assert "did not take the report" in unreachable.said
    assert "nobody was told" in unconfigured.said


def test_a_settings_file_is_read_and_never_run(wrap, tmp_path: Path) -> None:
    wrap("exit 0", settings=f"{SETTINGS}TANDEM_HEARTBEAT_URL=$(touch {tmp_path}/run)\n")

    assert not (tmp_path / "run").exists()
