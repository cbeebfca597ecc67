"""What could not be read is shown with its body, and replayed once its integration is read better."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tandem.cli.quarantine import app
from tandem.clock import ManualClock
from tandem.model.alert import Alert, AlertStatus
from tandem.model.integration import Integration
from tandem.web.server import WebServer, bind
from tandem.wire import codec
from tandem_ingest.set_aside import SetAside
from tests.integration.console.test_cli import invoke
from tests.support.console import World, close_world, make_world
from tests.support.console_rows import NOW
from tests.support.integrations import integration

BODY = b'{"title": "Tank 3 is empty", "host": "plc-3", "severity": "high", "dedup_key": "tank-3"}'


@dataclass
class Plant:
    """A console, and an ingest whose integrations a test can change."""

    world: World
    known: dict[str, Integration] = field(default_factory=dict)

    async def unread(self, raw: bytes | None = BODY, **row: Any) -> UUID:
        """A post that was put aside, as the router stored its plain alert."""
        given = {"id": uuid4(), "tenant": "acme", "integration": "plant", "at": NOW, "delivery_id": "d", **row}
        said = {
            "title": "Unreadable alert from plant", "quarantined": "no alerts", "content_type": "application/json",
            "delivery_id": given["delivery_id"],
        }  # fmt: skip
        await self._store(given, said, "unreadable:plant", raw)
        return given["id"]

    async def readable_part(self, of: datetime, key: str, raw: bytes | None = None) -> None:
        """What could be read of the same delivery."""
        given = {"id": uuid4(), "tenant": "acme", "integration": "plant", "at": of}
        await self._store(given, {"title": "t", "quarantined": None, "delivery_id": "d"}, key, raw)

    async def on_their_way(self) -> list[Alert]:
        admin = await self.world.database.admin()
        rows = await admin.fetch("select value from ingest.waiting order by position")
        return [codec.decode(Alert, row["value"]) for row in rows]

    async def audited(self) -> list[tuple[str, str]]:
        admin = await self.world.database.admin()
        rows = await admin.fetch(
            "select action, outcome from console.audit where action like 'quarantine%' order by at"
        )
        return [(row["action"], row["outcome"]) for row in rows]

    async def _store(self, row: dict[str, Any], body: dict[str, Any], key: str, raw: bytes | None) -> None:
        await self.world.rows.router.execute(
            "insert into router.alert (id, tenant, integration, dedup_key, received_at, body, raw)"
            " values ($1, $2, $3, $4, $5, $6, $7)",
            *(row["id"], row["tenant"], row["integration"], key, row["at"], body, raw),
        )


@pytest.fixture
async def plant(database) -> AsyncIterator[Plant]:
    known = {"plant": integration("plant", vendor="alertmanager")}

    async def find(name: str) -> Integration | None:
        return known.get(name)

    aside = SetAside(dsn=database.dsn, clock=ManualClock(NOW + timedelta(hours=1)), find=find)
    world = await make_world(database, aside=aside)
    try:
        yield Plant(world, known)
    finally:
        await aside.close()
        await close_world(world)


async def test_a_lead_sees_the_body_with_what_no_terminal_should_obey_replaced(plant: Plant):
    alert_id = await plant.unread(b"\x1b[2J disk \xff full\nsecond line")

    async with await plant.world.api("lead") as api:
        (item,) = (await api.get("/api/v1/quarantine")).json()["items"]
        one = (await api.get(f"/api/v1/quarantine/{alert_id}")).json()

    assert item["id"] == str(alert_id)
    assert (item["kind"], item["integration"], item["reason"]) == ("post", "plant", "no alerts")
    assert item["raw"] == "\ufffd[2J disk \ufffd full\nsecond line"
    assert one == item


async def test_of_a_long_body_the_list_shows_the_beginning(plant: Plant):
    alert_id = await plant.unread(b"x" * 100_000)

    async with await plant.world.api("lead") as api:
        (item,) = (await api.get("/api/v1/quarantine")).json()["items"]
        one = (await api.get(f"/api/v1/quarantine/{alert_id}")).json()

    assert (len(item["raw"]), len(one["raw"]), item["bytes"]) == (2_000, 64_000, 100_000)


async def test_other_clients_posts_are_neither_seen_nor_replayed(plant: Plant):
    foreign = await plant.unread(tenant="globex")

    async with await plant.world.api("lead") as api:
        listed = (await api.get("/api/v1/quarantine")).json()["items"]
        answers = [
            await api.get(f"/api/v1/quarantine/{foreign}"),
            await api.post(f"/api/v1/quarantine/{foreign}/replay"),
        ]

    assert listed == []
    assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_list_goes_on_where_it_ended_and_keeps_its_integration(plant: Plant):
    ids = [await plant.unread(at=NOW + timedelta(minutes=n)) for n in range(3)]
    await plant.unread(integration="other", at=NOW + timedelta(hours=1))

    async with await plant.world.api("lead") as api:
        first = await api.get("/api/v1/quarantine?integration=plant&limit=2")
        rest = await api.get(first.links["next"]["url"])

    seen = [item["id"] for item in (*first.json()["items"], *rest.json()["items"])]
    assert seen == [str(each) for each in reversed(ids)]


async def test_while_it_cannot_be_read_a_replay_is_refused_with_the_reason_and_sends_nothing(plant: Plant):
    alert_id = await plant.unread()

    async with await plant.world.api("lead") as api:
        answer = await api.post(f"/api/v1/quarantine/{alert_id}/replay")

    assert answer.status_code == 409
    assert "still cannot be read as Prometheus Alertmanager" in answer.json()["detail"]
    assert await plant.on_their_way() == []


async def test_once_its_integration_is_read_better_a_replay_sends_what_it_says_and_clears_the_plain_alert(plant: Plant):
    alert_id = await plant.unread()
    plant.known["plant"] = integration("plant")

    async with await plant.world.api("lead") as api:
        answer = await api.post(f"/api/v1/quarantine/{alert_id}/replay")
        (item,) = (await api.get("/api/v1/quarantine")).json()["items"]

    assert answer.status_code == 200, answer.text
    alert, clear = await plant.on_their_way()
    assert (alert.title, alert.host, alert.dedup_key) == ("Tank 3 is empty", "plc-3", "tank-3")
    assert (clear.dedup_key, clear.status) == ("unreadable:plant", AlertStatus.RESOLVED)
    assert [each["alert_id"] for each in answer.json()["alerts"]] == [str(alert.alert_id), str(clear.alert_id)]
    assert item["replayed_at"] is not None
    assert await plant.audited() == [("quarantine.replay", "2 alerts")]


async def test_replayed_twice_it_makes_alerts_with_the_same_ids(plant: Plant):
    alert_id = await plant.unread()
    plant.known["plant"] = integration("plant")

    async with await plant.world.api("lead") as api:
        first, second = [(await api.post(f"/api/v1/quarantine/{alert_id}/replay")).json() for _ in range(2)]

    assert first == second


async def test_what_could_be_read_of_it_when_it_came_is_not_sent_again(plant: Plant):
    alert_id = await plant.unread(raw=None)
    await plant.readable_part(NOW, "tank-3", raw=BODY)
    plant.known["plant"] = integration("plant")

    async with await plant.world.api("lead") as api:
        answer = await api.post(f"/api/v1/quarantine/{alert_id}/replay")

    assert answer.status_code == 200, answer.text
    assert [alert.dedup_key for alert in await plant.on_their_way()] == ["unreadable:plant"]


async def test_all_of_an_integration_are_replayed_oldest_first_and_the_last_one_clears(plant: Plant):
    bodies = (b'{"title": "one", "dedup_key": "a"}', b'{"title": "two", "dedup_key": "b"}')
    for number, body in enumerate(bodies):
        await plant.unread(body, at=NOW + timedelta(minutes=number), delivery_id=str(number))
    broken = await plant.unread(b"{", at=NOW + timedelta(minutes=5), delivery_id="broken")
    plant.known["plant"] = integration("plant")

    async with await plant.world.api("lead") as api:
        answer = (await api.post("/api/v1/quarantine/replay", json={"integration": "plant"})).json()

    assert [alert.title for alert in await plant.on_their_way()] == ["one", "two"]
    assert [each["id"] for each in answer["not_replayed"]] == [str(broken)]
    assert not any(each["cleared"] for each in answer["replayed"])
    assert answer["more"] is False


async def test_an_old_post_whose_body_is_kept_no_longer_says_so(plant: Plant):
    alert_id = await plant.unread(raw=None)

    async with await plant.world.api("lead") as api:
        answer = await api.post(f"/api/v1/quarantine/{alert_id}/replay")

    assert answer.status_code == 409
    assert "not kept any longer" in answer.json()["detail"]


async def test_both_parties_see_what_became_of_what_was_posted(plant: Plant):
    admin = await plant.world.database.admin()
    await admin.execute(
        "insert into ingest.intake values ('acme', 'plant', $1, 'accepted', 7), ('acme', 'plant', $1, 'queued', 3),"
        " ('globex', 'other', $1, 'accepted', 1), ('acme', 'plant', $2, 'accepted', 100)",
        *(NOW, NOW - timedelta(hours=2)),
    )

    seen = []
    for party in ("internal", "msp"):
        async with await plant.world.api("viewer", party) as api:
            seen.append((await api.get("/api/v1/intake")).json()["items"])

    assert [(item["integration"], item["result"], item["n"]) for item in seen[0]] == [
        ("plant", "accepted", 7),
        ("plant", "queued", 3),
    ]
    assert seen[0] == seen[1]


async def test_the_command_line_lists_shows_and_replays(plant: Plant):
    alert_id = await plant.unread()
    server = WebServer(plant.world.app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    host, port = server.address
    where = {"TANDEM_URL": f"http://{host}:{port}", "TANDEM_TOKEN": await plant.world.token("lead")}

    listed = await invoke(app, "list", **where)
    shown = await invoke(app, "show", str(alert_id), **where)
    refused = await invoke(app, "replay", str(alert_id), **where)
    plant.known["plant"] = integration("plant")
    replayed = await invoke(app, "replay", "--integration", "plant", **where)
    neither = await invoke(app, "replay", **where)
    junk = await plant.unread(b"{", at=NOW + timedelta(minutes=9), delivery_id="junk")
    discarded = await invoke(app, "discard", str(junk), "--reason", "a test of the vendor's", **where)
    open_ones = await invoke(app, "list", "--state", "open", **where)
    await server.stop(5)

    assert str(alert_id) in listed.stdout, listed.output
    assert BODY.decode() in shown.stdout
    assert (refused.exit_code, "still cannot be read" in refused.stderr) == (1, True)
    assert (replayed.exit_code, "firing: Tank 3 is empty" in replayed.stdout) == (0, True)
    assert neither.exit_code == 2
    assert (discarded.exit_code, f"{junk}: discarded" in discarded.stdout) == (0, True)
    assert str(junk) not in open_ones.stdout
