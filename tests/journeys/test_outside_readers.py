"""Programs outside read what they may: each its own topic, from the router over outbox and relay to a broker with ACLs."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import groupby
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.topics import routed_topic
from tandem.clock import monotonic
from tests.support.kafka.cluster import ADMIN, Login
from tests.support.kafka.fixtures import BRIGHTWATER, FAIRHAVEN, NORTHWIND, KafkaRoom, as_user
from tests.support.outside import COME_S, House, Reader, house, read_until
from tests.support.postgres import Server, fresh_database
from tests.support.served import launch

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]  # the first test starts a broker and every service

CONSOLE = Path(__file__).parents[2] / "docs" / "samples" / "soc_console.py"
TENANTS = ("northwind", "fairhaven")
INTERNAL = {"northwind": NORTHWIND, "fairhaven": FAIRHAVEN}
MSP_TOPIC = routed_topic("msp", "brightwater")


@pytest.fixture(scope="module")
async def running(secured_address: str, postgres_server: Server, postgres_template: str) -> AsyncIterator[House]:
    """One house for this file; its readers were given what they may by the command that operators use."""
    room = KafkaRoom(as_user(KafkaSettings(bootstrap=secured_address, prefix=f"t{uuid4().hex[:8]}."), ADMIN))
    async with fresh_database(postgres_server, postgres_template) as database, house(room, database, TENANTS) as made:
        grants = [["--tenant", tenant, "--user", login.name] for tenant, login in INTERNAL.items()]
        await asyncio.gather(*(made.tool("kafka", "grant-reader", *given) for given in grants))
        yield made
    await room.clear()


def same_id_means_same_record(reader: Reader) -> bool:
    """At least once: what comes again is the same to the byte, so whoever drops by (source, id) loses nothing."""
    pairs = sorted(
        ((event.get_source(), event.get_id()), bytes(record.value))
        for event, record in zip(reader.events, reader.records, strict=True)
    )
    return all(len({value for _, value in same}) == 1 for _, same in groupby(pairs, key=lambda pair: pair[0]))


def versions(reader: Reader) -> dict[str, list[int]]:
    """Incident -> the versions told of it, in the order they came, repetitions dropped."""
    told: dict[str, list[int]] = {}
    for event in reader.events:
        seen = told.setdefault(event.get_subject(), [])
        if event.get_data()["version"] not in seen:
            seen.append(event.get_data()["version"])
    return told


async def test_each_reader_gets_every_incident_of_its_party_in_order_and_nobody_elses(running: House):
    hosts = {tenant: {f"srv-{tenant}-{n}" for n in range(4)} for tenant in TENANTS}
    await asyncio.gather(*(running.post(tenant, host) for tenant in TENANTS for host in hosts[tenant]))

    readers = await asyncio.gather(
        *(
            read_until(running.room.settings, routed_topic("internal", tenant), INTERNAL[tenant], hosts[tenant])
            for tenant in TENANTS
        )
    )

    for tenant, reader in zip(TENANTS, readers, strict=True):
        assert reader.opened() == hosts[tenant]
        assert {event.get_source() for event in reader.events} == {f"/tandem/tenants/{tenant}"}
        assert {event.get_data()["tenant"] for event in reader.events} == {tenant}
        assert {event.get_specversion() for event in reader.events} == {"1.0"}
        assert {event.get_type().split(".")[0:3] == ["io", "tandem", "incident"] for event in reader.events} == {True}
        assert {event.get_datacontenttype() for event in reader.events} == {"application/json"}
        assert all(
            record.key.decode() == f"{tenant}/{e.get_subject()}"
            for record, e in zip(reader.records, reader.events, strict=True)
        )
        assert all(told == list(range(1, len(told) + 1)) for told in versions(reader).values())
        assert same_id_means_same_record(reader)


async def test_granting_again_says_that_nothing_changed(running: House):
    again = ["kafka", "grant-reader", "--tenant", "northwind", "--user", NORTHWIND.name]

    out, err = await running.tool(*again, "--output", "json")

    assert [(row["may"], row["is"]) for row in json.loads(out)] == [
        (f"READ topic {running.room.settings.topic(routed_topic('internal', 'northwind'))}", "as it should be"),
        (f"DESCRIBE topic {running.room.settings.topic(routed_topic('internal', 'northwind'))}", "as it should be"),
        ("READ group northwind.*", "as it should be"),
    ]
    assert "fairhaven" not in out + err


class Desk:
    """The sample console of docs/ as a process, to be killed."""

    def __init__(self, house: House, login: Login, token: str, base: Path) -> None:
        kafka = house.room.settings
        self.memory = base / "memory.sqlite"
        self.log = base / "console.log"
        self.kills = 0
        self.process: asyncio.subprocess.Process | None = None
        self._environment = {
            "KAFKA_BOOTSTRAP": kafka.bootstrap,
            "KAFKA_SECURITY": "SASL_PLAINTEXT",
            "KAFKA_MECHANISM": kafka.mechanism,
            "KAFKA_USERNAME": login.name,
            "KAFKA_PASSWORD": login.password,
            "KAFKA_TOPIC": kafka.topic(MSP_TOPIC),
            "MEMORY_FILE": str(self.memory),
            "PYTHONPATH": "",
        }
        self._tandem = {"TANDEM_URL": house.address, "TANDEM_TOKEN": token, "TANDEM_PARTY": "msp"}

    async def start(self) -> None:
        command = [sys.executable, str(CONSOLE)]
        self.process = await launch(command, self.log, {**self._environment, **self._tandem})

    async def kill(self) -> None:
        assert self.process is not None
        assert self.process.returncode is None, self.said()
        self.process.kill()
        await self.process.wait()
        self.kills += 1

    async def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        async with asyncio.timeout(30):
            return await self.process.wait()

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def titles(self) -> set[str]:
        """What it remembers."""
        if not self.memory.exists():
            return set()
        with sqlite3.connect(self.memory) as db:
            try:
                return {title for (title,) in db.execute("SELECT title FROM incident")}
            except sqlite3.OperationalError:  # it has not made its tables yet
                return set()


async def until(condition: Callable[[], Awaitable[bool]], what: Callable[[], str]) -> None:
    end = monotonic() + COME_S
    while not await condition():
        assert monotonic() < end, what()
        await asyncio.sleep(0.1)


async def test_a_console_that_is_killed_and_started_again_misses_nothing_and_acknowledges_all(
    running: House, tmp_path: Path
):
    await running.tool("kafka", "grant-reader", "--tenant", "fairhaven", "--party", "msp", "--user", BRIGHTWATER.name)
    may = ["--party", "msp", "--role", "responder", "--tenant", "northwind", "--tenant", "fairhaven"]
    out, _ = await running.tool("tokens", "create", "soc-console", *may, "--output", "json")
    desk = Desk(running, BRIGHTWATER, json.loads(out)[0]["token"], tmp_path)
    titles = [f"Volume C: is full on server soc-{n}" for n in range(24)]

    for part in range(4):  # it is killed while it reads, and more comes while it is away
        await desk.start()
        for n in range(part * 6, part * 6 + 3):
            await running.post("fairhaven", f"soc-{n}", titles[n])
        await until(lambda: known(desk, titles[part * 6]), desk.said)  # noqa: B023 - awaited at once
        await desk.kill()
        for n in range(part * 6 + 3, part * 6 + 6):
            await running.post("fairhaven", f"soc-{n}", titles[n])
    await desk.start()
    connection = await running.database.admin()
    await until(lambda: acknowledged(connection, titles), lambda: desk.said() + running.said())
    await until(lambda: known(desk, *titles), desk.said)

    assert await desk.stop() == 0
    assert desk.kills == 4
    assert set(titles) <= desk.titles()


async def known(desk: Desk, *titles: str) -> bool:
    return set(titles) <= desk.titles()


async def acknowledged(connection: asyncpg.Connection, titles: list[str]) -> bool:
    """Whether the MSP's acknowledgement, by the console's token, has reached every one of these incidents."""
    rows = await connection.fetch("select title, acknowledged from router.incidents where title = any($1)", titles)
    persons = {row["title"]: row["acknowledged"].get("msp", {}).get("person") for row in rows}
    return persons == dict.fromkeys(titles, "soc-console")
