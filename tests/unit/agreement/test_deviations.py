"""What a client has otherwise than its provider's standard is said in words, and is nothing to mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tandem.agreement.deviations import deviation_note, deviations
from tandem.agreement.load import load_provider, load_tenant, provider_source, tenant_source
from tandem.cli.agreement import app

PROVIDER = """\
schema: tandem/provider/v1
provider: {id: msp, name: The MSP, version: 3}
parties: {msp: {name: MSP, calendar: 24x7}}
functions: [{id: storage, name: Storage}, {id: wifi, name: Wireless}]
matrix:
  - {id: storage, function: storage, owner: msp, runbook: https://wiki.example/storage}
  - {id: wifi, function: wifi, owner: msp}
"""
TENANT = "tenant: {id: acme, name: Acme}\nuse: msp\nsites: [{id: hq, name: HQ}]\nmatrix:\n"


def said(rows: str) -> list[str]:
    return [str(one) for one in deviations(load_tenant(TENANT + rows), load_provider(PROVIDER))]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{id: wifi, function: wifi, owner: internal}", ["wifi: owner msp -> internal"]),
        ("{id: wifi, function: [wifi], owner: msp}", []),
        ("{id: wifi, function: wifi, owner: msp, priority: 0, both_told: false}", []),
        (
            "{id: storage, function: storage, owner: shared, lead: msp, site: {not: [hq]}}",
            [
                ("storage: site not said -> not: hq, owner msp -> shared, lead not said -> msp, "
                "runbook https://wiki.example/storage -> not said")
            ],
        ),
        ("{id: wifi-hq, function: wifi, site: hq, owner: internal}", ["wifi-hq: added, function wifi, site hq, owner internal"]),
    ],
)  # fmt: skip
def test_a_row_that_differs_says_in_what(row: str, expected: list[str]):
    assert said(f"  - {row}\n") == expected


def test_they_are_one_note_at_the_first_such_row():
    rows = "  - {id: storage, function: storage, owner: msp, runbook: https://wiki.example/storage}\n  - {id: wifi, function: wifi, owner: internal}\n"

    note = deviation_note(tenant_source(TENANT + rows, file="a.yaml"), provider_source(PROVIDER))

    assert str(note) == "a.yaml:6:5: note: one row differs from the standard of The MSP:\n  wifi: owner msp -> internal"
    assert deviation_note(tenant_source(TENANT.replace("matrix:", "assets: []")), provider_source(PROVIDER)) is None


def checked(directory: Path, use: str, provider: str = PROVIDER) -> tuple[int, str]:
    (directory / "msp.yaml").write_text(provider, "utf-8")
    file = directory / "a.yaml"
    file.write_text(TENANT.replace("use: msp", f"use: {use}") + "  - {id: w2, function: wifi, owner: msp}\n", "utf-8")
    result = CliRunner().invoke(app, ["check", str(file), "--output", "json"])
    return result.exit_code, result.output


def test_notes_do_not_fail_a_check(tmp_path: Path):
    file = tmp_path / "a.yaml"
    (tmp_path / "msp.yaml").write_text(PROVIDER, "utf-8")
    text = (
        TENANT.replace("matrix:\n", "")
        + 'matrix: [{id: wifi, function: wifi, owner: msp, note: "by hand", runbook: x}]\n'
    )
    file.write_text(text + "runbooks: {x: https://wiki.example/x}\n", "utf-8")

    output = CliRunner().invoke(app, ["check", str(file)]).output

    assert "a.yaml:4:10: note: one row differs from the standard of The MSP:\n  wifi: runbook not said -> x" in output
    assert output.splitlines()[-1].endswith(", 1 note")


def test_a_client_of_another_version_than_the_one_beside_it_is_refused(tmp_path: Path):
    code, output = checked(tmp_path, "msp@2")

    assert code == 1
    assert 'this uses version 2 of \\"msp\\", and' in output
    assert "msp.yaml is version 3; write use: msp@3 to follow" in output


def test_a_client_of_the_version_beside_it_or_of_any_is_fine(tmp_path: Path):
    assert "uses version" not in checked(tmp_path, "msp@3")[1] + checked(tmp_path, "msp")[1]


def test_a_version_that_nobody_can_tell_is_warned(tmp_path: Path):
    _, output = checked(tmp_path, "msp@2", PROVIDER.replace(", version: 3", ""))

    assert "does not say which version it is" in output
    assert "add provider.version: 2 to it" in output
