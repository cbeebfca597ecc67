"""The shipped examples and the starter pass `check`, and mean what their comments say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from tandem.agreement.compiled import Agreement, RowQuery
from tandem.agreement.from_file import load_agreement
from tandem.agreement.lint import lint_documents
from tandem.agreement.load import load_directory
from tandem.cli.agreement import app
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.integration import AuthKind
from tandem.model.ownership import Mode, Owner, Party, TenantKind, Track
from tandem.model.priority import Priority
from tests.support.tree import ROOT

EXAMPLES = ROOT / "deploy" / "agreement"
TENANTS = ("cedarline", "fairhaven", "harborlight", "northwind")


@pytest.fixture(scope="module")
def agreements() -> dict[str, Agreement]:
    return {name: load_agreement(EXAMPLES / f"{name}.yaml", beside=EXAMPLES) for name in TENANTS}


def alert(title: str, kind: Kind = Kind.RMM, *, host: str | None = None, labels: dict[str, str] | None = None) -> Alert:
    return Alert(
        alert_id=UUID(int=1),
        tenant="t",
        integration="i",
        vendor="v",
        kind=kind,
        delivery_id="1",
        dedup_key="k",
        title=title,
        status=AlertStatus.FIRING,
        severity=Severity.HIGH,
        host=host,
        received_at=datetime(2026, 11, 20, tzinfo=UTC),
        labels=labels or {},
    )


def rule(agreement: Agreement, one: Alert, site: str | None = None) -> str | None:
    return next((entry.id for entry, holds in agreement.classification if holds(one, site)), None)


def owner(agreement: Agreement, function: str, *, site: str | None = None, tags: frozenset[str] = frozenset(), category: str | None = None) -> tuple[str, Owner]:  # fmt: skip
    query = RowQuery(function=function, category=category, site=site, tags=tags, severity="high")
    row = agreement.find_row(query).row
    assert row is not None
    return row.id, row.owner


def test_the_examples_have_no_error_and_one_note():
    problems = lint_documents(load_directory(EXAMPLES))

    assert [(Path(p.file).name, p.level) for p in problems] == [("harborlight.yaml", "note")]
    assert "Sam Rivera is on call for both tracks" in problems[0].message


def test_the_clients_are_of_the_kinds_the_demo_needs(agreements: dict[str, Agreement]):
    kinds = {name: (a.tenant.kind, a.tenant.mode, a.provider) for name, a in agreements.items()}

    assert kinds == {
        "northwind": (TenantKind.CO_MANAGED, Mode.LIVE, "brightwater"),
        "harborlight": (TenantKind.CO_MANAGED, Mode.LIVE, "brightwater"),
        "fairhaven": (TenantKind.CO_MANAGED, Mode.LIVE, "brightwater"),
        "cedarline": (TenantKind.MANAGED, Mode.LIVE, "brightwater"),
    }


def test_there_are_about_24_functions_on_both_tracks_and_owners_of_all_three_kinds(agreements: dict[str, Agreement]):
    northwind = agreements["northwind"]

    assert 22 <= len(northwind.functions) <= 28
    assert {function.track for function in northwind.functions.values()} == set(Track)
    assert {row.owner for row in northwind.rows} == set(Owner)
    assert {row.owner for row in agreements["cedarline"].rows} == {Owner.MSP}


def test_every_way_in_is_named_after_its_client():
    documents = load_directory(EXAMPLES)
    names = {i.name: i.auth for source in documents.tenants.values() for i in source.document.integrations}

    assert all(name.partition("-")[0] in TENANTS for name in names)
    assert {"northwind-ninjaone": AuthKind.HEADER, "northwind-veeam": AuthKind.HMAC}.items() <= names.items()
    assert names["harborlight-healthchecks"] is AuthKind.BEARER
    assert names["cedarline-generic"] is AuthKind.PATH


@pytest.mark.parametrize(
    ("title", "kind", "host", "expected"),
    [
        ("Volume C: on NW-FILE-02 has 4 % free", Kind.RMM, "NW-FILE-02", "system-disk-full"),
        ("Volume D: on NW-FILE-02 has 4 % free", Kind.RMM, "NW-FILE-02", "data-disk-full"),
        ("Core switch nw-core-sw1 does not answer", Kind.MONITORING, "nw-core-sw1", "switch-down"),
        ("Firewall cd-fw-main is down", Kind.MONITORING, "cd-fw-main", "firewall-down"),
        ("Internet line Newark is down", Kind.MONITORING, None, "internet-down"),
        ("Domain Admins group changed outside change window", Kind.SIEM, "nw-dc1", "privileged-group-changed"),
        ("Possible ransomware: mass file rename", Kind.SIEM, "nw-file-02", "ransomware-or-data-leak"),
        ("Multiple failed logins", Kind.SIEM, "nw-dc1", "any-security-finding"),
        ("Job state: HR records verification (Failed)", Kind.BACKUP, "nw-hr-01", "records-verification-failed"),
        ("Job state: file server verification (Failed)", Kind.BACKUP, "nw-file-02", "backup-verification-failed"),
        ("Job state: nightly (Failed)", Kind.BACKUP, "nw-file-02", "backup-failed"),
        ("Agent on NW-PC-17 is offline", Kind.RMM, "NW-PC-17", "agent-offline"),
        ("UPS nw-ups1 is on battery", Kind.RMM, "nw-ups1", "on-battery"),
        ("Mail queue on nw-mail is growing", Kind.MONITORING, "nw-mail", "mail"),
        ("Backups look fine", Kind.RMM, None, None),
        ("nw-hv1 does not answer", Kind.MONITORING, "nw-hv1", "server-down"),
        ("CPU above 95 % for 30 minutes", Kind.RMM, "nw-erp-01", "erp-alerts"),
        ("Something nobody thought of", Kind.MONITORING, None, None),
    ],
)
def test_typical_alerts_are_understood(agreements: dict[str, Agreement], title: str, kind: Kind, host: str | None, expected: str | None):  # fmt: skip
    assert rule(agreements["northwind"], alert(title, kind, host=host)) == expected


def test_floors_of_the_rules_are_those_of_the_domain(agreements: dict[str, Agreement]):
    floors = {entry.id: entry.priority for entry, _ in agreements["northwind"].classification}

    assert floors["system-disk-full"] is Priority.P2
    assert floors["records-verification-failed"] is Priority.P2
    assert floors["backup-verification-failed"] is Priority.P3


def test_a_client_s_row_replaces_the_standard_one_and_the_narrower_row_wins(agreements: dict[str, Agreement]):
    northwind, cedarline = agreements["northwind"], agreements["cedarline"]

    assert owner(northwind, "servers") == ("servers", Owner.INTERNAL)
    assert owner(cedarline, "servers") == ("servers", Owner.MSP)
    assert owner(northwind, "network") == ("network", Owner.SHARED)
    assert owner(northwind, "network", site="trenton") == ("network-trenton", Owner.MSP)
    assert owner(northwind, "backup", category="verification") == ("backup-verification", Owner.SHARED)
    assert owner(northwind, "business-apps", tags=frozenset({"records"})) == ("business-apps-records", Owner.SHARED)


def test_everyone_has_a_path_for_every_row_they_may_be_paged_for(agreements: dict[str, Agreement]):
    for agreement in agreements.values():
        parties = {Party.MSP} if agreement.tenant.kind is TenantKind.MANAGED else set(Party)
        assert all(set(row.paths) >= parties for row in agreement.rows)
        assert all(path in agreement.paths for row in agreement.rows for path in row.paths.values())


def test_the_core_switch_touches_more_than_a_fifth_of_the_users_and_trenton_exactly_a_fifth(agreements: dict[str, Agreement]):  # fmt: skip
    northwind = agreements["northwind"]

    assert northwind.assets["nw-core-sw1"].users * 5 > northwind.tenant.users
    assert northwind.assets["tr-sw1"].users * 5 == northwind.tenant.users
    assert {asset.id for asset in northwind.assets.values() if asset.data_class == "regulated"} == {
        "nw-hr-01",
        "nw-nas-hr",
    }


def test_the_single_internal_person_is_on_holiday_on_some_days(agreements: dict[str, Agreement]):
    absences = agreements["harborlight"].people["sam-rivera"].absences

    assert [(str(absence.first), str(absence.last)) for absence in absences] == [
        ("2026-11-26", "2026-11-29"),
        ("2026-12-14", "2026-12-27"),
    ]


def test_pages_go_where_the_caller_says(agreements: dict[str, Agreement]):
    documents = load_directory(EXAMPLES, variables={"PAGER_INBOX": "http://127.0.0.1:8080/inbox"})
    people = documents.providers["brightwater"].document.people | documents.tenants["northwind"].document.people

    webhooks = {contact.to for person in people.values() for contact in person.contacts if contact.channel == "webhook"}

    assert all(target.startswith("http://127.0.0.1:8080/inbox/") for target in webhooks)
    assert agreements["northwind"].people["ben-carter"].contacts[0].to == "https://pager.example/ben-carter"


def test_the_shipped_texts_are_part_of_the_package():
    shipped = {entry.name for entry in resources.files("tandem.agreement").iterdir()}

    assert "defaults.yaml" in shipped


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_check_says_what_it_read_and_exits_0(tmp_path: Path):
    code, output = run("check", str(EXAMPLES), "--at", "2026-11-20")

    files = len([*EXAMPLES.glob("*.yaml")])
    assert code == 0
    assert output.splitlines()[-1].startswith(f"{files} files checked: 0 errors, ")


def test_check_of_one_file_finds_its_provider_beside_it_and_reports_only_that_file():
    code, output = run("check", str(EXAMPLES / "northwind.yaml"), "--at", "2026-11-20", "--output", "json")

    problems = json.loads(output)
    assert code == 0
    assert {Path(problem["file"]).name for problem in problems} <= {"northwind.yaml"}
    assert {problem["level"] for problem in problems} <= {"warning", "note"}


ALONE = """\
tenant: {id: acme, name: Acme, kind: managed}
parties: {msp: {name: MSP, calendar: 24x7, accountable: o, senior_ops: o}}
functions: [{id: servers, name: Servers}]
people: {o: {name: O, party: msp, contacts: [{channel: email, to: o@x.example}], absences: [{from: 2027-03-01, to: 2027-03-05}]}}
schedules: [{id: s, zone: UTC, party: msp, track: ops, layers: [{people: [o], anchor: 2026-01-05}]}]
matrix: [{id: r, function: servers, owner: msp, runbook: https://wiki.example/servers}]
"""


@pytest.mark.parametrize(("at", "expected"), [("2026-11-20", 0), ("2027-02-01T09:00+01:00", 1), ("2027-04-01", 0)])
def test_check_proves_eight_weeks_from_the_day_it_is_asked_about(tmp_path: Path, at: str, expected: int):
    """An absence that leaves nobody is a warning from afar, an error when it is near, and then past."""
    (tmp_path / "a.yaml").write_text(ALONE)

    code, output = run("check", str(tmp_path), "--at", at)

    assert code == expected
    assert ("nobody of MSP can be paged for operations" in output) == (at < "2027-04")


def test_check_refuses_a_day_that_is_none(tmp_path: Path):
    assert run("check", str(tmp_path), "--at", "tomorrow")[0] == 2


def test_check_reports_shape_and_meaning_of_all_files_together_and_exits_1(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("tenant: {id: a}\n")
    (tmp_path / "b.yaml").write_text("tenant: {id: b, name: B}\nassets: [{id: x, site: y}]\n")

    code, output = run("check", str(tmp_path), "--output", "json")

    assert code == 1
    assert [(Path(p["file"]).name, p["line"], p["column"], p["message"]) for p in json.loads(output)] == [
        ("a.yaml", 1, 1, "tenant.name: this is missing"),
        ("b.yaml", 2, 24, 'there is no site "y"'),
    ]


def test_integration_names_are_unique_in_the_instance(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(
            f"tenant: {{id: {name}, name: N}}\nintegrations: [{{name: rmm, vendor: x}}]\n"
        )

    code, output = run("check", str(tmp_path))

    assert code == 1
    assert 'b.yaml:2:23: the integration "rmm" already belongs to a; names are part of a URL' in output


def test_a_client_nobody_knows_in_the_provider_s_mapping_is_a_warning(tmp_path: Path):
    (tmp_path / "p.yaml").write_text(
        'schema: tandem/provider/v1\nprovider: {id: p, name: P, customers: {"17": acne}}\n'
    )
    (tmp_path / "a.yaml").write_text("tenant: {id: acme, name: A}\nuse: p\n")

    code, output = run("check", str(tmp_path))

    assert code == 0
    assert (
        'p.yaml:2:46: warning: "17" is mapped to "acne", and there is no such client here; did you mean "acme"?'
        in output
    )


def test_an_empty_directory_is_not_fine(tmp_path: Path):
    assert run("check", str(tmp_path))[0] == 1


def test_show_lists_the_rows_in_deciding_order():
    code, output = run("show", str(EXAMPLES / "northwind.yaml"), "--output", "json")

    rows = json.loads(output)["rows"]
    assert code == 0
    assert rows[0]["when"]
    assert {"row": "servers", "owner": "internal", "after_hours": "msp"}.items() <= next(
        row for row in rows if row["row"] == "servers"
    ).items()


def test_a_vendor_that_nothing_reads_is_named(tmp_path: Path):
    (tmp_path / "a.yaml").write_text(
        "tenant: {id: a, name: A}\nintegrations:\n  - {name: x, vendor: alertmanger}\n  - {name: y, vendor: veeam}\n"
    )

    code, output = run("check", str(tmp_path))

    assert code == 0
    assert (
        'a.yaml:3:23: warning: posts of the vendor "alertmanger" are read as vendor generic, '
        'none of that name is known; did you mean "alertmanager"?'
    ) in output
    assert "veeam" not in output


def test_show_says_conditions_as_they_are_meant(tmp_path: Path):
    rows = (
        "{id: f, function: f, owner: msp}, {id: r, function: f, owner: msp, severity: {not: [low, info]}, "
        "tags: {has: [gold], lacks: [test]}, priority: 2}"
    )
    (tmp_path / "a.yaml").write_text(
        "tenant: {id: a, name: A, kind: managed}\nparties: {msp: {name: M, calendar: 24x7}}\n"
        f"functions: [{{id: f, name: F}}]\nvocabulary: {{tags: [gold, test]}}\nmatrix: [{rows}]\n"
    )

    _, table = run("show", str(tmp_path / "a.yaml"))
    _, program = run("show", str(tmp_path / "a.yaml"), "--output", "json")

    first = json.loads(program)["rows"][0]
    assert "f tags=+gold,-test severity=not:low,info priority=2" in table
    assert first["when"] == {"tags": {"has": ["gold"], "lacks": ["test"]}, "severity": {"not": ["low", "info"]}}
    assert (first["priority"], first["both_told"], first["mode"]) == (2, False, "observe")


def test_show_of_a_broken_file_says_why_and_exits_1(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("tenant: {id: a}\n")

    assert run("show", str(tmp_path / "a.yaml"))[0] == 1
