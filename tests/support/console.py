"""A console on a real database for tests: rows written as the services that own them, and a router that answers.

``Rows`` writes what router, sla-clock and notifier would have written, with their own roles. ``AnsweringBus`` is the
bus and the router behind it in one: a command that is appended is done or refused at once, or left unanswered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
from starlette.types import ASGIApp

from tandem.bus.port import Record
from tandem.bus.topics import SIGNALS
from tandem.clock import ManualClock
from tandem.db.pool import engine as make_engine
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem.model.events import Command, CommandKind
from tandem.model.incident import Acknowledgement, Incident, IncidentState
from tandem.model.ownership import Owner, Party, Track
from tandem.model.priority import Priority
from tandem.model.signal import Signal, SignalKind
from tandem.web.application import build_app
from tandem.wire import codec
from tandem_console.access import Role
from tandem_console.accounts import create_token, create_user
from tandem_console.service import Console, ConsolePorts, ConsoleSettings

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
BASE = "http://console.test"

_RESPONSE = timedelta(minutes=30)
DETAIL_TRACE = {
    "at": NOW.isoformat(),
    "agreement_version": 3,
    "classification": {
        "rule": "disk-full",
        "function": "servers",
        "category": "storage",
        "class": "degradation",
        "asset": "fs01",
        "site": "berlin",
    },
    "row": {
        "id": "servers-internal",
        "owner": "internal",
        "lead": None,
        "runners_up": [{"row": "servers-msp-night", "why_not": "site is not hamburg"}],
    },
    "priority": {
        "priority": "P2",
        "floor": "P2",
        "floor_source": "vendors.ninjaone.CRITICAL",
        "rule_floor": None,
        "affected_users": 27,
        "tenant_users": 100,
        "share_limit": 0.2,
        "assets": ["fs01"],
        "regulated": False,
        "wide_outage": "",
        "regulated_rule": "",
    },
    "hours": {"on_duty": True, "calendar": "internal", "zone": "Europe/Berlin", "local": "Fri 2026-11-20 16:00"},
    "track": "ops",
    "parties": {"responsible": "internal", "took_over": False, "paged": ["internal"], "informed": []},
    "paths": {"internal": "internal-ops"},
    "clocks": [{"clock": "response", "target_s": 3600, "business_hours": False}],
    "mode": "live",
}


def incident(**changes: Any) -> Incident:
    """An incident of Acme that internal IT is responsible for, opened ten minutes before NOW."""
    opened_at = changes.pop("opened_at", NOW - timedelta(minutes=10))
    owner = Owner(changes.pop("owner", Owner.INTERNAL))
    party = Party(changes.pop("responsible_party", Party.MSP if owner is Owner.MSP else Party.INTERNAL))
    values: dict[str, Any] = {
        "incident_id": uuid4(),
        "tenant": "acme",
        "group_key": uuid4().hex,
        "version": 1,
        "title": "Disk C: is 97 % full",
        "priority": Priority.P2,
        "owner": owner,
        "lead": party if owner is Owner.SHARED else None,
        "responsible_party": party,
        "monitoring_owner": Party.MSP,
        "must_acknowledge": (party,),
        "function": "servers",
        "track": Track.OPS,
        "host": "fs01",
        "row": "servers-internal",
        "sla_profile": "standard",
        "agreement_version": 3,
        "provider": "northwind",
        "opened_at": opened_at,
        "detected_at": opened_at,
        "occurred_at": opened_at,
        "last_seen_at": opened_at,
        "because": (
            "rule disk-full makes it servers",
            "row servers-internal: internal",
            "P2 by vendors.ninjaone.CRITICAL",
        ),
    }
    return Incident(**{**values, **changes})


def plain(value: Any) -> Any:
    """A dataclass as jsonb holds it."""
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_unmapped)


def _unmapped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(type(value).__name__)


@dataclass(slots=True)
class Rows:
    """Writes as the owners of the views would."""

    router: Any
    sla: Any
    notifier: Any
    policy: Any
    numbers: dict[str, int] = field(default_factory=dict)
    agreed: list[str] = field(default_factory=list)

    async def add(self, made: Incident, *, trace: Mapping[str, Any] | None = None) -> Incident:
        """An opened incident with its first fact, alert and decision."""
        number = self.numbers.get(made.tenant, 0) + 1
        self.numbers[made.tenant] = number
        made = replace(made, number=number)
        await self.router.execute(
            "insert into router.incident (id, tenant, number, group_key, version, state, priority, owner,"
            " responsible_party, function, title, opened_at, resolved_at, snapshot)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            made.incident_id, made.tenant, made.number, made.group_key, made.version, made.state, made.priority,
            made.owner, made.responsible_party, made.function, made.title, made.opened_at, made.resolved_at, plain(made),
        )  # fmt: skip
        alert = {"title": made.title, "host": made.host, "integration": "acme-ninja", "vendor": "ninjaone"}
        await self.fact(made, "opened", made.opened_at, alert=alert)
        await self.alert(made)
        await self.router.execute(
            "insert into router.decision (alert_id, tenant, incident_id, at, agreement_version, trace)"
            " values ($1, $2, $3, $4, 3, $5)",
            uuid4(), made.tenant, made.incident_id, made.opened_at, dict(trace or DETAIL_TRACE),
        )  # fmt: skip
        return made

    async def alert(self, made: Incident, **body: Any) -> None:
        """An alert of the incident."""
        values: dict[str, Any] = {
            "vendor": "ninjaone",
            "title": made.title,
            "status": "firing",
            "severity": "critical",
            "severity_word": "CRITICAL",
            "host": made.host,
            "occurred_at": made.occurred_at,
            "labels": {"drive": "C:"},
        }
        await self.router.execute(
            "insert into router.alert (id, tenant, incident_id, integration, dedup_key, received_at, body)"
            " values ($1, $2, $3, 'acme-ninja', 'disk:fs01', $4, $5)",
            uuid4(), made.tenant, made.incident_id, made.detected_at, {**values, **body},
        )  # fmt: skip

    async def fact(self, made: Incident, kind: str, at: datetime, **body: Any) -> None:
        """A fact at the incident's version."""
        values: dict[str, Any] = {
            "priority": made.priority,
            "owner": made.owner,
            "responsible_party": made.responsible_party,
            "party": None,
            "person": None,
            "alert": None,
            "detail": {},
        }
        await self.router.execute(
            "insert into router.event (tenant, incident_id, version, kind, effective_at, received_at, body)"
            " values ($1, $2, $3, $4, $5, $5, $6)",
            made.tenant, made.incident_id, made.version, kind, at, {**values, **body},
        )  # fmt: skip

    async def update(self, made: Incident, kind: str, at: datetime, **body: Any) -> None:
        """The incident's next version, with its fact."""
        await self.router.execute(
            "update router.incident set version = $2, state = $3, snapshot = $4, resolved_at = $5 where id = $1",
            made.incident_id, made.version, made.state, plain(made), made.resolved_at,
        )  # fmt: skip
        await self.fact(made, kind, at, **body)

    async def clock(
        self,
        made: Incident,
        clock: str = "response",
        *,
        party: str | None = None,
        target: timedelta = _RESPONSE,
        state: str = "running",
        stop_at: datetime | None = None,
        breached: bool = False,
    ) -> None:
        """A clock that started when the incident was detected."""
        due = made.detected_at + target
        side = party or made.responsible_party.value
        await self.sla.execute(
            "insert into sla.clock (tenant, incident_id, key, clock, party, cycle, priority, start_at, target_s, due_at,"
            " state, stop_at, counted_s, breached_at, warned, flags, calendar)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '[]', '[]', '24x7')",
            made.tenant, made.incident_id, f"{clock}/{side}/{made.cycle}", clock, side, made.cycle, made.priority,
            made.detected_at, target.total_seconds(), due, state, stop_at, 0.0, due if breached else None,
        )  # fmt: skip

    async def page(self, made: Incident, *, person: str = "mara", state: str = "delivered", **changes: Any) -> None:
        """A page about the incident."""
        values: dict[str, Any] = {
            "page_id": uuid4(),
            "tenant": made.tenant,
            "incident_id": made.incident_id,
            "cycle": made.cycle,
            "party": made.responsible_party,
            "answers_for": made.responsible_party,
            "track": made.track,
            "person": person,
            "key": "k",
            "channel": "webhook",
            "target": "https://pager.test/hook",
            "path": "internal-ops",
            "pass": 0,
            "step": 0,
            "told": False,
            "state": state,
            "attempt": 1,
            "planned_at": made.opened_at,
            "deadline_at": made.opened_at + timedelta(minutes=5),
            "sent_at": made.opened_at + timedelta(seconds=2),
            "reason": "",
            "content": b"",
            **changes,
        }
        names = ", ".join(values)
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await self.notifier.execute(f"insert into notifier.page ({names}) values ({places})", *values.values())

    async def agreement(self, tenant: str, document: str = "schema: tandem/agreement/v1\n") -> None:
        """An active agreement, so that the tenant is one of ``*``."""
        await self.policy.execute(
            "insert into agreement.version (tenant, version, hash, source, document, provider, author, note,"
            " created_at) values ($1, 1, 'h', $2, '{}', null, 'lead', '', $3)",
            tenant, document, NOW,
        )  # fmt: skip
        self.agreed.append(tenant)
        await self.policy.execute("insert into agreement.active values ($1, 1, $2)", tenant, NOW)


class Agreements:
    """The console's part of the agreement book: which tenants there are, without any names."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def active(self, tenant: str) -> None:
        return None

    def tenants(self) -> list[str]:
        return self._rows.agreed


class AnsweringBus:
    """Takes commands and answers them as the router would: who is first wins, another version is refused."""

    def __init__(self, rows: Rows, clock: Any) -> None:
        self.rows = rows
        self.clock = clock
        self.commands: list[Command] = []
        self.incidents: dict[UUID, Incident] = {}
        self.answers = True
        self.away = False
        self.raised_tenant = "acme"

    async def add(self, made: Incident, **more: Any) -> Incident:
        """An incident this router knows."""
        made = await self.rows.add(made, **more)
        self.incidents[made.incident_id] = made
        return made

    async def append(self, records: Sequence[Record]) -> None:
        if self.away:
            raise Unavailable("database", "refused")
        for record in records:
            if record.topic == SIGNALS.name:
                await self._heard(codec.decode(Signal, record.value))
                continue
            command = codec.decode(Command, record.value)
            known = command.command_id in {each.command_id for each in self.commands}
            self.commands.append(command)
            if self.answers and not known:
                await self._answer(command)

    async def _heard(self, signal: Signal) -> None:
        """A pause or its end, as the router keeps it."""
        by = {"party": signal.by.party, "person": signal.by.person}
        until = signal.until.isoformat() if signal.until else None
        said = {"paused_by": by, "pause_reason": signal.note, "paused_until": until}
        phase, state = ("paused", said) if signal.kind is SignalKind.PAUSE else ("new", dict.fromkeys(said))
        await self.rows.router.execute(
            "update router.check_state set phase = $3, due_at = null, state = state || $4"
            " where tenant = $1 and check_id = $2", signal.tenant, signal.check, phase, state,
        )  # fmt: skip

    async def _answer(self, command: Command) -> None:
        if command.kind is CommandKind.RAISE:
            made = incident(
                incident_id=command.incident_id,
                tenant=command.tenant,
                title=command.detail.title,
                function=command.detail.function or "servers",
                opened_at=self.clock.now(),
            )
            made = await self.add(made)
            await self._outcome(command, "done", None, made.version)
            return
        made = self.incidents[command.incident_id]
        refusal = self._refusal(made, command)
        if refusal is not None:
            await self._outcome(command, "refused", *refusal)
            return
        made = self._after(made, command)
        self.incidents[made.incident_id] = made
        said = {"text": command.detail.text} if command.detail.text else {}
        fact = {
            "acknowledge": "acknowledged",
            "start": "started",
            "join": "joined",
            "resolve": "resolved",
            "note": "noted",
            "reopen": "reopened",
            "merge": "merged",
            "link": "linked",
        }[command.kind]
        await self.rows.update(made, fact, command.at, party=command.by.party, person=command.by.person, detail=said)
        await self._outcome(command, "done", None, made.version)

    def _refusal(self, made: Incident, command: Command) -> tuple[Any, ...] | None:
        wanted = command.detail.expected_version
        if wanted is not None and wanted != made.version:
            return f"the incident is at version {made.version}, not {wanted}", made.version
        if command.kind not in _KNOWN:
            return f"{command.kind.value} is not supported yet", made.version
        party = command.by.party
        first = made.acknowledged.get(party) if party else None
        if command.kind is CommandKind.ACKNOWLEDGE and first is not None:
            return f"already acknowledged by {first.person}", made.version, party, first.person, first.at
        return None

    def _after(self, made: Incident, command: Command) -> Incident:
        party = command.by.party or Party.INTERNAL
        after = replace(made, version=made.version + 1)
        match command.kind:
            case CommandKind.ACKNOWLEDGE:
                mine = Acknowledgement(person=command.by.person, at=command.at)
                state = IncidentState.ACKNOWLEDGED if party is made.responsible_party else made.state
                return replace(after, acknowledged={**made.acknowledged, party: mine}, state=state)
            case CommandKind.START:
                return replace(after, state=IncidentState.IN_PROGRESS, started_at=command.at)
            case CommandKind.JOIN:
                return replace(after, joined={**made.joined, party: command.at})
            case CommandKind.RESOLVE:
                return replace(after, state=IncidentState.RESOLVED, resolved_at=command.at, resolved_by=party)
            case CommandKind.REOPEN:
                return replace(after, state=IncidentState.OPEN, cycle=made.cycle + 1, resolved_at=None, acknowledged={})
            case CommandKind.MERGE:
                into = command.detail.other_incident
                return replace(after, state=IncidentState.RESOLVED, resolved_at=command.at, merged_into=into)
            case CommandKind.LINK:
                other = command.detail.other_incident
                assert other is not None
                return replace(after, linked=(other,))
            case _:
                return after

    async def _outcome(
        self,
        command: Command,
        outcome: str,
        reason: str | None,
        version: int,
        party: str | None = None,
        person: str | None = None,
        at: datetime | None = None,
    ) -> None:
        await self.rows.router.execute(
            "insert into router.command (command_id, tenant, incident_id, kind, outcome, reason, version, by_party,"
            " by_person, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            command.command_id, command.tenant, command.incident_id, command.kind, outcome, reason, version,
            party or command.by.party, person or command.by.person, at or command.at,
        )  # fmt: skip


_KNOWN = {
    CommandKind.ACKNOWLEDGE,
    CommandKind.START,
    CommandKind.JOIN,
    CommandKind.RESOLVE,
    CommandKind.REOPEN,
    CommandKind.NOTE,
    CommandKind.MERGE,
    CommandKind.LINK,
}


@dataclass(slots=True)
class World:
    """A console with everything around it."""

    console: Console
    app: ASGIApp
    bus: AnsweringBus
    rows: Rows
    clock: ManualClock
    database: Any
    tokens: dict[tuple[Any, ...], str] = field(default_factory=dict)
    ingest: Any = None
    """A pool that writes as ingest does, once a test needs one."""

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """A client that keeps cookies and follows nothing by itself."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"accept": "text/html", **headers})

    async def token(self, role: str = "responder", party: str = "internal", tenants: Sequence[str] = ("acme",)) -> str:
        """A token's text."""
        key = (role, party, *tenants)
        if key not in self.tokens:
            _, text = await create_token(
                self.console.accounts,
                name=f"{role} of {party}",
                person=f"{party}-{role}",
                party=Party(party),
                role=Role(role),
                tenants=tenants,
                now=self.clock.now(),
            )
            self.tokens[key] = text
        return self.tokens[key]

    async def api(
        self, role: str = "responder", party: str = "internal", tenants: Sequence[str] = ("acme",)
    ) -> httpx.AsyncClient:
        """A program with a token."""
        bearer = f"Bearer {await self.token(role, party, tenants)}"
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"authorization": bearer})

    async def user(
        self, name: str = "ana", role: str = "responder", party: str = "internal", tenants: Sequence[str] = ("acme",)
    ) -> str:
        """Somebody who can sign in with PASSWORD."""
        await create_user(
            self.console.accounts,
            name=name,
            password=PASSWORD,
            party=Party(party),
            role=Role(role),
            tenants=tenants,
            now=self.clock.now(),
        )
        return name

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        """A browser of a user."""
        browser = self.browser(origin=BASE)
        await sign_in(browser, name)
        return browser


async def sign_in(browser: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    """Fill the form as a person would."""
    page = await browser.get("/sign-in")
    return await browser.post(
        "/sign-in", data={"csrf": csrf_of(page.text), "name": name, "password": password, "next": "/"}
    )


def csrf_of(page: str) -> str:
    """The hidden field of a page's form."""
    return page.split('name="csrf" value="', 1)[1].split('"', 1)[0]


async def make_world(database: Any, **options: Any) -> World:
    """A console on ``database``; ``options``: fields of its settings and ports, ``clock`` and ``welcome_steps``."""
    rows = Rows(
        *[await database.pool(f"tandem_{role}", max_size=2) for role in ("router", "sla_clock", "notifier", "policy")]
    )
    clock = options.pop("clock", None) or ManualClock(NOW)
    bus = AnsweringBus(rows, clock)
    engine = make_engine(database.dsn, "tandem_console", application_name="test console", pool_size=4)
    steps = options.pop("welcome_steps", ())
    known = {each.name for each in fields(ConsoleSettings)} & options.keys()
    settings = ConsoleSettings(**{"secret": b"k" * 32, **{name: options.pop(name) for name in known}})
    ports = ConsolePorts(**{"agreements": Agreements(rows), **options})
    console = Console(database=engine, bus=bus, clock=clock, settings=settings, ports=ports, welcome_steps=steps)
    app = build_app(
        routers=console.routers(), lanes=console.lanes(), metrics=Metrics(version="test"), checks=console.checks()
    )
    return World(console, app, bus, rows, clock, database)


async def close_world(world: World) -> None:
    """Let go of the engine."""
    await world.console._engine.dispose()
