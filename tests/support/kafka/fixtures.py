"""Kafka for tests: one broker for all workers of a run, a room of its own for each test; a pytest plugin.

A second one speaks SASL/SCRAM, with TLS and without, and decides by ACLs (StandardAuthorizer), for tests of who may do
what. The first worker that needs the broker starts it, the last one ends it: each holds a lock on a file as long as it may
use it, and such locks end with their process. A broker that a killed run left behind is ended by the next run.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from tandem.bus.kafka_settings import KafkaSettings, Security
from tandem.bus.kafka_topics import admin, create, look, wanted_topic
from tests.support.kafka import tls
from tests.support.kafka.cluster import ADMIN, MECHANISM, Cluster, Login
from tests.support.requirements import REQUIREMENTS, insist_or_skip

TANDEM = Login("tandem", "of-all-services-in-one-process")
INGEST = Login("tandem-ingest", "of-the-edge")
ROUTER = Login("tandem-router", "of-the-router")
NORTHWIND = Login("northwind", "of-northwinds-console")
FAIRHAVEN = Login("fairhaven", "of-fairhavens-console")
BRIGHTWATER = Login("brightwater", "of-brightwaters-soc")
LOGINS = (TANDEM, INGEST, ROUTER, NORTHWIND, FAIRHAVEN, BRIGHTWATER)
"""Users of the secured broker. What each may do, tests grant: in a room of their own, so none sees another's grants."""

ROOM = Path("/tmp")
_SHARED = "tandem-test-kafka-"


@dataclass(frozen=True)
class KafkaRoom:
    """A prefix of one test on a cluster."""

    settings: KafkaSettings

    async def create(self, topics: Sequence[str]) -> None:
        """Make ``topics`` as `tandem kafka ensure-topics` does, and wait until they can be written."""
        made = [wanted_topic(self.settings, topic) for topic in topics]
        async with admin(self.settings) as client:
            await create(client, made)
            until = asyncio.get_running_loop().time() + 20
            while len(await look(client, [topic.name for topic in made])) < len(made):
                assert asyncio.get_running_loop().time() < until, "topics do not come"
                await asyncio.sleep(0.05)

    async def values(self, topic: str) -> list[bytes]:
        """Everything on ``topic`` now, each partition in its order."""
        name = self.settings.topic(topic)
        async with admin(self.settings) as client:
            partitions = (await look(client, [name]))[name].partitions
        consumer = AIOKafkaConsumer(**self.settings.client("test"), enable_auto_commit=False)
        await consumer.start()
        try:
            places = [TopicPartition(name, part) for part in range(partitions)]
            consumer.assign(places)
            await consumer.seek_to_beginning()
            wanted = sum((await consumer.end_offsets(places)).values())
            found: list[bytes] = []
            async with asyncio.timeout(30):
                while len(found) < wanted:
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found.extend(record.value for record in records)
            return found
        finally:
            await consumer.stop()

    async def clear(self) -> None:
        """Remove what this room holds; a broker with a thousand partitions is slow."""
        async with admin(self.settings) as client:
            mine = [name for name in await client.list_topics() if name.startswith(self.settings.prefix)]
            if mine:
                await client.delete_topics(mine)

    def again(self, **changes) -> KafkaSettings:
        """The room's settings with ``changes``."""
        return replace(self.settings, **changes)


@dataclass(frozen=True)
class TlsWays:
    """Settings of clients that come by TLS."""

    plain: KafkaSettings
    """The administrator's, without TLS."""
    addresses: Mapping[str, str]
    """One of ``tls.WAYS`` -> HOST:PORT."""
    files: tls.Files

    def by_password(self, way: str = tls.GOOD, **changes) -> KafkaSettings:
        """As the administrator by SCRAM-SHA-512 and TLS."""
        reached = replace(
            self.plain, bootstrap=self.addresses[way], security=Security.SASL_SSL, mechanism="SCRAM-SHA-512"
        )
        return replace(reached, **{"ca_file": self.files.authority, **changes})

    def by_certificate(self, name: str | None = tls.CLIENT) -> KafkaSettings:
        """As who the certificate says, or as nobody; without a password."""
        shown = self.files.client(name) if name else {}
        return self.by_password(tls.MUTUAL, security=Security.SSL, username=None, password=None, **shown)


@pytest.fixture(scope="session")
def kafka_address(testrun_uid: str) -> Iterator[str]:
    """Where the run's broker answers: the one that TANDEM_TEST_KAFKA names, or one of ours."""
    external = os.environ.get("TANDEM_TEST_KAFKA")
    if external:
        yield external
        return
    with _shared(testrun_uid[:12]) as facts:
        yield facts["bootstrap"]


@pytest.fixture
async def kafka_room(kafka_address: str) -> AsyncIterator[KafkaRoom]:
    """A fresh prefix on the run's broker."""
    room = KafkaRoom(KafkaSettings(bootstrap=kafka_address, prefix=f"t{uuid4().hex[:8]}."))
    yield room
    await room.clear()


@pytest.fixture(scope="session")
def secured_facts(testrun_uid: str) -> Iterator[dict]:
    """The run's secured broker; always one of ours, because its users are."""
    if not shutil.which("java") or not shutil.which("mvn"):
        insist_or_skip(next(need for need in REQUIREMENTS if need.marker == "kafka"), dict(os.environ))
    with _shared(f"{testrun_uid[:12]}-secured", LOGINS) as facts:
        yield facts


@pytest.fixture(scope="session")
def secured_address(secured_facts: dict) -> str:
    """Where it answers without TLS."""
    return secured_facts["bootstrap"]


@pytest.fixture
def tls_ways(secured_facts: dict, secured_room: KafkaRoom) -> TlsWays:
    """Its ways in by TLS, into the test's room."""
    return TlsWays(secured_room.settings, secured_facts["ways"], tls.Files(Path(secured_facts["files"]) / "tls"))


@pytest.fixture
async def secured_room(secured_address: str) -> AsyncIterator[KafkaRoom]:
    """A fresh prefix on the run's secured broker; its settings are the administrator's."""
    plain = KafkaSettings(bootstrap=secured_address, prefix=f"t{uuid4().hex[:8]}.")
    room = KafkaRoom(as_user(plain, ADMIN))
    yield room
    await room.clear()


def as_user(settings: KafkaSettings, login: Login) -> KafkaSettings:
    """The same cluster, reached as ``login``."""
    return replace(
        settings,
        security=Security.SASL_PLAINTEXT,
        mechanism=MECHANISM,
        username=login.name,
        password=login.password,
    )


@pytest.fixture
async def own_kafka() -> AsyncIterator[Cluster]:
    """A broker that this test may kill."""
    cluster = Cluster()
    try:
        await cluster.start()
        yield cluster
    finally:
        await asyncio.to_thread(cluster.stop)


@contextlib.contextmanager
def _shared(name: str, users: Sequence[Login] = ()) -> Iterator[dict]:
    base = ROOM / f"{_SHARED}{os.getuid()}-{name}"
    base.mkdir(exist_ok=True)
    using = (base / "using").open("w")
    try:
        with _alone():
            fcntl.flock(using, fcntl.LOCK_SH)
            facts = _facts(base) or _start(base, users)
        yield facts
    finally:
        with _alone():
            fcntl.flock(using, fcntl.LOCK_UN)
            using.close()
            _end_if_unused(base)


def _start(base: Path, users: Sequence[Login]) -> dict:
    """A broker of the run, as a process that no worker waits for."""
    _end_leftovers()
    cluster = Cluster(users=users)
    ways = tls.listeners(tls.make(cluster.base / "tls")) if users else {}
    cluster.listeners = list(ways.values())
    try:
        asyncio.run(cluster.start())
    except BaseException:
        cluster.stop()
        raise
    told = {name: f"127.0.0.1:{each.port}" for name, each in ways.items()}
    facts = {"bootstrap": cluster.bootstrap, "pid": cluster.disown(), "files": str(cluster.base), "ways": told}
    (base / "broker.json").write_text(json.dumps(facts), encoding="utf-8")
    return facts


def _facts(base: Path) -> dict | None:
    try:
        return json.loads((base / "broker.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _end_if_unused(base: Path) -> bool:
    """End the broker unless another worker holds it; by its pid, if that is still a broker on our files."""
    with (base / "using").open("w") as using:
        try:
            fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        facts = _facts(base)
        if facts is not None:
            if facts["files"] in _command_of(facts["pid"]):
                os.kill(facts["pid"], signal.SIGKILL)
            shutil.rmtree(facts["files"], ignore_errors=True)
        shutil.rmtree(base, ignore_errors=True)
    return True


def _end_leftovers() -> None:
    for base in ROOM.glob(f"{_SHARED}{os.getuid()}-*"):
        if _facts(base) is not None:
            with contextlib.suppress(OSError):
                _end_if_unused(base)


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One worker of this account at a time."""
    with (ROOM / f"{_SHARED}{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
