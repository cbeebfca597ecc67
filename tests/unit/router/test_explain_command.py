"""``tandem agreement explain`` as a person types it."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from tandem.cli.explain import explain as command
from tests.unit.router.world import PROVIDER, TENANT


@pytest.fixture
def run(tmp_path):
    """The command over the example's files, with an alert on standard input."""
    (tmp_path / "acme.yaml").write_text(TENANT.replace("KIND", "co-managed"), "utf-8")
    (tmp_path / "brightwater.yaml").write_text(PROVIDER, "utf-8")
    app = typer.Typer()
    app.command()(command)

    def invoke(*arguments: str, alert: str = '{"title": "disk full"}'):
        return CliRunner().invoke(
            app, ["--agreement", str(tmp_path / "acme.yaml"), "--alert", "-", *arguments], input=alert
        )

    return invoke


def test_the_command_prints_the_sentence_or_json(run):
    table = run("--at", "2026-11-17T08:00:00Z")
    as_json = run("--at", "2026-11-17T12:00:00-05:00", "--output", "json", "--set", "severity=critical")

    assert table.stdout.startswith("P2 storage, owned by internal; msp is responsible")
    assert json.loads(as_json.stdout)["responsible_party"] == "internal"
    assert (table.exit_code, as_json.exit_code) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "alert"),
    [
        (["--at", "soon"], "{}"),
        (["--set", "severity"], "{}"),
        (["--set", "serverity=high"], "{}"),
        ([], "[1]"),
        ([], "{"),
        ([], "[" * 100_000),
    ],
)
def test_wrong_usage_is_one_line_on_stderr_and_exit_code_two(run, arguments, alert):
    answer = run(*arguments, alert=alert)

    assert answer.exit_code == 2
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("serverity=high", 'an alert has no such field; did you mean "severity"?'),
        ("site=newark", "an alert has no such field; a label is set by labels.site=newark"),
    ],
)
def test_a_field_that_no_alert_has_is_not_silently_left_out(run, setting, told):
    assert told in run("--set", setting).stderr


def test_an_alert_s_file_that_is_not_there_is_told_in_words(run, tmp_path):
    answer = run("--alert", str(tmp_path / "gone.json"))

    assert (answer.exit_code, "Errno" in answer.stderr) == (2, False)
    assert "gone.json cannot be read: No such file or directory" in answer.stderr
