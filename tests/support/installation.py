"""A whole installation under test: the process, a provider of pages, a tool that posts, and the ledger over all of it.

Two clients post: one is managed, so its pages go to the MSP; the other has its own people. Every alert is a full system
disk of another server, which is a P2 incident of its own and pages somebody at any hour.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from tandem.app.settings import Settings, envelope_key
from tandem.clock import SystemClock
from tandem.db.pool import engine
from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem.policy.integrations import add_integration
from tests.support.alert_sender import AlertSender
from tests.support.checker import (
    AlertRow,
    ClockRow,
    Findings,
    IncidentRow,
    Oracle,
    PageRow,
    Rows,
    check,
)
from tests.support.ledger import Ledger, Post
from tests.support.pager_provider import PagerProvider, pager_provider
from tests.support.supervisor import Supervisor, supervisor

EXAMPLES = Path(__file__).parents[2] / "deploy" / "agreement"
REST_S = 90.0
"""Until everything accepted has been routed and paged; generous."""
OPERATIONS = frozenset(
    {"maya-okafor", "tom-lindqvist", "priya-nair", "grace-whitfield", "martin-hale", "brightwater-queue"}
)
"""Who of Brightwater may hear of a full disk; its security people may not."""
ORACLE = Oracle(
    clocks=frozenset({"detect", "response", "resolution"}),
    people={
        "cedarline": OPERATIONS,
        "northwind": OPERATIONS | {"ben-carter", "chloe-nguyen", "anna-kowalski", "northwind-it-queue"},
    },
)

_BEHIND = (
    "select coalesce(sum(p.next_offset - o.next_offset), 0)::int from bus.partition p"
    " join bus.consumer_offset o using (topic, part)"
)
_OF_ALERTS = "select coalesce(min(a.dedup_key), '') from router.alert a where a.incident_id = i.id"
_UNDER_WAY = "select count(*) from notifier.page where state in ('planned', 'sending')"


@dataclass(frozen=True)
class Way:
    """A way in and its secret."""

    name: str
    tenant: str
    auth: AuthKind
    secret: str

    def headers(self, body: bytes) -> dict[str, str]:
        """What proves a post."""
        if self.auth is AuthKind.HMAC:
            digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            return {"X-Tandem-Signature": f"sha256={digest}"}
        return {"X-Tandem-Key": self.secret}


@dataclass
class Installation:
    """See the module."""

    supervisor: Supervisor
    provider: PagerProvider
    ledger: Ledger
    sender: AlertSender
    ways: Sequence[Way] = ()
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def begin(self) -> None:
        """First start; make the ways in and wait until they are known."""
        ready = await self.supervisor.start()
        key = envelope_key(Settings(data_dir=self.supervisor.data_dir))
        policy = engine(ready.dsn, "tandem_policy", pooled=False)
        try:
            self.ways = [
                await _way(policy, key, "disks-cedarline", "cedarline", AuthKind.HEADER),
                await _way(policy, key, "disks-northwind", "northwind", AuthKind.HMAC),
            ]
        finally:
            await policy.dispose()
        for _ in self.ways:  # these clear nothing
            await self.deliver(self.alert(firing=False))

    async def run(self) -> None:
        """See that the process runs, whatever the test before did to it."""
        if self.supervisor.process is None:
            await self.supervisor.start()

    def alert(self, *, firing: bool = True, key: str | None = None) -> Post:
        """The next post, by turns of each client and with and without a delivery id; of a new condition by default."""
        number = next(self._numbers)
        way = self.ways[number % len(self.ways)]
        key = key or f"disk-{number}"
        says = {
            "title": f"Volume C: is full on server {key}",
            "status": "firing" if firing else "resolved",
            "severity": "high",
            "host": f"srv-{key}",
            "dedup_key": key,
            "labels": {"nth": str(number)},
        }
        body = json.dumps(says).encode()
        own_id = number % 4 < 2
        headers = {"Content-Type": "application/json", **way.headers(body)}
        if own_id:
            headers["X-Tandem-Delivery"] = f"delivery-{number}"
        return Post(way.tenant, f"/v1/alerts/{way.name}", headers, body, key, firing, own_id)

    async def deliver(self, post: Post) -> Post:
        """Have ``post`` accepted."""
        await self.sender.deliver(self.ledger.add(post))
        return post

    async def settled(self) -> Rows:
        """The rows, once everything accepted has been routed and every page has ended."""
        assert self.supervisor.ready is not None
        connection = await asyncpg.connect(self.supervisor.ready.admin_dsn)
        try:
            deadline = time.monotonic() + REST_S
            while behind := (await connection.fetchval(_BEHIND) or await connection.fetchval(_UNDER_WAY)):
                assert time.monotonic() < deadline, f"{behind} records or pages still wait\n{self.supervisor.said()}"
                await asyncio.sleep(0.05)
            return await _rows(connection)
        finally:
            await connection.close()

    async def check(self) -> Findings:
        """Hold the ledger against the provider's log and the database."""
        rows = await self.settled()
        return check(self.ledger, self.provider.pages, rows, self.supervisor.kills, ORACLE)

    async def under_load(self, treatment: Awaitable[None], *, per_second: float) -> None:
        """Post new alerts steadily until ``treatment`` is over and all are accepted; then our promise must stand."""
        over = False
        sending = asyncio.create_task(self.sender.stream(self.alert, per_second=per_second, until=lambda: over))
        try:
            await treatment
            over = True
            await sending
        finally:
            sending.cancel()
        await self.stands()

    async def stands(self) -> None:
        """Assert our promise over everything sent so far, and print the figures."""
        findings = await self.check()
        print(
            f"{len(self.ledger.posts)} posts, {len(self.provider.pages)} pages, {len(self.supervisor.kills)} kills:"
            f" {findings.lost} lost, {findings.doubled} doubled, {findings.repeated} pages repeated"
            f" (repeated/in flight by kill: {', '.join(f'{n}/{m}' for n, m in findings.by_kill)})"
        )
        assert not findings.violations, "\n".join([*findings.violations[:20], f"({len(findings.violations)} in all)"])


@asynccontextmanager
async def installation() -> AsyncIterator[Installation]:
    """An installation that has begun."""
    async with pager_provider() as provider, supervisor(environment=_environment(provider)) as process:
        put_agreements(process.agreements, provider.inbox)
        ledger = Ledger()
        sender = AlertSender(ledger, lambda: process.address)
        await sender.open()
        made = Installation(process, provider, ledger, sender)
        try:
            await made.begin()
            yield made
        finally:
            await sender.close()


def put_agreements(directory: Path, inbox: str) -> None:
    """The example agreements, with every phone at ``inbox``."""
    shutil.copytree(EXAMPLES, directory)
    for file in directory.glob("*.yaml"):
        file.write_text(file.read_text(encoding="utf-8").replace("${PAGER_INBOX}", inbox), encoding="utf-8")


def _environment(provider: PagerProvider) -> Mapping[str, str]:
    return {"TANDEM_ALLOW_PRIVATE_TARGETS": f"127.0.0.1:{provider.port}"}


async def _way(policy, key: bytes, name: str, tenant: str, auth: AuthKind) -> Way:
    scheme = HmacScheme() if auth is AuthKind.HMAC else None
    wanted = Integration(name=name, tenant=tenant, vendor="generic", auth=auth, hmac=scheme)
    made = await add_integration(policy, wanted, key=key, now=SystemClock().now())
    return Way(name, tenant, auth, made.secret)


async def _rows(connection: asyncpg.Connection) -> Rows:
    async def every(kind, columns: str, table: str):
        return [kind(*row) for row in await connection.fetch(f"select {columns} from {table}")]

    return Rows(
        alerts=await every(AlertRow, "id, tenant, dedup_key, incident_id", "router.alert"),
        decisions=await every(lambda alert_id: alert_id, "alert_id", "router.decision"),
        incidents=await every(
            IncidentRow, f"id, tenant, ({_OF_ALERTS}), priority, responsible_party", "router.incident i"
        ),
        facts=await every(lambda *fact: fact, "incident_id, version, kind", "router.event"),
        clocks=await every(ClockRow, "incident_id, clock, party, cycle, counted_s", "sla.clock"),
        pages=await every(PageRow, "page_id, tenant, incident_id, state", "notifier.page"),
        deliveries=await every(lambda page_id: page_id, "page_id", "notifier.attempt where result = 'delivered'"),
        quarantined=await connection.fetchval("select count(*) from bus.quarantine"),
    )
