"""Tandem as programs outside meet it: on a broker that decides by ACLs, with clients that post alerts and readers of topics.

One process holds every service and reaches the broker as a user of its own, which may do what ``grant-service`` gave it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat

from tandem.app.outside import ensure_all
from tandem.app.targets import ALL
from tandem.bus.kafka_acls import grant, service_rules
from tandem.bus.kafka_settings import KafkaSettings
from tandem.clock import SystemClock, monotonic
from tandem.db.pool import engine
from tandem.model.integration import AuthKind, Integration
from tandem.policy.integrations import add_integration
from tests.support.installation import put_agreements
from tests.support.kafka.cluster import Login
from tests.support.kafka.fixtures import TANDEM, KafkaRoom, as_user
from tests.support.kafka.services import KEY, environment_of
from tests.support.postgres import Database, new_base, quick_room
from tests.support.served import READY_S, launch
from tests.support.served import TANDEM as PROGRAM

COME_S = 90.0
"""Generous: everything runs on one busy machine."""


@dataclass
class House:
    """The running process and what surrounds it."""

    room: KafkaRoom
    database: Database
    base: Path
    targets: str = "all"
    secrets: dict[str, str] = field(default_factory=dict)
    """Tenant, or a way in by its name, -> the secret."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """More variables."""
    edit: Callable[[Path], None] = lambda _: None
    """Changes the agreements in this directory before the first start."""
    process: asyncio.subprocess.Process | None = None
    address: str = ""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def log(self) -> Path:
        return self.base / "tandem.log"

    @property
    def ready_file(self) -> Path:
        return self.base / f"{self.targets}.ready.json"

    def environment(self, login: Login | None) -> dict[str, str]:
        """Settings of a process that reaches the broker as ``login``, or as the administrator."""
        kafka = as_user(self.room.settings, login) if login else self.room.settings
        return {**environment_of(self.database, kafka), **self.settings}

    async def start(self, login: Login | None = TANDEM) -> None:
        """Start it and wait until it is ready."""
        await self.spawn(login)
        await self.ready()

    async def spawn(self, login: Login | None = TANDEM) -> None:
        """Start it without waiting."""
        agreements = self.base / "agreements"
        put_agreements(agreements, "http://127.0.0.1:9/inbox")
        self.edit(agreements)
        command = ["serve", f"--target={self.targets}", "--listen", "127.0.0.1:0", "--data-dir", str(self.base)]
        given = ["--agreements", str(agreements)]
        self.process = await launch([str(PROGRAM), *command, *given], self.log, self.environment(login))

    async def ready(self) -> None:
        """Wait for its ready file."""
        assert self.process is not None
        async with asyncio.timeout(READY_S):
            while not self.ready_file.exists():
                assert self.process.returncode is None, self.said()
                await asyncio.sleep(0.05)
        self.address = json.loads(self.ready_file.read_text(encoding="utf-8"))["address"]

    async def tool(self, *arguments: str) -> tuple[str, str]:
        """Run ``tandem`` with ``arguments`` as the cluster's administrator; what it wrote, both ways."""
        log = self.base / f"tool-{next(self._numbers)}.log"
        process = await asyncio.create_subprocess_exec(
            str(PROGRAM),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", **self.environment(None), "TANDEM_DATA_DIR": str(log.with_suffix(""))},
        )
        async with asyncio.timeout(READY_S):
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode(), err.decode()

    async def add_ways(self, tenants: Sequence[str]) -> None:
        """A way in for each tenant."""
        policy = engine(self.database.dsn, "tandem_policy", pooled=False)
        try:
            for tenant in tenants:
                way = Integration(name=f"disks-{tenant}", tenant=tenant, vendor="generic", auth=AuthKind.HEADER)
                made = await add_integration(policy, way, key=KEY, now=SystemClock().now())
                self.secrets[tenant] = made.secret
        finally:
            await policy.dispose()

    async def post(self, tenant: str, key: str, title: str = "") -> int:
        """A full system disk, until it is accepted (a new way in is known within two seconds); returns the status."""
        says = {
            "title": title or f"Volume C: is full on server {key}",
            "severity": "high",
            "host": key,
            "dedup_key": key,
        }
        headers = {"X-Tandem-Key": self.secrets[tenant]}
        until = monotonic() + COME_S
        async with aiohttp.ClientSession(trust_env=False) as http:
            while True:
                url = f"{self.address}/v1/alerts/disks-{tenant}"
                async with http.post(url, json=says, headers=headers) as answer:
                    if answer.status == 202:
                        return answer.status
                    assert monotonic() < until, await answer.text()
                await asyncio.sleep(0.1)

    async def readiness(self) -> tuple[int, Any]:
        """What ``/readyz`` answers."""
        async with aiohttp.ClientSession(trust_env=False) as http, http.get(f"{self.address}/readyz") as answer:
            return answer.status, await answer.text()

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL to what does not end by it; its files are removed."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(30):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        print(self.said())
        shutil.rmtree(self.base, ignore_errors=True)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-6000:] if self.log.exists() else ""


@asynccontextmanager
async def house(room: KafkaRoom, database: Database, tenants: Sequence[str]) -> AsyncIterator[House]:
    """Every service in one process, with topics, grants and a way in for each of ``tenants``."""
    made = House(room, database, new_base(quick_room()))
    await ensure_all(room.settings, database.dsn, dry_run=False)
    rules = [rule for name in ALL for rule in service_rules(room.settings, TANDEM.name, name)]
    await grant(room.settings, list(dict.fromkeys(rules)))
    try:
        await made.start()
        await made.add_ways(tenants)
        yield made
    finally:
        await made.stop()


@dataclass
class Reader:
    """A program outside: everything its topic has brought so far."""

    records: list[ConsumerRecord] = field(default_factory=list)

    @property
    def events(self) -> list[Any]:
        """As the CloudEvents library understands them."""
        return [from_binary(_message(record), JSONFormat()) for record in self.records]

    def opened(self) -> set[str]:
        """Hosts of the incidents that were opened."""
        return {event.get_data()["host"] for event in self.events if event.get_type().endswith(".opened.v1")}


async def read_until(settings: KafkaSettings, topic: str, login: Login, hosts: set[str]) -> Reader:
    """Read ``topic`` from its beginning as ``login``, until incidents of all ``hosts`` were opened and it falls silent."""
    reader = Reader()
    consumer = AIOKafkaConsumer(
        settings.topic(topic),
        **as_user(settings, login).client(login.name),
        group_id=f"{login.name}.reader",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        async with asyncio.timeout(COME_S):
            while True:
                found = await consumer.getmany(timeout_ms=1500)
                reader.records.extend(record for records in found.values() for record in records)
                if not found and hosts <= reader.opened():
                    return reader
    finally:
        await consumer.stop()


def _message(record: ConsumerRecord) -> KafkaMessage:
    headers: Mapping[str, bytes] = dict(record.headers)
    return KafkaMessage(headers=dict(headers), key=record.key, value=record.value)
