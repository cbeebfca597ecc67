"""Silences and maintenance windows over the API: made, seen by the book, consented to by both parties, ended, audited."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from tandem.agreement.load import load_directory
from tandem.cli import maintenance, silences
from tandem.db.pool import engine
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.suppression import SuppressionKind
from tandem.policy.book import AgreementBook
from tandem.policy.versions import apply_documents
from tandem.web.server import WebServer, bind
from tandem_router.decide import NOTHING_OPEN, decide
from tests.support.console import World, close_world, make_world
from tests.support.console_rows import NOW
from tests.support.system import EXAMPLES

NORTHWIND = ("northwind",)
END = (NOW + timedelta(hours=4)).isoformat()
QUIET = {"asset": ["nw-file-02"], "to": END, "reason": "Disks are being moved"}
MONTHLY = {
    "name": "Patching",
    "rrule": "FREQ=MONTHLY;BYDAY=2SU",
    "start": "2026-11-08T02:00",
    "length": "3h",
    "site": ["newark"],
    "reason": "Monthly patches",
}


@pytest.fixture
async def policy(database) -> AsyncIterator[Any]:
    made = engine(database.dsn, "tandem_policy", pooled=False)
    yield made
    await made.dispose()


@pytest.fixture
async def book(policy) -> AgreementBook:
    await apply_documents(policy, load_directory(EXAMPLES), author="test", note="", now=NOW)
    book = AgreementBook(policy)
    await book.refresh()
    return book


@pytest.fixture
async def console(database, policy, book) -> AsyncIterator[World]:
    world = await make_world(database, agreements=book, policy=policy, policy_changed=book.refresh)
    yield world
    await close_world(world)


def held(book: AgreementBook, title: str = "Volume C: on nw-file-02 has 2 % free", **facts: Any) -> str | None:
    """What would hold an alert now."""
    fields: dict[str, Any] = {"host": "nw-file-02", "severity": Severity.HIGH, **facts}
    alert = Alert(
        alert_id=uuid4(), tenant="northwind", integration="northwind-ninja", vendor="ninjaone",
        kind=Kind.MONITORING, delivery_id="1", dedup_key="1", title=title, status=AlertStatus.FIRING, received_at=NOW,
        **fields,
    )  # fmt: skip
    agreement = book.active("northwind")
    assert agreement is not None
    hold = decide(alert, agreement, NOTHING_OPEN, NOW).hold
    return hold.by if hold is not None else None


async def test_a_silence_holds_at_once_and_ends_at_once(console: World, book: AgreementBook):
    api = await console.api("responder", tenants=NORTHWIND)

    made = await api.post("/api/v1/silences", json=QUIET)
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["active"], body["scope"], body["made_by"]["person"]) == (
        True,
        "asset nw-file-02",
        "internal-responder",
    )
    assert held(book) == body["id"]
    assert held(book, host="nw-hv1") is None

    ended = await api.delete(f"/api/v1/silences/{body['id']}")
    again = await api.delete(f"/api/v1/silences/{body['id']}")

    assert (ended.status_code, again.status_code) == (200, 409)
    assert held(book) is None
    assert (await api.get("/api/v1/silences")).json()["items"] == []
    assert [row["id"] for row in (await api.get("/api/v1/silences?over=true")).json()["items"]] == [body["id"]]


async def test_p1_is_held_only_once_a_person_of_each_party_has_consented(console: World, book: AgreementBook):
    ours, theirs = await console.api("lead", "internal", NORTHWIND), await console.api("lead", "msp", NORTHWIND)
    p1 = {"title": "Core switch nw-core-sw1 does not answer", "host": "nw-core-sw1"}

    made = (
        await ours.post("/api/v1/silences", json={**QUIET, "asset": ["nw-core-sw1"], "allow_suppress_p1": True})
    ).json()
    assert (made["holds_p1"], made["needs_consent_of"]) == (False, ["msp"])
    assert held(book, **p1) is None
    again = await ours.post(f"/api/v1/silences/{made['id']}/consent")
    assert again.json()["needs_consent_of"] == ["msp"]
    agreed = (await theirs.post(f"/api/v1/silences/{made['id']}/consent")).json()

    assert (agreed["holds_p1"], agreed["needs_consent_of"]) == (True, [])
    assert held(book, **p1) == made["id"]


async def test_nobody_consents_to_what_was_not_asked(console: World):
    api = await console.api("lead", "msp", NORTHWIND)
    made = (await api.post("/api/v1/silences", json=QUIET)).json()

    answer = await api.post(f"/api/v1/silences/{made['id']}/consent")

    assert answer.status_code == 409


async def test_a_maintenance_window_recurs_on_the_wall_clock_of_its_site(console: World, book: AgreementBook):
    api = await console.api("lead", tenants=NORTHWIND)

    made = await api.post("/api/v1/maintenance", json=MONTHLY)

    assert made.status_code == 201, made.text
    assert (made.json()["start"], made.json()["zone"]) == ("2026-12-13T07:00:00Z", "America/New_York")
    agreement = book.active("northwind")
    assert agreement is not None
    holders = agreement.suppression.holders
    assert [holder.kind for holder in holders if holder.id == made.json()["id"]] == [SuppressionKind.WINDOW]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        (
            "silences",
            {**QUIET, "asset": ["nw-file-2"]},
            'this client has no asset "nw-file-2"; did you mean "nw-file-02"?',
        ),
        ("silences", {"to": END, "reason": "x"}, "say what it holds"),
        ("silences", {**QUIET, "to": (NOW - timedelta(hours=1)).isoformat()}, "ends before it begins"),
        ("silences", {**QUIET, "to": (NOW + timedelta(days=31)).isoformat()}, "at most 30 days"),
        ("maintenance", {**MONTHLY, "rrule": "FREQ=SECONDLY"}, "shortest is FREQ=HOURLY"),
        ("maintenance", {**MONTHLY, "zone": "America/Newark"}, "there is no time zone"),
        ("maintenance", {**MONTHLY, "weekly": [{"days": ["someday"], "from": "1", "to": "2"}]}, "is not a day"),
    ],
)
async def test_what_cannot_be_meant_is_refused_in_words(console: World, path: str, body: dict[str, Any], says: str):
    api = await console.api("lead", tenants=NORTHWIND)

    answer = await api.post(f"/api/v1/{path}", json=body)

    assert answer.status_code in {400, 422}, answer.text
    assert says in answer.text.replace('\\"', '"')


async def test_roles_and_tenants_are_kept_apart(console: World):
    lead = await console.api("lead", tenants=NORTHWIND)
    made = (await lead.post("/api/v1/silences", json=QUIET)).json()
    viewer, responder = (
        await console.api("viewer", tenants=NORTHWIND),
        await console.api("responder", tenants=NORTHWIND),
    )
    stranger = await console.api("admin", tenants=("globex",))

    assert (await viewer.post("/api/v1/silences", json=QUIET)).status_code == 403
    assert (await responder.post("/api/v1/maintenance", json=MONTHLY)).status_code == 403
    assert (await responder.post(f"/api/v1/silences/{made['id']}/consent")).status_code == 403
    assert (await stranger.delete(f"/api/v1/silences/{made['id']}")).status_code == 404
    assert (await stranger.get("/api/v1/silences?tenant=northwind")).json()["items"] == []
    assert (await stranger.post("/api/v1/silences", json={**QUIET, "tenant": "northwind"})).status_code == 404


async def test_a_request_that_comes_again_makes_one_silence(console: World):
    api = await console.api("responder", tenants=NORTHWIND)

    first = await api.post("/api/v1/silences", json=QUIET, headers={"Idempotency-Key": "k1"})
    second = await api.post("/api/v1/silences", json=QUIET, headers={"Idempotency-Key": "k1"})

    assert first.json()["id"] == second.json()["id"]
    assert len((await api.get("/api/v1/silences")).json()["items"]) == 1


async def test_who_held_what_is_in_the_audit(console: World):
    api = await console.api("lead", tenants=NORTHWIND)
    made = (await api.post("/api/v1/silences", json=QUIET)).json()
    console.clock.advance(timedelta(minutes=1))
    await api.delete(f"/api/v1/silences/{made['id']}")

    deeds = (await api.get("/api/v1/audit?tenant=northwind")).json()["items"]

    assert [(deed["action"], deed["object"]) for deed in deeds[:2]] == [
        ("silence.end", made["id"]),
        ("silence.add", made["id"]),
    ]


async def test_another_process_sees_it_with_its_next_refresh(console: World, policy):
    other = AgreementBook(policy)
    await other.refresh()
    before = other.active("northwind")
    api = await console.api("responder", tenants=NORTHWIND)

    made = (await api.post("/api/v1/silences", json=QUIET)).json()
    assert other.active("northwind") is before
    await other.refresh()

    assert held(other) == made["id"]
    known = other.active("northwind")
    await other.refresh()
    assert other.active("northwind") is known


async def test_the_command_line_adds_lists_and_ends(console: World):
    server = WebServer(console.app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    host, port = server.address
    where = {"TANDEM_URL": f"http://{host}:{port}", "TANDEM_TOKEN": await console.token("lead", tenants=NORTHWIND)}

    async def invoke(app: Any, *arguments: str) -> Any:
        return await asyncio.to_thread(
            CliRunner().invoke, app, [*arguments, "--output", "json"], env={**where, "COLUMNS": "200"}
        )

    made = await invoke(
        silences.app, "add", "--asset", "nw-file-02", "--from", NOW.isoformat(), "--for", "4h", "--reason", "Disks"
    )
    window = await invoke(
        maintenance.app,
        "add",
        "--name",
        "P",
        "--weekly",
        "sat,sun 22:00-02:00",
        "--site",
        "newark",
        "--reason",
        "Patches",
    )
    unclear = await invoke(silences.app, "add", "--everything", "--reason", "x")
    listed = await invoke(maintenance.app, "list")
    id = json.loads(made.stdout)[0]["id"]
    ended = await invoke(silences.app, "end", id)
    twice = await invoke(silences.app, "end", id)
    await server.stop(5)

    assert (made.exit_code, window.exit_code, listed.exit_code, ended.exit_code) == (0, 0, 0, 0), (
        window.output + made.output
    )
    assert [row["name"] for row in json.loads(listed.stdout) if row["source"] == "made"] == ["P"]
    assert (unclear.exit_code, twice.exit_code) == (2, 1)


async def test_a_responder_asks_for_p1_but_does_not_consent_for_the_party(console: World):
    api = await console.api("responder", tenants=NORTHWIND)

    made = (await api.post("/api/v1/silences", json={**QUIET, "allow_suppress_p1": True})).json()

    assert made["needs_consent_of"] == ["internal", "msp"]


async def test_what_waits_is_listed_for_its_own_tenants(console: World):
    await console.rows.router.execute(
        "insert into router.held (id, tenant, condition, alert_id, kind, by_id, reason, since, last_seen_at, count, worst,"
        " priority, function, title, state) values ($1, 'northwind', 'rmm/x', $1, 'silence', 'quiet', 'because', $2, $2, 3,"
        " 'high', 'P2', 'servers', 'Disk', '{}')",
        uuid4(), NOW,
    )  # fmt: skip
    ours, others = await console.api("viewer", tenants=NORTHWIND), await console.api("viewer", tenants=("globex",))

    (row,) = (await ours.get("/api/v1/held")).json()["items"]

    assert (row["by"], row["count"], row["outcome"]) == ("quiet", 3, None)
    assert (await others.get("/api/v1/held")).json()["items"] == []
