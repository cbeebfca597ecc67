"""`tandem agreement matrix`: out to a table, back from one, and the rest of the file as it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.agreement.load import tenant_source
from tandem.cli.agreements import app
from tests.support.tree import ROOT

EXAMPLES = ROOT / "deploy" / "agreement"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("brightwater.yaml", "northwind.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["matrix", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.mark.parametrize("form", ["csv", "markdown"])
@pytest.mark.parametrize("name", ["northwind", "harborlight", "fairhaven", "brightwater"])
def test_an_example_through_a_table_is_the_same_file_to_the_letter(tmp_path: Path, name: str, form: str):
    file = tmp_path / f"{name}.yaml"
    shutil.copy(EXAMPLES / file.name, file)
    table = tmp_path / f"matrix.{'md' if form == 'markdown' else 'csv'}"

    assert run(file, "--to", form, "--out", table)[0] == 0
    code, output = run(file, "--from", table)

    assert code == 0, output
    assert "0 added, 0 changed, 0 removed" in output
    assert file.read_text("utf-8") == (EXAMPLES / file.name).read_text("utf-8")


def test_a_change_in_the_table_changes_that_row_alone(directory: Path):
    file, table = directory / "northwind.yaml", directory / "matrix.csv"
    run(file, "--to", "csv", "--out", table)
    lines = table.read_text("utf-8").splitlines()
    table.write_text(
        "\n".join(
            line.replace(",internal,", ",msp,") if line.startswith("wifi,") else line
            for line in lines
            if not line.startswith("printing,")
        ),
        "utf-8",
    )

    code, output = run(file, "--from", table)

    before = (EXAMPLES / file.name).read_text("utf-8").splitlines()
    after = file.read_text("utf-8").splitlines()
    assert code == 0
    assert "0 added, 1 changed, 1 removed" in output
    assert set(before) - set(after) == {
        "  - {id: wifi, function: wifi, owner: internal}",
        "  - {id: printing, function: printing, owner: internal}",
    }
    assert set(after) - set(before) == {"  - {id: wifi, function: wifi, owner: msp}"}


def test_out_leaves_the_file_alone(directory: Path):
    table = directory / "matrix.csv"
    table.write_text("id,function,owner\nall,servers,msp\n", "utf-8")
    other = directory / "other.yaml"

    run(directory / "northwind.yaml", "--from", table, "--out", other)

    assert (directory / "northwind.yaml").read_text("utf-8") == (EXAMPLES / "northwind.yaml").read_text("utf-8")
    assert [row.id for row in tenant_source(other).document.matrix] == ["all"]


def test_whole_adds_the_provider_s_rows_that_are_in_force(directory: Path):
    own = json.loads(run(directory / "northwind.yaml", "--to", "json")[1])
    whole = json.loads(run(directory / "northwind.yaml", "--to", "json", "--whole")[1])

    assert {row["id"] for row in own} < {row["id"] for row in whole}
    assert next(row for row in whole if row["id"] == "patching")["owner"] == "msp"


def test_a_table_alone_is_printed_as_a_section(directory: Path):
    table = directory / "matrix.csv"
    table.write_text("id;function;owner;tags\r\nall;servers;msp;+gold -test\r\n", "utf-8")

    assert run("--from", table) == (
        0,
        "matrix:\n  - {id: all, function: servers, tags: {has: [gold], lacks: [test]}, owner: msp}\n",
    )


def test_a_wrong_cell_changes_nothing(directory: Path):
    table = directory / "matrix.csv"
    table.write_text("id,function,owner\nall,servers,us\n", "utf-8")

    result = CliRunner().invoke(app, ["matrix", str(directory / "northwind.yaml"), "--from", str(table)])

    assert result.exit_code != 0
    assert "matrix.csv:2:13" in str(result.exception)
    assert (directory / "northwind.yaml").read_text("utf-8") == (EXAMPLES / "northwind.yaml").read_text("utf-8")


def test_a_file_with_windows_line_ends_keeps_them(directory: Path):
    file, table = directory / "northwind.yaml", directory / "matrix.csv"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    table.write_text("id,function,owner\nall,servers,msp\n", "utf-8")

    code, output = run(file, "--from", table)

    assert code == 0, output
    assert b"\n" not in file.read_bytes().replace(b"\r\n", b"")


def test_a_document_in_one_line_is_not_edited(directory: Path):
    file, table = directory / "x.yaml", directory / "matrix.csv"
    file.write_text("{tenant: {id: x, name: X}, matrix: []}\n", "utf-8")
    table.write_text("id,function,owner\nall,servers,msp\n", "utf-8")

    result = CliRunner().invoke(app, ["matrix", str(file), "--from", str(table)])

    assert "do not stand on lines of their own" in str(result.exception)
    assert file.read_text("utf-8") == "{tenant: {id: x, name: X}, matrix: []}\n"


def test_a_table_that_is_not_utf8_says_how_to_save_it(directory: Path):
    table = directory / "matrix.csv"
    table.write_bytes("id,function,owner,note\nall,servers,msp,für\n".encode("cp1252"))

    result = CliRunner().invoke(app, ["matrix", "--from", str(table)])

    assert "matrix.csv:2:1: this is not UTF-8 text" in str(result.exception)
