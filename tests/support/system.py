"""The whole pipeline in one process on a real PostgreSQL, with a clock that is moved by hand and phones that keep what they get.

Only the network is missing: pages go to ``Phones`` instead of a provider. What a journey reads it reads from the
tables, as the console does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.load import Documents, load_directory
from tandem.app.auditor.findings import Look, Terms
from tandem.app.auditor.reading import look
from tandem.bus.consume import Runner
from tandem.bus.lane import Lane
from tandem.bus.port import Record
from tandem.bus.postgres import PostgresBus
from tandem.bus.topics import ALERTS, COMMANDS, alert_key, incident_key
from tandem.clock import ManualClock, monotonic
from tandem.db.link import Link
from tandem.errors import DeliveryFailed, DeliveryReason
from tandem.ids import alert_id, uuid7
from tandem.metrics import Metrics
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.events import Command, CommandDetail, CommandKind
from tandem.model.ownership import Actor, Party
from tandem.wire import codec
from tandem_notifier.paging import Page
from tandem_notifier.sender import Sender, SenderSettings
from tandem_notifier.service import Notifier, NotifierSettings
from tandem_router.service import Router
from tandem_sla_clock.service import SlaClock
from tests.support.postgres import Database

EXAMPLES = Path(__file__).parents[2] / "deploy" / "agreement"
KEY = bytes(range(32))
REST_S = 60.0
"""Generous: a machine may be busy with much else."""


class Agreements:
    """The examples as an ``AgreementBook`` holds them, at version 1."""

    def __init__(self, compiled: Mapping[str, Agreement]) -> None:
        self._compiled = dict(compiled)

    async def ensure(self, pairs: Any) -> None:
        """All of them are here."""

    def active(self, tenant: str) -> Agreement | None:
        return self._compiled.get(tenant)

    def at(self, tenant: str, version: int) -> Agreement:
        found = self._compiled[tenant]
        assert found.version == version
        return found

    def tenants(self) -> list[str]:
        return sorted(self._compiled)

    def replace(self, agreement: Agreement) -> None:
        self._compiled[agreement.tenant.id] = agreement


@cache
def documents() -> Documents:
    """deploy/agreement, read once: reading and compiling it is half of what a journey costs, and nothing changes it."""
    return load_directory(EXAMPLES)


@cache
def _compiled() -> Mapping[str, Agreement]:
    made = {}
    for tenant, source in documents().tenants.items():
        provider = documents().provider_of(source.document)
        made[tenant] = compile_agreement(source.document, provider.document if provider else None, version=1)
    return made


def examples() -> Agreements:
    """The agreements of deploy/agreement, with the hold-downs of domain.md; a book of the caller's own."""
    return Agreements(_compiled())


@dataclass
class Phones:
    """Every channel: keeps what arrives, refuses when told to."""

    got: list[tuple[datetime, Page]] = field(default_factory=list)
    out_of_order: set[str] = field(default_factory=set)
    """People whose phones do not answer."""

    async def deliver(self, page: Page, link: str | None, at: datetime) -> None:
        if page.person in self.out_of_order:
            raise DeliveryFailed(DeliveryReason.CONNECT, "no answer", retry=True)
        self.got.append((at, page))


@dataclass
class System:
    """See the module. Made by the fixture ``system``."""

    database: Database
    clock: ManualClock
    bus: PostgresBus
    runners: list[Runner]
    """One composed runner, or one per stage as separate processes have them."""
    sender: Sender
    phones: Phones
    agreements: Agreements
    admin: Any
    link: Link
    """Of the sender."""
    posts: int = 0
    promises_kept: bool = True
    """False in a test that damages tables: its end asks the auditor nothing."""
    _sending: asyncio.Task[None] | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    # -- what comes in ------------------------------------------------------------------------------------------

    async def receive(self, title: str, **facts: Any) -> Alert:
        """An alert accepted now; ``facts`` are fields of ``Alert``."""
        self.posts += 1
        tenant = facts.pop("tenant", "northwind")
        integration = facts.pop("integration", f"{tenant}-test")
        delivery = facts.pop("delivery_id", f"delivery-{self.posts}")
        dedup_key = facts.pop("dedup_key", title)
        fields: dict[str, Any] = {
            "vendor": "generic",
            "kind": Kind.MONITORING,
            "status": AlertStatus.FIRING,
            "severity": Severity.UNKNOWN,
            "received_at": self.clock.now(),
            **facts,
        }
        alert = Alert(
            alert_id=alert_id(tenant, integration, delivery, 0),
            tenant=tenant,
            integration=integration,
            delivery_id=delivery,
            dedup_key=dedup_key,
            title=title,
            **fields,
        )
        await self.bus.append([Record(ALERTS.name, alert_key(tenant, dedup_key), codec.encode(alert))])
        await self.settle()
        return alert

    async def clear(self, title: str, **facts: Any) -> Alert:
        """The tool says that it is over."""
        return await self.receive(title, status=AlertStatus.RESOLVED, **facts)

    async def command(
        self, kind: CommandKind, party: Party, person: str | None, *, incident_id: UUID | None = None, **detail: Any
    ) -> UUID:
        """A person's wish about the only incident, or about the named one."""
        self.posts += 1
        incident = await self.incident() if incident_id is None and kind is not CommandKind.RAISE else None
        tenant = detail.pop("tenant", incident["tenant"] if incident else "northwind")
        target = incident_id or (incident["id"] if incident else uuid7(self.clock.now(), str(self.posts).encode()))
        command = Command(
            command_id=uuid7(self.clock.now(), f"command {self.posts}".encode()),
            tenant=tenant,
            incident_id=target,
            kind=kind,
            by=Actor(party, person),
            at=self.clock.now(),
            detail=CommandDetail(**detail),
        )
        await self.bus.append([Record(COMMANDS.name, incident_key(tenant, target), codec.encode(command))])
        await self.settle()
        return command.command_id

    async def acknowledge(self, party: Party, person: str | None, **where: Any) -> UUID:
        return await self.command(CommandKind.ACKNOWLEDGE, party, person, **where)

    async def command_resolve(self, party: Party, person: str) -> UUID:
        return await self.command(CommandKind.RESOLVE, party, person)

    # -- time ---------------------------------------------------------------------------------------------------

    async def fast_forward(self, **by: float) -> None:
        """Move the clock, stopping at every instant at which a timer or a retry is due."""
        until = self.clock.now() + timedelta(**by)
        while (at := await self._next_due()) is not None and at <= until:
            self.clock.set(max(at, self.clock.now()))
            await self.settle()
        self.clock.set(until)
        await self.settle()

    async def settle(self) -> None:
        """Work until nothing is left to do at this instant."""
        until = monotonic() + REST_S
        while monotonic() < until:
            # Asked before the step: what a sender tells at its end is then there for the step that finds no more work.
            sending = await self._sending_now()
            rounds = [await runner.step(0) for runner in self.runners]
            worked = any(rounds)
            self.sender.wake()
            if not worked and not sending:
                return
            if not worked:
                await asyncio.sleep(0.005)
        raise AssertionError("the system does not come to rest")

    async def _sending_now(self) -> bool:
        if self.sender.in_flight:
            return True
        open_pages = "select count(*) from notifier.page where state in ('sending', 'planned') and (next_attempt_at is null or next_attempt_at <= $1)"
        return bool(await self.admin.fetchval(open_pages, self.clock.now()))

    async def _next_due(self) -> datetime | None:
        query = " union all ".join(f"select min(due_at) as at from {s}.timer" for s in ("router", "sla", "notifier"))
        query += " union all select min(next_attempt_at) from notifier.page where state in ('sending', 'planned')"
        found: datetime | None = await self.admin.fetchval(f"select min(at) from ({query}) t")
        return found

    # -- what is to be seen -------------------------------------------------------------------------------------

    @property
    def paged(self) -> list[str]:
        """People who were paged, in order; whoever was only told is in ``told``."""
        return [page.person for _, page in self.phones.got if not page.told]

    @property
    def told(self) -> list[str]:
        return [page.person for _, page in self.phones.got if page.told]

    def paged_at(self, person: str) -> list[datetime]:
        return [at for at, page in self.phones.got if page.person == person and not page.told]

    async def incidents(self) -> list[Any]:
        rows: list[Any] = await self.admin.fetch("select * from router.incidents order by opened_at, id")
        return rows

    async def incident(self) -> Any:
        """The only incident."""
        (row,) = await self.incidents()
        return row

    async def facts(self) -> list[str]:
        rows = await self.admin.fetch("select kind from router.event order by incident_id, version")
        return [row["kind"] for row in rows]

    async def clocks(self, *, cycle: int = 1) -> dict[tuple[str, str], Any]:
        """(clock, party) -> row."""
        rows = await self.admin.fetch("select * from sla.clock where cycle = $1", cycle)
        return {(row["clock"], row["party"]): row for row in rows}

    async def outcome(self, command_id: UUID) -> Any:
        return await self.admin.fetchrow("select * from router.command where command_id = $1", command_id)

    async def quarantined(self) -> list[str]:
        return [row["reason"] for row in await self.admin.fetch("select reason from bus.quarantine")]

    async def trace(self) -> dict[str, Any]:
        """The stored decision of the only alert."""
        (row,) = await self.admin.fetch("select trace from router.decision")
        trace = row["trace"]
        return dict(msgspec.json.decode(trace) if isinstance(trace, (str, bytes)) else trace)

    # -- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._sending = asyncio.create_task(self.sender.run(self._stopping))
        await self.settle()

    async def audit(self, **terms: Any) -> Look:
        """What the auditor finds now, in everything there ever was."""
        chosen = {
            "now": self.clock.now(),
            "since": datetime.min.replace(year=2000, tzinfo=UTC),
            "patience": timedelta(seconds=30),
            "budget_s": 20.0,
        }
        return await look(self.database.dsn, Terms(**{**chosen, **terms}))

    async def end(self) -> None:
        """Hold what the journey left behind against every invariant, then stop."""
        try:
            if self.promises_kept:
                found = await self.audit()
                assert found.clean, f"the auditor finds {found.violated or 'no answer'}"
        finally:
            await self.stop()

    async def stop(self) -> None:
        self._stopping.set()
        if self._sending is not None:
            await self._sending
        await self.link.close()
        for runner in self.runners:
            await runner.close()
        await self.bus.stop()


async def make_system(
    database: Database,
    at: datetime,
    agreements: Agreements | None = None,
    *,
    boot: str = "boot-1",
    apart: bool = False,
) -> System:
    """A system that has started; the caller stops it. ``apart``: each service commits for itself."""
    agreements = agreements or examples()
    clock = ManualClock(at.astimezone(UTC))
    bus = PostgresBus(database.dsn, "tandem_chain", clock=clock)
    await bus.start()
    phones, runners = Phones(), list[Runner]()
    sending = Link(database.dsn, "tandem_notifier")
    sender = Sender(
        database=sending,
        bus=bus,
        clock=clock,
        channels={"webhook": phones, "email": phones, "ntfy": phones},
        metrics=Metrics(),
        settings=SenderSettings(boot=boot, key=KEY, answer_url="http://answer.example", sole=True),
        timer_set=lambda due_at: runners[-1].expect("notifier", due_at),
    )
    stages: list[Any] = [
        Router(agreements=agreements),
        SlaClock(agreements=agreements),
        Notifier(agreements, NotifierSettings(boot=boot, public_url="http://console.example"), send=sender.offer),
    ]
    for group in [[stage] for stage in stages] if apart else [stages]:
        lanes = [Lane(stage, await bus.consumer(stage.group, [t.name for t in stage.inputs])) for stage in group]
        runners.append(Runner(bus=bus, lanes=lanes, link=Link(database.dsn, "tandem_chain"), clock=clock))
    system = System(database, clock, bus, runners, sender, phones, agreements, await database.admin(), sending)
    await system.start()
    return system
