"""`tandem init`: whatever is answered, what it writes passes the check, and a table becomes an agreement."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tandem.agreement.compile import compile_agreement
from tandem.agreement.lint import lint_tenant
from tandem.agreement.load import load_tenant, tenant_source
from tandem.agreement.starter.answers import FUNCTIONS, Answers, slug
from tandem.agreement.starter.document import starter
from tandem.agreement.tables.rows import matrix_of, read_table
from tandem.cli.starter import init, write_starter
from tandem.model.ownership import Mode, Owner, TenantKind

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
app = typer.Typer()
app.command()(init)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def errors(text: str) -> list[str]:
    return [str(problem) for problem in lint_tenant(tenant_source(text), on=NOW) if problem.level == "error"]


def test_the_starter_passes_its_own_check_and_observes():
    text = starter(Answers())

    assert errors(text) == []
    document = load_tenant(text)
    assert document.tenant.mode is Mode.OBSERVE
    assert {row.owner for row in document.matrix} == set(Owner)
    assert compile_agreement(document, version=1).rows


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=30
).filter(lambda name: name.strip() == name and any(char.isascii() and char.isalnum() for char in name))


@given(
    NAMES,
    NAMES,
    NAMES,
    st.sampled_from(list(TenantKind)),
    st.integers(0, 10_000),
    st.dictionaries(st.sampled_from(list(FUNCTIONS)), st.sampled_from([owner.value for owner in Owner])),
)
@settings(max_examples=40, deadline=None)
def test_any_answers_make_an_agreement_that_passes(name, lead, provider, kind, users, owners):
    answers = Answers(name=name, lead=f"lead {lead}", provider=provider, kind=kind, users=users, owners=owners)

    text = starter(answers)

    assert errors(text) == []
    document = load_tenant(text)
    assert (document.tenant.name, document.tenant.users, document.tenant.kind) == (name, users, kind)
    if kind is TenantKind.CO_MANAGED:
        assert {row.id: row.owner.value for row in document.matrix}.items() >= owners.items()


def test_a_managed_client_has_no_internal_side():
    document = load_tenant(starter(Answers(kind=TenantKind.MANAGED)))

    assert {row.owner for row in document.matrix} == {Owner.MSP}
    assert {person.party for person in document.people.values()} == {"msp"}


TABLE = """\
id,function,site,category,tags,host_class,vendor,data_class,owner,lead,R,A,path_msp,sla,public_communications,severity
mail,Mail & calendar,,,,,,,msp,,,,,,,
erp,ERP,Head office,month-end,+core,,,regulated,shared,internal,,Anna K.,erp-night,gold,zoe,not: info
erp-else,ERP,,,,,,,internal,,,Anna K.,,,,,
backup,backup,,,,vip,veeam,,msp,,,,,,,
backup-else,backup,,,,,,,msp,,,,,,,
"""


def test_a_table_of_people_s_names_becomes_an_agreement_that_passes():
    text = starter(Answers(), matrix_of(read_table(TABLE, "matrix.csv")))

    assert errors(text) == []
    document = load_tenant(text)
    assert {function.id: function.name for function in document.functions} == {
        "mail-calendar": "Mail & calendar",
        "erp": "ERP",
        "backup": "Backup and restore",
    }
    assert [site.id for site in document.sites] == ["head-office"]
    assert {"anna-k", "zoe"} <= set(document.people)
    assert document.vocabulary.tags == ("core",)


def test_init_without_a_terminal_takes_the_usual_answers(tmp_path: Path):
    code, output = run(str(tmp_path / "new"))

    assert code == 0
    assert "1 file checked: 0 errors" in output
    assert "tandem agreement check" in output
    assert (tmp_path / "new" / "agreement.yaml").read_text("utf-8") == starter(Answers())


def test_every_answer_is_an_option_too(tmp_path: Path):
    code, output = run(
        *(str(tmp_path), "--yes", "--name", "Acme", "--users", "12", "--lead", "Ann Lee", "--lead-mail", "ann@acme.example"),
        *("--zone", "Europe/Berlin", "--hours", "mon-thu 08:00-16:00", "--provider", "Nightwatch"),
        *("--on-call", "ops@nw.example", "--security", "soc@nw.example", "--internal", "servers,1 email", "--shared", "3"),
    )  # fmt: skip

    document = tenant_source(tmp_path / "agreement.yaml").document
    assert code == 0, output
    assert (document.tenant.id, document.tenant.users, document.tenant.zone) == ("acme", 12, "Europe/Berlin")
    assert document.calendars["office"].weekly == {"mon-thu": ("08:00-16:00",)}
    assert document.people["ops-on-call"].contacts[0].to == "ops@nw.example"
    assert document.people["senior-soc"].contacts[0].to == "senior-soc@nw.example"
    owners = {row.id: row.owner.value for row in document.matrix}
    assert [name for name, owner in owners.items() if owner == "internal"] == ["servers", "email"]
    assert [name for name, owner in owners.items() if owner == "shared"] == ["endpoints"]


def test_init_from_a_table(tmp_path: Path):
    table = tmp_path / "matrix.csv"
    table.write_text(TABLE, "utf-8")

    code, output = run(str(tmp_path / "new"), "--from", str(table))

    assert code == 0, output
    assert len(tenant_source(tmp_path / "new" / "agreement.yaml").document.matrix) == 5


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--zone", "Europe/Berln"], "there is no time zone 'Europe/Berln'; did you mean \"Europe/Berlin\"?"),
        (["--internal", "serverz"], "there is no function 'serverz' to choose"),
        (["--on-call", "nobody"], "is not a mail address"),
    ],
)
def test_an_answer_that_makes_no_sense_writes_nothing(tmp_path: Path, arguments: list[str], expected: str):
    code, output = run(str(tmp_path / "new"), "--yes", *arguments)

    assert code != 0
    assert expected in output
    assert not (tmp_path / "new").exists()


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path):
    write_starter(tmp_path)

    with pytest.raises(FileExistsError):
        write_starter(tmp_path)
    assert run(str(tmp_path))[0] == 1


@pytest.mark.parametrize(
    ("name", "expected"), [("Müller & Söhne", "muller-sohne"), ("Acme Dental", "acme-dental"), ("!!!", "client")]
)
def test_names_become_ids(name: str, expected: str):
    assert slug(name) == expected
