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
import os
import shutil
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import asyncpg

from tandem.app.auditor.findings import Terms
from tandem.app.auditor.reading import look
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
from tests.support.lateness import lateness
from tests.support.ledger import Ledger, Post
from tests.support.pager_provider import PagerProvider, pager_provider
from tests.support.quiet import until_a_quiet_hour
from tests.support.served import Kill
from tests.support.supervisor import Supervisor, supervisor
from tests.support.system import examples

CRASH_HOURS = float(os.environ.get("CRASH_HOURS", "0"))
AUDIT_S = 20.0
"""For one question of the auditor, in everything that a long run has left behind."""
OVER_S = 30.0
"""After an outage the auditor is right to say for a moment that something is not known."""
EXAMPLES = Path(__file__).parents[2] / "deploy" / "agreement"
REST_S = 180.0
"""Until everything accepted has been routed and paged; generous."""
OPERATIONS = frozenset(
    {"maya-okafor", "tom-lindqvist", "priya-nair", "grace-whitfield", "martin-hale", "brightwater-queue"}
)
"""Who of Brightwater may hear of a full disk; its security people may not."""
ORACLE = Oracle(
    clocks=frozenset({"detect", "response", "resolution"}),
    people={
        "cedarline": OPERATIONS,
        "millbrook": OPERATIONS,
        "northwind": OPERATIONS | {"ben-carter", "chloe-nguyen", "anna-kowalski", "northwind-it-queue"},
    },
)

_OF_ALERTS = "select coalesce(min(a.dedup_key), '') from router.alert a where a.incident_id = i.id"
_ATTEMPTS = (
    "select page_id::text as page, a.attempt, a.started_at::time, a.ended_at::time, a.result, a.detail, planned_at::time"
    " from notifier.attempt a join notifier.page using (page_id) where page_id::text = any($1::text[])"
    " order by page_id, a.attempt limit 40"
)
_STAGES = """
select (select count(*) from router.alert a where a.dedup_key = $1) as alerts,
    (select count(*) from router.alert a join router.decision d on d.alert_id = a.id where a.dedup_key = $1) as decisions,
    (select array_agg(p.state) from router.alert a join notifier.page p using (incident_id) where a.dedup_key = $1) as pages
"""
_UNDER_WAY = "select to_jsonb(p)::text from notifier.page p where state in ('planned', 'sending') limit 3"


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


class Processes(Protocol):
    """What runs: everything in one process, or a fleet of them."""

    kills: list[Kill]

    @property
    def dsn(self) -> str:
        """The login's way to the database. ``admin_dsn`` sees every row."""
        ...

    @property
    def admin_dsn(self) -> str: ...

    @property
    def address(self) -> str | None:
        """Where posts go; None while nothing answers."""
        ...

    @property
    def key(self) -> bytes:
        """Seals secrets at rest."""
        ...

    async def start(self) -> object: ...

    async def run(self) -> None:
        """See that everything runs, whatever was done to it."""
        ...

    async def behind(self) -> dict[str, int]:
        """Records that wait, on their way to the bus or there for somebody who reads it, by where they are."""
        ...

    def said(self) -> str:
        """The end of what it wrote."""
        ...


P = TypeVar("P", bound=Processes)


@dataclass
class Installation(Generic[P]):
    """See the module."""

    supervisor: P
    provider: PagerProvider
    ledger: Ledger
    sender: AlertSender
    oracle: Oracle = ORACLE
    ahead: timedelta = timedelta()
    """How far its clock was ahead of the machine's at its start."""
    ways: Sequence[Way] = ()
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def begin(self) -> None:
        """First start, and the ways in."""
        await self.supervisor.start()
        await self.open_ways()

    async def open_ways(self) -> None:
        """Make the ways in and wait until they are known."""
        self.ways = [
            await self.way("disks-cedarline", "cedarline", AuthKind.HEADER),
            await self.way("disks-northwind", "northwind", AuthKind.HMAC),
        ]
        for _ in self.ways:  # these clear nothing
            await self.deliver(self.alert(firing=False))

    async def way(self, name: str, tenant: str, auth: AuthKind) -> Way:
        """A new way in; the ingests know it within two seconds."""
        policy = engine(self.supervisor.dsn, "tandem_policy", pooled=False)
        try:
            return await make_way(policy, self.supervisor.key, name, tenant, auth)
        finally:
            await policy.dispose()

    async def run(self) -> None:
        """See that it runs, whatever the test before did to it."""
        await self.supervisor.run()

    def alert(
        self, *, firing: bool = True, key: str | None = None, way: Way | None = None, severity: str = "high"
    ) -> Post:
        """The next post, by turns of each client and with and without a delivery id; of a new condition by default."""
        number = next(self._numbers)
        way = way or self.ways[number % len(self.ways)]
        key = key or f"disk-{number}"
        says = {
            "title": f"Volume C: is full on server {key}",
            "status": "firing" if firing else "resolved",
            "severity": severity,
            "host": f"srv-{key}",
            "dedup_key": key,
            "labels": {"nth": str(number)},
        }
        body = json.dumps(says).encode()
        own_id = number % 4 < 2
        headers = {"Content-Type": "application/json", **way.headers(body)}
        if own_id:
            headers["X-Tandem-Delivery"] = f"delivery-{number}"
        ahead_s = self.ahead.total_seconds()
        return Post(way.tenant, f"/v1/alerts/{way.name}", headers, body, key, firing, own_id, ahead_s)

    async def deliver(self, post: Post) -> Post:
        """Have ``post`` accepted."""
        await self.sender.deliver(self.ledger.add(post))
        return post

    async def paged(self, post: Post, *, within_s: float = REST_S) -> float:
        """Wait until somebody was paged about ``post``; returns how long after it was accepted."""
        until = time.monotonic() + within_s
        while (page := self.provider.first.get(post.dedup_key)) is None:
            assert time.monotonic() < until, f"{post.dedup_key} not paged in {within_s} s: {await self._where(post)}"
            await asyncio.sleep(0.02)
        return lateness([post], [page])[post.dedup_key]

    async def _where(self, post: Post) -> str:
        """How far it has come, and what waits."""
        connection = await asyncpg.connect(self.supervisor.admin_dsn, timeout=10)
        try:
            stages = await connection.fetchrow(_STAGES, post.dedup_key)
        finally:
            await connection.close()
        return f"{dict(stages or {})}, these wait: {await self.supervisor.behind()}"

    async def settled(self) -> Rows:
        """The rows, once everything accepted has been routed and every page has ended."""
        connection = await asyncpg.connect(self.supervisor.admin_dsn)
        try:
            deadline = time.monotonic() + REST_S
            while waits := (await self.supervisor.behind() or await _pages(connection)):
                assert time.monotonic() < deadline, f"these still wait: {waits}\n{self.supervisor.said()}"
                await asyncio.sleep(0.05)
            return await _rows(connection)
        finally:
            await connection.close()

    async def check(self) -> Findings:
        """Hold the ledger against the provider's log and the database, and ask what the auditor asks."""
        rows = await self.settled()
        # Beside the loop, which has every process's way to the database in its hands.
        findings = await asyncio.to_thread(
            check, self.ledger, self.provider.pages, rows, self.supervisor.kills, self.oracle
        )
        return replace(findings, violations=[*findings.violations, *await self.audit()])

    async def audit(self) -> list[str]:
        """What the auditor finds in everything there ever was, and goes on finding: an outage may just have ended."""
        deadline = time.monotonic() + OVER_S
        while (found := await self._audited()) and time.monotonic() < deadline:  # noqa: ASYNC110 - a view tells nobody
            await asyncio.sleep(1)
        return found

    async def _audited(self) -> list[str]:
        now = SystemClock().now() + self.ahead
        since = now - timedelta(days=365)
        terms = Terms(now=now, since=since, patience=timedelta(seconds=30), budget_s=AUDIT_S)
        found = await look(self.supervisor.dsn, terms)
        return [
            f"{name}: {each.id} of {each.tenant}: {each.what}"
            for name, finding in found.violated.items()
            for each in finding.examples
        ]

    async def under_load(self, treatment: Awaitable[None], *, per_second: float) -> None:
        """Post new alerts steadily until ``treatment`` is over and all are accepted; then our promise must stand."""
        over = False
        sending = asyncio.create_task(self.sender.stream(self.alert, per_second=per_second, until=lambda: over))
        try:
            await treatment
        except Exception:
            await self.supervisor.run()  # what is half delivered would make every later test fail too
            raise
        finally:
            over = True
            await sending
        await self.stands()

    async def stands(self) -> None:
        """Assert our promise over everything sent so far, and print the figures."""
        findings = await self.check()
        print(
            f"{len(self.ledger.posts)} posts, {len(self.provider.pages)} pages, {len(self.supervisor.kills)} kills:"
            f" {findings.lost} lost, {findings.doubled} doubled, {findings.repeated} pages repeated"
            f" (repeated/in flight by kill: {', '.join(f'{n}/{m}' for n, m in findings.by_kill)})"
        )
        if findings.violations:
            print(await self._attempts_at_what_came_again())
        assert not findings.violations, "\n".join([*findings.violations[:20], f"({len(findings.violations)} in all)"])

    async def _attempts_at_what_came_again(self) -> str:
        """What the notifiers wrote about pages that the provider took more than once, and when it took them."""
        arrivals: dict[str, list[float]] = defaultdict(list)
        ahead = time.time() - time.monotonic()
        for page in self.provider.pages:
            arrivals[page.webhook_id].append(page.received_at + ahead)
        again = {page_id: at for page_id, at in arrivals.items() if len(at) > 1}
        connection = await asyncpg.connect(self.supervisor.admin_dsn)
        try:
            rows = await connection.fetch(_ATTEMPTS, list(again))
        finally:
            await connection.close()
        took = {page_id: [f"{datetime.fromtimestamp(each, UTC):%T.%f}" for each in at] for page_id, at in again.items()}
        return "\n".join(f"{row}; taken {took[row['page']]}" for row in rows)


@asynccontextmanager
async def installation(data: Path | None = None) -> AsyncIterator[Installation[Supervisor]]:
    """An installation that has begun; its data directory is ``data``, or one that is removed with it."""
    async with pager_provider() as provider, supervisor(environment=allowing(provider.port), data=data) as process:
        put_agreements(process.agreements, provider.inbox)
        ahead = hours_ahead(SystemClock().now())
        process.environment = {**process.environment, **clock_ahead(process.base, ahead)}
        ledger = Ledger()
        sender = AlertSender(ledger, lambda: process.address)
        await sender.open()
        made = Installation(process, provider, ledger, sender, ahead=ahead)
        try:
            await made.begin()
            yield made
        finally:
            await sender.close()


def put_agreements(directory: Path, inbox: str) -> None:
    """The example agreements, with every phone at ``inbox`` and no storms: a load's every alert has to be seen."""
    shutil.copytree(EXAMPLES, directory)
    for file in directory.glob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("${PAGER_INBOX}", inbox)
        if "schema: tandem/agreement/" in text:
            text += "\nstorm: {incidents: 0}\n"
        file.write_text(text, encoding="utf-8")
    managed = (directory / "cedarline.yaml").read_text(encoding="utf-8")
    managed = managed.replace("cedarline", "millbrook").replace("Cedarline", "Millbrook")
    (directory / "millbrook.yaml").write_text(managed, encoding="utf-8")


def hours_ahead(now: datetime) -> timedelta:
    """To Northwind's next quiet hour and ``CRASH_HOURS`` more: who is paged and told differs by day, night and Sunday."""
    northwind = examples().active("northwind")
    assert northwind is not None
    return until_a_quiet_hour(northwind, now) + timedelta(hours=CRASH_HOURS)


def clock_ahead(base: Path, ahead: timedelta) -> Mapping[str, str]:
    """Every process's clock is ``ahead`` of the machine's; the file may be written again."""
    file = base / "clock-offset"
    file.write_text(str(ahead.total_seconds()))
    return {"TANDEM_CLOCK_OFFSET_FILE": str(file)}


def allowing(*ports: int) -> Mapping[str, str]:
    """Pages may go to these ports of this machine."""
    return {"TANDEM_ALLOW_PRIVATE_TARGETS": ",".join(f"127.0.0.1:{port}" for port in ports)}


async def make_way(policy, key: bytes, name: str, tenant: str, auth: AuthKind) -> Way:
    """A new way in of the generic vendor."""
    scheme = HmacScheme() if auth is AuthKind.HMAC else None
    wanted = Integration(name=name, tenant=tenant, vendor="generic", auth=auth, hmac=scheme)
    made = await add_integration(policy, wanted, key=key, now=SystemClock().now())
    return Way(name, tenant, auth, made.secret)


async def _pages(connection: asyncpg.Connection) -> list[str]:
    """Some of those that have not ended."""
    return [row[0] for row in await connection.fetch(_UNDER_WAY)]


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
        pages=await every(PageRow, "page_id, tenant, incident_id, state, party, planned_at", "notifier.page"),
        deliveries=await every(lambda page_id: page_id, "page_id", "notifier.attempt where result = 'delivered'"),
        quarantined=await connection.fetchval("select count(*) from bus.quarantine"),
    )
