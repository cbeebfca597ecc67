"""Numbered versions on a real database: who follows whom, what is refused, and how one goes back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tandem.agreement.load import Documents, provider_source, tenant_source
from tandem.db.migrate import upgrade
from tandem.db.pool import engine
from tandem.errors import AgreementError, Refused
from tandem.policy import shelf
from tandem.policy.book import AgreementBook
from tandem.policy.versions import activate, apply_documents

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

PROVIDER = """
schema: tandem/provider/v1
provider: {id: brightwater, name: Brightwater}
people:
  mo: {name: Mo, party: msp, contacts: [{channel: email, to: mo@brightwater.example}]}
  sam: {name: Sam, party: msp, contacts: [{channel: email, to: sam@brightwater.example}]}
  ada: {name: Ada, party: msp, contacts: [{channel: email, to: ada@brightwater.example}]}
parties:
  msp: {name: Brightwater, calendar: 24x7, accountable: mo, senior_ops: mo, senior_soc: sam}
schedules:
  - {id: msp-ops, zone: UTC, party: msp, track: ops, layers: [{people: [mo], anchor: 2026-01-05T09:00}]}
  - {id: msp-soc, zone: UTC, party: msp, track: soc, layers: [{people: [sam], anchor: 2026-01-05T09:00}]}
functions:
  - {id: servers, name: Servers}
classification:
  - {id: all, function: servers}
matrix:
  - {id: servers, function: servers, owner: msp}
"""
TENANT = """
# {id} and its comment
tenant: {{id: {id}, name: {id}, kind: managed, mode: live, users: 10}}
use: {use}
"""


def provider(text: str = PROVIDER):
    return provider_source(text, file="brightwater.yaml")


def tenant(name: str, use: str = "brightwater", more: str = ""):
    return tenant_source(TENANT.format(id=name, use=use) + more, file=f"{name}.yaml")


def documents(*tenants, under=None):
    return Documents(
        {each.document.tenant.id: each for each in tenants}, {"brightwater": under} if under is not None else {}
    )


def with_owner(name: str) -> str:
    """The provider's document after a change of its standard row."""
    return PROVIDER.replace("{id: servers, name: Servers}", f"{{id: servers, name: {name}}}")


@pytest.fixture
async def policy(database):
    made = engine(database.dsn, "tandem_policy", pooled=False)
    yield made
    await made.dispose()


@pytest.fixture
async def book(database):
    """As a service reads."""
    made = engine(database.dsn, "tandem_router", pooled=False)
    yield AgreementBook(made)
    await made.dispose()


@pytest.fixture
def put(policy):
    async def apply(given: Documents, **said):
        return await apply_documents(
            policy, given, author=said.pop("author", "ann"), note=said.pop("note", ""), now=NOW, **said
        )

    return apply


async def active(policy) -> dict[str, tuple[int, int | None]]:
    """Tenant -> (its version, its provider's)."""
    return {row["tenant"]: (row["version"], row["provider_version"]) for row in await shelf.clients(policy)}


async def test_a_changed_document_is_the_next_version_and_the_same_one_again_is_not(put, policy):
    first = await put(documents(tenant("acme"), under=provider()))
    again = await put(documents(tenant("acme"), under=provider()))
    second = await put(documents(tenant("acme", more="runbooks: {a: https://a.example}\n")), author="bob", note="why")

    assert [[(one.version, one.changed) for one in report.tenants] for report in (first, again, second)] == [
        [(1, True)],
        [(1, False)],
        [(2, True)],
    ]
    newest, oldest = await shelf.versions(policy, "acme")
    assert (newest["version"], newest["author"], newest["note"], newest["active"]) == (2, "bob", "why", True)
    assert (oldest["version"], oldest["active"], oldest["provider_version"]) == (1, False, 1)


async def test_a_changed_provider_moves_who_follows_it_and_leaves_who_pinned_a_version(put, policy):
    await put(documents(tenant("acme"), tenant("pinned", "brightwater@1"), under=provider()))

    report = await put(documents(under=provider(with_owner("Machines"))), note="renamed")

    assert [(one.provider, one.version, one.changed) for one in report.providers] == [("brightwater", 2, True)]
    assert [(one.tenant, one.version, one.follows) for one in report.tenants] == [("acme", 2, True)]
    assert await active(policy) == {"acme": (2, 2), "pinned": (1, 1)}
    assert (await shelf.versions(policy, "acme"))[0]["note"] == "follows brightwater@2: renamed"
    assert (await shelf.stored(policy, "acme", 2))[0] == (await shelf.stored(policy, "acme", 1))[0]


async def test_a_pin_means_that_version_also_when_a_newer_one_is_given(put, policy, book):
    await put(documents(under=provider()))
    await put(documents(under=provider(with_owner("Machines"))))

    await put(documents(tenant("acme", "brightwater@1"), under=provider(with_owner("Computers"))))
    await book.refresh()

    assert await active(policy) == {"acme": (1, 1)}
    assert book.active("acme").functions["servers"].name == "Servers"


async def test_a_document_that_says_its_version_has_that_number_and_must_raise_it_to_change(put, policy):
    numbered = PROVIDER.replace("name: Brightwater}", "name: Brightwater, version: 7}")
    await put(documents(tenant("acme", "brightwater@7"), under=provider(numbered)))

    again = await put(documents(under=provider(numbered)))
    with pytest.raises(AgreementError) as refused:
        await put(documents(under=provider(numbered.replace("Servers", "Machines"))))
    await put(documents(under=provider(numbered.replace("Servers", "Machines").replace("version: 7", "version: 9"))))

    assert [(one.version, one.changed) for one in again.providers] == [(7, False)]
    assert "brightwater.yaml:3:" in str(refused.value)
    assert 'version 7 of "brightwater" is stored already' in str(refused.value)
    assert [row["version"] for row in await shelf.provider_versions(policy, "brightwater")] == [9, 7]
    assert await active(policy) == {"acme": (1, 7)}


async def test_a_tenant_given_alone_takes_the_newest_stored_provider(put, policy):
    await put(documents(under=provider()))
    await put(documents(under=provider(with_owner("Machines"))))

    await put(documents(tenant("acme")))

    assert await active(policy) == {"acme": (1, 2)}


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("brightwater@7", 'acme.yaml:4:6: there is no version 7 of "brightwater"; the newest is 1'),
        ("brightwatr", 'the document of the provider "brightwatr" is not here; did you mean "brightwater"?'),
    ],
)
async def test_a_version_or_provider_that_is_not_there_is_refused_at_its_line(put, policy, use, said):
    await put(documents(under=provider()))

    with pytest.raises(AgreementError) as refused:
        await put(documents(tenant("acme", use)))

    assert said in str(refused.value)
    assert await active(policy) == {}


async def test_one_absence_moves_thirty_clients_at_once(put, policy, book):
    names = [f"client-{number:02}" for number in range(30)]
    await put(documents(*map(tenant, names), under=provider()))
    change = PROVIDER.replace("people: [mo]", "people: [mo, ada]")

    report = await put(documents(under=provider(change)))
    await book.refresh()

    assert len([one for one in report.tenants if one.changed and one.follows]) == 30
    assert {book.active(name).schedules["msp-ops"].layers[0].people for name in names} == {("mo", "ada")}


async def test_a_client_that_the_new_provider_document_does_not_fit_stays_and_is_reported(put, policy):
    with_printers = PROVIDER.replace("functions:", "functions:\n  - {id: printers, name: Printers}") + (
        "  - {id: printers, function: printers, owner: msp}\n"
    )
    row = "matrix: [{id: printers, function: printers, owner: msp, sla: standard}]\n"
    await put(documents(tenant("acme"), tenant("odd", more=row), under=provider(with_printers)))

    report = await put(documents(under=provider()))

    assert await active(policy) == {"acme": (2, 2), "odd": (1, 1)}
    (left,) = report.left
    assert (left.tenant, left.version, left.changed) == ("odd", 1, False)
    assert 'there is no function "printers"' in str(left.problems[0])


async def test_who_could_not_follow_does_once_it_fits(put, policy):
    with_printers = PROVIDER.replace("functions:", "functions:\n  - {id: printers, name: Printers}") + (
        "  - {id: printers, function: printers, owner: msp}\n"
    )
    row = "matrix: [{id: printers, function: printers, owner: msp, sla: standard}]\n"
    await put(documents(tenant("odd", more=row), under=provider(with_printers)))
    await put(documents(under=provider()))

    report = await put(documents(tenant("odd"), under=provider()))

    assert [(one.tenant, one.version, one.changed) for one in report.tenants] == [("odd", 2, True)]
    assert await active(policy) == {"odd": (2, 2)}


async def test_one_goes_back_to_an_older_version_and_history_says_who_and_when(put, policy, book):
    await put(documents(tenant("acme"), under=provider()))
    await put(documents(tenant("acme", more="runbooks: {a: https://a.example}\n")), author="bob")

    done = await activate(policy, "acme", 1, author="cleo", note="too loud", now=NOW + timedelta(hours=1))
    await book.refresh()

    assert (done.version, done.changed) == (1, True)
    assert book.active("acme").version == 1
    history = await shelf.activations(policy, "acme")
    assert [(row["version"], row["activated_by"], row["note"]) for row in history] == [
        (1, "cleo", "too loud"),
        (2, "bob", ""),
        (1, "ann", ""),
    ]


async def test_the_version_that_is_active_already_is_not_activated_again(put, policy):
    await put(documents(tenant("acme"), under=provider()))

    done = await activate(policy, "acme", 1, author="cleo", note="", now=NOW)

    assert not done.changed
    assert len(await shelf.activations(policy, "acme")) == 1


async def test_files_do_not_bring_back_what_a_person_went_back_from(put, policy):
    newer = documents(tenant("acme", more="runbooks: {a: https://a.example}\n"))
    await put(documents(tenant("acme"), under=provider()))
    await put(newer)
    await activate(policy, "acme", 1, author="cleo", note="", now=NOW)

    kept = await put(newer, keep_reverted=True)
    asked = await put(newer)

    assert [(one.version, one.changed) for one in kept.tenants] == [(1, False)]
    assert [(one.version, one.changed) for one in asked.tenants] == [(2, True)]
    assert len(await shelf.versions(policy, "acme")) == 2


async def test_a_client_that_was_set_back_does_not_follow_the_same_document_again(put, policy):
    await put(documents(tenant("acme"), under=provider()))
    await put(documents(under=provider(with_owner("Machines"))))
    await activate(policy, "acme", 1, author="cleo", note="", now=NOW)

    await put(documents(under=provider(with_owner("Machines"))))
    assert await active(policy) == {"acme": (1, 1)}

    await put(documents(under=provider(with_owner("Computers"))))
    assert await active(policy) == {"acme": (3, 3)}


async def test_a_version_that_does_not_exist_cannot_be_activated(put, policy):
    await put(documents(tenant("acme"), under=provider()))

    with pytest.raises(Refused, match="no version 9 of 'acme'"):
        await activate(policy, "acme", 9, author="cleo", note="", now=NOW)


async def test_what_does_not_pass_the_check_is_neither_applied_nor_activated(put, policy, database):
    unowned = tenant("acme", more="functions: [{id: printers, name: Printers}]\n")
    await put(documents(tenant("acme"), under=provider()))

    with pytest.raises(AgreementError, match="nobody owns"):
        await put(documents(unowned))
    await _store(database, "acme", 2, unowned.document.model_dump_json(by_alias=True, exclude_unset=True))
    with pytest.raises(AgreementError, match="nobody owns"):
        await activate(policy, "acme", 2, author="cleo", note="", now=NOW)

    assert await active(policy) == {"acme": (1, 1)}


async def test_a_version_that_this_release_cannot_read_is_not_activated_and_the_running_one_stays(
    put, policy, book, database
):
    await put(documents(tenant("acme"), under=provider()))
    await book.refresh()
    await _store(database, "acme", 2, '{"tenant":{"id":"acme","name":"Acme"},"quantum":true}')

    with pytest.raises(AgreementError, match="acme@2:1:1: this release cannot read it: quantum"):
        await activate(policy, "acme", 2, author="cleo", note="", now=NOW)
    admin = await database.admin()
    await admin.execute("update agreement.active set version = 2")  # as an older or newer release would
    await book.refresh()
    await book.refresh()

    assert book.active("acme").version == 1


async def test_one_bad_document_of_several_stops_them_all(put, policy):
    with pytest.raises(AgreementError):
        await put(
            documents(
                tenant("acme"), tenant("bad", more="matrix: [{id: x, function: no, owner: msp}]\n"), under=provider()
            )
        )

    assert await active(policy) == {}
    assert await shelf.provider_versions(policy, "brightwater") == []


async def test_applies_at_the_same_moment_number_their_versions_one_after_another(put, policy):
    await put(documents(under=provider()))
    changes = [documents(tenant("acme", more=f"runbooks: {{a: https://a.example/{n}}}\n")) for n in range(4)]

    await asyncio.gather(*(put(change) for change in changes))

    assert sorted(row["version"] for row in await shelf.versions(policy, "acme")) == [1, 2, 3, 4]
    assert [row["version"] for row in await shelf.activations(policy, "acme")] == [4, 3, 2, 1]


async def _store(database, name: str, version: int, document: str) -> None:
    """A version that came into the table in another way."""
    admin = await database.admin()
    await admin.execute(
        "insert into agreement.version (tenant, version, hash, source, document, provider, provider_version,"
        " provider_document, author, note, created_at) select tenant, $2, 'x', $3, $3, provider, provider_version,"
        " provider_document, author, note, created_at from agreement.version where tenant = $1 and version = 1",
        name,
        version,
        document,
    )


async def test_what_was_stored_before_providers_had_versions_is_numbered_by_the_upgrade(put, policy, database):
    await put(documents(tenant("acme"), tenant("other"), under=provider()))
    await put(documents(tenant("acme"), under=provider(with_owner("Machines"))))
    before = await shelf.provider_versions(policy, "brightwater")
    admin = await database.admin()
    for statement in (
        "drop view agreement.secrets, agreement.integrations",
        "alter table agreement.integration drop column options, drop column provider, drop column tenant_from",
        "alter table agreement.secret drop column key_id, drop column ending",
        "drop table agreement.provider_version",
        "drop table agreement.activation",
        "alter table agreement.version drop column provider_version",
        "alter table agreement.integration drop column mapping, drop column rate",
        "update tandem.alembic_version set version_num = 'agreement_0002' where version_num like 'agreement%'",
    ):
        await admin.execute(statement)

    await upgrade(database.dsn)

    numbered = await shelf.provider_versions(policy, "brightwater")
    assert [(row["version"], row["hash"]) for row in numbered] == [(row["version"], row["hash"]) for row in before]
    assert await active(policy) == {"acme": (2, 2), "other": (2, 2)}
    assert [row["version"] for row in await shelf.activations(policy, "acme")] == [2]
    assert [one.changed for one in (await put(documents(tenant("acme")))).tenants] == [False]


async def test_a_night_that_nobody_answers_keeps_a_version_from_becoming_active(put, policy):
    """The proof over time is asked before activation too: mo is away at Christmas and nobody stands in."""
    await put(documents(tenant("acme"), under=provider()))
    away = PROVIDER.replace(
        "to: mo@brightwater.example}]}",
        "to: mo@brightwater.example}], absences: [{from: 2026-12-24, to: 2026-12-26}]}",
    )

    with pytest.raises(AgreementError) as refused:
        await put(documents(under=provider(away)))

    assert "reaches nobody" in str(refused.value) or "can be paged" in str(refused.value)
    assert "24 December 2026" in str(refused.value)
    assert await active(policy) == {"acme": (1, 1)}
