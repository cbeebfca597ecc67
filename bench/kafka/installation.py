"""Tandem past one machine, as far as one machine can show it: a process per service on PostgreSQL and Kafka.

PostgreSQL has fsync on; the broker is one node as Kafka comes, which writes to the page cache and leaves the disk to
the system. Both have their files on the disk that the embedded rows use.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench import proc
from bench.load import Target
from bench.payload import generic_post
from bench.probe import DISK
from bench.tenant import INTEGRATION, add_way_in, write_agreements
from tandem.clock import SystemClock
from tandem.db.pool import engine
from tandem.errors import Unavailable
from tandem.policy.follow import apply_directory
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.cluster import Cluster
from tests.support.member import service_of
from tests.support.postgres import new_base
from tests.support.postgres_server import PostgresServer
from tests.support.served import TANDEM, Served, launch

EACH = ("ingest-1", "router-1", "sla-clock-1", "notifier-1", "console-1")
"""One process of each service."""
_JVM = ("-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35")
"""As Kafka's own start script has them."""
_KEY = bytes(range(32))
_COMMAND_S = 300.0
_SHARED_S = 180.0
_LOOK_S = 0.05
_WORTH_SAYING = 0.005
"""Of a processor."""


@dataclass(kw_only=True)
class Apart:
    """Processes go by names: ``router-2`` is the second router."""

    sink_url: str
    home: Path = field(default_factory=lambda: new_base(DISK))
    processes: dict[str, Served] = field(default_factory=dict)
    secret: bytes = b""
    name: str = "tandem on kafka"
    server: PostgresServer = field(init=False)
    broker: KafkaBroker = field(init=False)

    def __post_init__(self) -> None:
        """Nothing runs yet."""
        self.server = PostgresServer(self.home / "server")
        self.broker = KafkaBroker(Cluster(base=new_base(DISK), heap="1g", jvm=_JVM))

    async def start(self) -> None:
        """Database and broker, with schemas, agreements, topics and a way in; no service."""
        await asyncio.gather(self.server.start(), self.broker.start())
        await self._command("db", "upgrade")
        agreements = write_agreements(self.home / "agreement", self.sink_url)
        policy = engine(self.server.dsn, "tandem_policy", pooled=False)
        await apply_directory(policy, agreements, now=SystemClock().now())
        await policy.dispose()
        await self._command("kafka", "ensure-topics")
        self.secret = await add_way_in(self.server.dsn, _KEY)

    async def run(self, *names: str) -> None:
        """Start processes side by side and wait until they are ready."""
        await asyncio.gather(*(self._process(name).start() for name in names))

    async def end(self, *names: str) -> None:
        """Ask processes to stop and wait until they have."""
        await asyncio.gather(*(self.processes[name].stop() for name in names))

    async def shared(self, service: str, members: int) -> None:
        """Wait until so many processes of a service hold a share of its partitions each.

        Raises:
            TimeoutError: they do not within three minutes.
        """
        async with asyncio.timeout(_SHARED_S):
            while len(shares := await self._shares(service)) != members or not all(shares):  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(_LOOK_S)

    def target(self) -> Target:
        """The first ingest, and alerts of a condition each."""
        return self.target_of(lambda number: generic_post(INTEGRATION, self.secret, number))

    def urgent(self) -> Target:
        """The same with alerts that become a P1 each."""
        return self.target_of(lambda number: generic_post(INTEGRATION, self.secret, number, urgent=True))

    def repeating(self, first: int, conditions: int) -> Target:
        """The same with alerts from ``first`` on that repeat so many conditions by turns."""
        return self.target_of(
            lambda number: generic_post(
                INTEGRATION, self.secret, number, condition=first + (number - first) % conditions
            )
        )

    def cpu_s(self) -> dict[str, float]:
        """So far: services against PostgreSQL and broker. A process counts while it runs."""
        each = self.cpu_by_part()
        rest = each.pop("PostgreSQL") + each.pop("broker")
        return {"root": sum(each.values()), "rest": rest}

    def cpu_by_part(self) -> dict[str, float]:
        """CPU seconds so far of each service's running processes, of PostgreSQL and of the broker."""
        found: dict[str, float] = {}
        for name, served in self.processes.items():
            if served.process is not None:
                service = service_of(name)
                found[service] = found.get(service, 0.0) + sum(proc.cpu_s(served.process.pid).values())
        (node,) = self.broker.cluster.members
        broker = node.process.pid if node.process is not None else None
        for part, pid in (("PostgreSQL", self.server.pid), ("broker", broker)):
            found[part] = sum(proc.cpu_s(pid).values()) if pid is not None else 0.0
        return found

    async def close(self) -> None:
        """End everything and remove the files."""
        for served in self.processes.values():
            await served.end()
        await self.broker.stop()
        await self.server.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def target_of(self, request: Callable[[int], bytes]) -> Target:
        address = self.processes["ingest-1"].address
        port = urlsplit(address or "").port
        if port is None:
            raise RuntimeError("ingest-1 does not run")
        return Target(port, request)

    async def _shares(self, service: str) -> list[int]:
        try:
            return await self.broker.shares(service)
        except Unavailable:  # the first group of a new broker has no coordinator yet
            return []

    def _process(self, name: str) -> Served:
        if name not in self.processes:
            base = self.home / name
            base.mkdir()
            arguments = ("--target", service_of(name), "--listen", "127.0.0.1:0")
            self.processes[name] = Served(base=base, environment=self._environment(), arguments=arguments)
        return self.processes[name]

    def _environment(self) -> Mapping[str, str]:
        return {
            "TANDEM_DATABASE_URL": self.server.dsn,
            "TANDEM_SECRET_KEY": base64.b64encode(_KEY).decode(),
            "TANDEM_KAFKA_BOOTSTRAP": self.broker.address,
            "TANDEM_ALLOW_PRIVATE_TARGETS": "127.0.0.0/8",
        }

    async def _command(self, *arguments: str) -> None:
        """``tandem ...`` as an operator does."""
        log = self.home / "command.log"
        process = await launch([str(TANDEM), *arguments], log, self._environment())
        async with asyncio.timeout(_COMMAND_S):
            code = await process.wait()
        if code:
            said = log.read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"tandem {' '.join(arguments)} ended with {code}:\n{said[-3000:]}")


def busy(before: Mapping[str, float], after: Mapping[str, float], seconds: float) -> str:
    """How many processors each part used meanwhile, the busiest first: ``router 0.92, PostgreSQL 0.61``."""
    used = {part: (after[part] - before.get(part, 0.0)) / seconds for part in after}
    busiest = sorted(used.items(), key=lambda each: -each[1])
    return ", ".join(f"{part} {count:.2f}" for part, count in busiest if count >= _WORTH_SAYING)


@asynccontextmanager
async def apart(sink_url: str, *names: str) -> AsyncIterator[Apart]:
    """A fresh installation in which these processes are ready."""
    made = Apart(sink_url=sink_url)
    try:
        await made.start()
        await made.run(*names)
        yield made
    finally:
        await made.close()
