"""A fleet: one process per service on one PostgreSQL server of its own, as on several machines.

Processes go by names, ``router-1``, ``router-2``. Each reaches the database through a proxy of its own, and the broker
through another, so that its way alone can be spoilt. With a broker the fleet runs on Kafka, without on the PostgreSQL bus.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tandem.clock import SystemClock
from tandem.db.pool import engine
from tandem.policy.follow import apply_directory
from tests.support.behind import behind_on_broker, behind_on_postgres
from tests.support.broker import Broker
from tests.support.member import Member, service_of
from tests.support.postgres_server import PostgresServer
from tests.support.proxy import Proxy, proxy
from tests.support.served import TANDEM, Kill, launch
from tests.support.supervisor import in_flight

_SENDERS = {"notifier", "all"}
"""Services that send pages."""
STOOD_S = 60.0
COMMAND_S = 120.0


@dataclass(kw_only=True)
class Fleet:
    """See the module."""

    base: Path
    server: PostgresServer
    pager: Proxy
    """The way to the provider of pages."""
    environment: Mapping[str, str]
    broker: Broker | None = None
    key: bytes = field(default_factory=lambda: os.urandom(32))
    members: dict[str, Member] = field(default_factory=dict)
    kills: list[Kill] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    """Seconds to ready of the starts after a kill."""
    _turns: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def agreements(self) -> Path:
        return self.base / "agreement"

    @property
    def offset_file(self) -> Path:
        """Seconds that every process adds to its clock."""
        return Path(self.environment["TANDEM_CLOCK_OFFSET_FILE"])

    @property
    def dsn(self) -> str:
        """The login's, past every proxy."""
        return self.server.dsn

    @property
    def admin_dsn(self) -> str:
        return self.server.admin_dsn

    @property
    def address(self) -> str | None:
        """Where posts go: the ingests that answer, by turns."""
        takers = [*self.of("ingest"), *self.of("all")]
        ready = [member.address for member in takers if member.running and member.address]
        return ready[next(self._turns) % len(ready)] if ready else None

    def of(self, service: str) -> list[Member]:
        return [member for member in self.members.values() if member.service == service]

    def way(self, name: str) -> Proxy:
        """Of one process to the database."""
        return self.members[name].way

    # -- starting -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """The server, its schemas and agreements, the topics, then every process at once."""
        await self.server.start()
        await self.upgrade()
        await self.agree()
        if self.broker is not None:
            await self.broker.start()
            await self.command("kafka", "ensure-topics")
        await self.run()

    async def agree(self) -> None:
        """Put the agreements into the database."""
        policy = engine(self.dsn, "tandem_policy", pooled=False)
        await apply_directory(policy, self.agreements, now=SystemClock().now())
        await policy.dispose()

    async def upgrade(self) -> None:
        """``tandem db upgrade``, as an operator does before the services start."""
        await self.command("db", "upgrade")

    async def command(self, *arguments: str) -> None:
        """``tandem ...``, as an operator does, past every proxy; it must succeed."""
        log = self.base / f"command-{next(self._turns)}.log"
        process = await launch([str(TANDEM), *arguments], log, self._environment(self.dsn, self._broker_address))
        async with asyncio.timeout(COMMAND_S):
            code = await process.wait()
        assert code == 0, log.read_text()

    async def run(self) -> None:
        """See that the server, the broker and every process run, and that every way is clear."""
        if not self.server.running:
            await self.server.start()
        if self.broker is not None:
            self.broker.thaw()
            if not self.broker.running:
                await self.broker.start()
        for way in self._ways():
            way.be()
        missing = [member for member in self.members.values() if member.process is None]
        for member in missing:
            await member.spawn()
        for member in missing:
            await member.wait_ready()

    async def add(self, name: str, stack: AsyncExitStack) -> Member:
        """A place for another process; ``run`` or ``start(name)`` starts it. The proxy closes with ``stack``."""
        way = await stack.enter_async_context(proxy(self.server.reach))
        to_broker = await self.broker.way(stack) if self.broker is not None else None
        base = self.base / name
        base.mkdir()
        self.members[name] = Member(
            base=base,
            name=name,
            way=way,
            to_broker=to_broker,
            environment=self._environment(self.server.dsn_by(way), self._reached_by(to_broker)),
            arguments=("--target", service_of(name), "--listen", "127.0.0.1:0"),
        )
        return self.members[name]

    def _reached_by(self, to_broker: Proxy | None) -> str | None:
        if to_broker is not None:
            return to_broker.address
        return self.broker.address if self.broker is not None else None

    @property
    def _broker_address(self) -> str | None:
        return self.broker.address if self.broker is not None and self.broker.running else None

    def _ways(self) -> Iterable[Proxy]:
        yield self.pager
        for member in self.members.values():
            yield member.way
            if member.to_broker is not None:
                yield member.to_broker

    def _environment(self, dsn: str, broker: str | None) -> dict[str, str]:
        kafka = {"TANDEM_KAFKA_BOOTSTRAP": broker} if broker is not None else {}
        if self.broker is not None and self.broker.copies > 1:
            kafka["TANDEM_KAFKA_REPLICATION"] = str(self.broker.copies)
        secret = base64.b64encode(self.key).decode()
        return {**self.environment, **kafka, "TANDEM_DATABASE_URL": dsn, "TANDEM_SECRET_KEY": secret}

    # -- ending -------------------------------------------------------------------------------------------------

    async def kill(self, *names: str) -> None:
        """SIGKILL to these at once."""
        for name in names:
            process = self.members[name].process
            assert process is not None
            process.kill()
        killed_at = time.monotonic()
        for name in names:
            await self.members[name].ended()
        await self._took(killed_at, "kill -9", names)

    async def restart(self, *names: str) -> None:
        """Start these again after they have ended, whoever ended them."""
        for name in names:
            await self.members[name].ended()
            await self.members[name].spawn()
        for name in names:
            self.restarts.append((await self.members[name].wait_ready()).seconds)

    async def stand_at(self, name: str, point: str) -> None:
        """Restart one so that it stands still there by itself, and wait until it does; ``thaw`` it afterwards."""
        member = self.members[name]
        await member.stop()
        await member.start(killpoint=f"{point}:stop")
        async with asyncio.timeout(STOOD_S):
            while not member.stands:  # noqa: ASYNC110 - the kernel knows, and tells nobody
                await asyncio.sleep(0.05)

    async def at_killpoint(self, name: str, point: str) -> None:
        """Let one run until it has killed itself there; it is stopped first, and not started afterwards."""
        member = self.members[name]
        if member.running:
            await member.stop()
        died_at = await member.dies_at(point)
        await self._took(died_at, f"kill point {point}", [name])

    async def roll(self, names: Iterable[str] | None = None) -> None:
        """Stop and start one after the other, as an upgrade does."""
        for name in names or tuple(self.members):
            assert await self.members[name].stop() == 0, self.members[name].said()
            await self.restart(name)

    async def stand_still(self, name: str, seconds: float) -> None:
        """SIGSTOP and SIGCONT; of a notifier's pages another may have taken over those in flight."""
        member = self.members[name]
        member.freeze()
        frozen_at = time.monotonic()
        if member.service in _SENDERS:
            await self._took(frozen_at, "pause", [name])
        await asyncio.sleep(seconds)
        member.thaw()

    async def note_spoilt_way(self, name: str) -> None:
        """Its way to the database is spoilt from now on: what became of pages in flight may come too late to be written."""
        await self._took(time.monotonic(), "spoilt way", [name])

    async def _took(self, at: float, how: str, names: Sequence[str]) -> None:
        """Only a notifier's end, or that of its way, loses what became of pages."""
        for name in names:
            sends = service_of(name) in _SENDERS
            count = await in_flight(self.admin_dsn) if sends else 0
            self.kills.append(Kill(at, f"{how} of {name}", count, sends=sends))

    async def close(self) -> None:
        """End whatever of ours still runs, and remove the directory."""
        for member in self.members.values():
            if member.running:
                member.thaw()
                assert member.process is not None
                member.process.terminate()
        for member in self.members.values():
            await member.end()
        await self.server.stop()
        if self.broker is not None:
            await self.broker.stop()
        shutil.rmtree(self.base, ignore_errors=True)

    # -- telling ------------------------------------------------------------------------------------------------

    async def behind(self) -> dict[str, int]:
        """Records that wait, on their way to the bus or there for somebody who reads it, by where they are."""
        if self.broker is None:
            return await behind_on_postgres(self.admin_dsn)
        return await behind_on_broker(self.admin_dsn, self.broker.ends)

    def said(self) -> str:
        """The end of what each wrote last."""
        return "\n".join(f"=== {name}\n{member.said()}" for name, member in self.members.items())

    def tell(self) -> str:
        return "\n".join(f"=== {name}\n{member.tell()}" for name, member in self.members.items())
