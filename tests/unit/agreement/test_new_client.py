"""`tandem clients add`: a new client of a provider is complete on its first day, checked, and pages nobody."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tandem.agreement.load import load_provider, load_tenant, tenant_source
from tandem.agreement.overview import overview
from tandem.agreement.starter.new_client import NewClient, new_client
from tandem.cli.new_client import add
from tandem.model.ownership import Mode, Party, TenantKind
from tests.support.tree import ROOT

app = typer.Typer()
app.command()(add)
PROVIDER = (ROOT / "deploy" / "agreement" / "brightwater.yaml").read_text("utf-8")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("brightwater.yaml", "cedarline.yaml"):
        shutil.copy(ROOT / "deploy" / "agreement" / name, tmp_path / name)
    return tmp_path


def run(directory: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments, "--dir", str(directory)])
    return result.exit_code, result.output


def test_a_managed_client_takes_the_standard_as_it_is(directory: Path):
    code, output = run(directory, "Acme Dental", "--from", "standard", "--users", "20")

    document = tenant_source(directory / "acme-dental.yaml").document
    assert code == 0, output
    assert "1 file checked: 0 errors" in output
    assert (document.tenant.id, document.tenant.kind, document.tenant.mode) == (
        "acme-dental",
        TenantKind.MANAGED,
        Mode.OBSERVE,
    )
    seen = overview(document, load_provider(PROVIDER))
    assert seen.of("msp")
    assert [len(seen.of(owner)) for owner in ("internal", "shared", "nobody")] == [0, 0, 0]
    assert seen.deviations == ()


def test_a_client_with_a_team_has_an_internal_side(directory: Path):
    code, output = run(directory, "Bolt", "--lead", "Bo Lt", "--mail", "bo@bolt.example", "--zone", "Europe/Berlin")

    document = tenant_source(directory / "bolt.yaml").document
    assert code == 0, output
    assert document.tenant.kind is TenantKind.CO_MANAGED
    assert document.parties[Party.INTERNAL].accountable == "bo-lt"


def test_the_standard_rows_stand_in_the_file_for_readers(directory: Path):
    run(directory, "Acme")

    text = (directory / "acme.yaml").read_text("utf-8")

    assert "#   storage: msp\n" in text
    assert "#   backup: msp, the other party is told\n" in text


def test_a_provider_s_version_is_offered():
    provider = load_provider(PROVIDER.replace("id: brightwater\n", "id: brightwater\n  version: 7\n"))

    assert "use: brightwater          # brightwater@7 would keep to this version" in new_client(
        NewClient("A"), provider
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["Cedarline"], "cedarline.yaml is there already"),
        (["Another", "--id", "cedarline"], "cedarline.yaml is there already"),
        (["Acme", "--provider", "brightwatr"], "holds no provider 'brightwatr'; did you mean \"brightwater\"?"),
        (["Acme", "--from", "northwind"], "a new client can start from standard"),
        (["Acme", "--lead", "Bo"], "--lead needs --mail"),
        (["Acme", "--zone", "Berlin"], "there is no time zone 'Berlin'"),
        (["Acme\nmode: live"], "write this on one line"),
    ],
)
def test_what_cannot_be_added_is_refused_and_nothing_is_written(directory: Path, arguments: list[str], expected: str):
    before = sorted(directory.iterdir())

    code, output = run(directory, *arguments)

    assert code != 0
    assert expected in output
    assert sorted(directory.iterdir()) == before


def test_a_client_that_another_file_holds_is_refused(directory: Path):
    (directory / "cedarline.yaml").rename(directory / "old-name.yaml")

    code, output = run(directory, "Cedarline")

    assert code == 1
    assert "old-name.yaml is the agreement of 'cedarline' already" in output


def test_without_a_provider_s_document_there_is_nothing_to_add_to(tmp_path: Path):
    code, output = run(tmp_path, "Acme")

    assert code == 2
    assert "no provider's document; name the directory with --dir" in output


def test_a_standard_that_needs_an_internal_team_asks_for_its_lead(directory: Path):
    path = directory / "brightwater.yaml"
    path.write_text(
        PROVIDER.replace("{id: wifi, function: wifi, owner: msp}", "{id: wifi, function: wifi, owner: internal}")
    )

    code, output = run(directory, "Acme")

    assert code == 2
    assert "the standard needs an internal team (wifi); say who leads it" in output


def test_an_overview_says_who_does_what_and_where_not():
    provider = load_provider(PROVIDER)
    document = load_tenant((ROOT / "deploy" / "agreement" / "northwind.yaml").read_text("utf-8"))

    seen = overview(document, provider)

    assert "storage" in seen.of("internal")
    assert "network (but msp by network-trenton)" in seen.of("shared")
    assert "patching" in seen.of("msp")
    assert "storage: owner msp -> internal" in [str(each) for each in seen.deviations]
    assert "nobody" not in {each.owner for each in seen.functions}
