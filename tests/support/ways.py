"""Ways in for tests of the console: rows as policy, ingest and router write them, a door and adapters that are ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tandem.db.pool import engine as make_engine
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.aside import Aside, Reread
from tandem.model.integration import AuthKind, Integration
from tandem.policy.integrations import add_integration, load_integrations
from tandem_console.api.connecting import Guide, Previewed, Tool, TrialFailed
from tandem_ingest.set_aside import SetAside
from tandem_ingest.tenancy import Held
from tandem_ingest.unknown import PUT, row_of
from tests.support.console import World
from tests.support.console_rows import DETAIL_TRACE

KEY = b"k" * 32
STEPS = "# Ninja\n\n1. Open *Administration*.\n2. Paste `URL`.\n\n[more](other.md) <b>x</b>\n"
BODY = b'{"message": "Disk C: is full", "state": "bad", "host": "fs01"}'


class Dialects:
    """Reads ``title: FIELD`` and nothing else; enough to see a preview work."""

    def guide(self, vendor: str) -> Guide:
        return Guide(name=vendor.title(), steps=STEPS)

    def tools(self) -> tuple[Tool, ...]:
        return (
            Tool(slug="ninjaone", name="NinjaOne", kind="rmm", auth=AuthKind.HEADER),
            Tool(slug="cloudwatch", name="AWS CloudWatch", kind="monitoring", auth=AuthKind.SNS),
        )

    def read(self, vendor: str, mapping: str | None, body: bytes, content_type: str | None) -> Previewed:
        if mapping is not None and "title" not in mapping:
            return Previewed(problems=(f"mapping:1:1: no title for {mapping[:60]}",))
        alert = {"title": body.decode()[:200], "status": "firing", "severity": "unknown", "severity_word": None,
                 "host": None, "occurred_at": None, "dedup_key": None, "customer": None, "url": None,
                 "labels": {"vendor": vendor, "type": content_type or "", "by": mapping or "adapter"}}  # fmt: skip
        return Previewed(alerts=(alert,))


class Door:
    """Takes tests as ingest and the router would, or does not."""

    def __init__(self) -> None:
        self.world: World
        self.fault = ""
        self.routes = True
        self.posted: list[tuple[str, str | None]] = []

    async def post(self, name: str, customer: str | None) -> UUID:
        self.posted.append((name, customer))
        if self.fault:
            raise TrialFailed(self.fault)
        alert_id = uuid4()
        await arrived(self.world, name, alert_id=alert_id, title="Test of the way in")
        if self.routes:
            await decided(self.world, alert_id)
        return alert_id


class Asides:
    """What ingest does with posts that were put aside, on the world's own database once there is one."""

    def __init__(self) -> None:
        self._real: SetAside | None = None

    def begin(self, world: World) -> SetAside:
        policy = world.console.connecting.policy
        assert policy is not None
        reading = make_engine(world.database.dsn, "tandem_ingest", pooled=False)

        async def find(name: str) -> Integration | None:
            found = await load_integrations(reading, KEY, world.clock.now())
            return next((each for each in found if each.name == name), None)

        self._real = SetAside(dsn=world.database.dsn, clock=world.clock, find=find)
        return self._real

    @property
    def real(self) -> SetAside:
        assert self._real is not None
        return self._real

    async def replay(self, aside: Aside, who: str) -> Reread:
        return await self.real.replay(aside, who)

    async def discard(self, aside: Aside, who: str, reason: str) -> None:
        await self.real.discard(aside, who, reason)

    async def give(self, name: str, customer: str, tenant: str) -> int:
        return await self.real.give(name, customer, tenant)


async def put_aside(
    world: World, name: str, raw: bytes, *, tenant: str = "acme", reason: str = "not JSON", ago: timedelta = timedelta()
) -> UUID:
    """A post that could not be read, as the router stored its plain alert."""
    at = world.clock.now() - ago
    words: dict[str, Any] = {
        "title": f"Unreadable alert from {name}",
        "quarantined": reason,
        "delivery_id": str(uuid4()),
        "labels": {},
    }
    return await arrived(world, name, tenant=tenant, at=at, raw=raw, **words)


async def waits(
    world: World, name: str, customer: str, *, house: str = "acme", raw: bytes = b"", quarantined: str | None = None,
    headers: dict[str, str] | None = None,
) -> UUID:  # fmt: skip
    """An alert of a customer nobody knows, as ingest keeps it."""
    alert = Alert(
        alert_id=uuid4(), tenant=house, integration=name, vendor="custom", kind=Kind.MONITORING, delivery_id="d",
        dedup_key="k", title="t", status=AlertStatus.FIRING, severity=Severity.HIGH, received_at=world.clock.now(),
        customer=customer or None, raw=raw, quarantined=quarantined,
        labels={f"header.{key}": said for key, said in (headers or {}).items()},
    )  # fmt: skip
    admin = await world.database.admin()
    await admin.execute(PUT, *[[value] for value in row_of(Held(alert, customer))])
    return alert.alert_id


async def checked(world: World, check_id: str, *, tenant: str = "acme", sort: str = "heartbeat", **row: Any) -> None:
    """A check as the router keeps it."""
    now = world.clock.now()
    state = {
        "phase": "up", "since": (now - timedelta(days=3)).isoformat(), "integration": "expected", "period": "every 1d",
        "last_signal_at": (now - timedelta(hours=2)).isoformat(), **row.pop("state", {}),
    }  # fmt: skip
    given = {"phase": "up", "asset": None, "name": None, "due_at": now + timedelta(hours=22), "trouble": None, **row}
    await world.rows.router.execute(
        "insert into router.check_state (tenant, check_id, phase, sort, asset, name, due_at, trouble, state)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant, check_id, given["phase"], sort, given["asset"], given["name"], given["due_at"], given["trouble"], state,
    )  # fmt: skip


async def resulted(
    world: World, check_id: str, outcome: str, *, ago: timedelta = timedelta(), tenant: str = "acme",
    sort: str = "backup", asset: str | None = None, note: str | None = None,
) -> None:  # fmt: skip
    """A line of its history."""
    at = world.clock.now() - ago
    await world.rows.router.execute(
        "insert into router.check_result (id, tenant, check_id, sort, asset, outcome, due_at, at, run_id, note,"
        " agreement_version, from_signal) values ($1, $2, $3, $4, $5, $6, $7, $7, '', $8, 1, true)",
        uuid4(), tenant, check_id, sort, asset, outcome, at, note,
    )  # fmt: skip


async def connected(world: World, name: str = "acme-ninja", *, tenant: str = "acme", **changes: Any) -> str:
    """A way in with its first secret, which is answered."""
    values: dict[str, Any] = {"name": name, "tenant": tenant, "vendor": "ninjaone", "auth": AuthKind.HEADER, **changes}
    made = await add_integration(world.console.connecting.policy, Integration(**values), key=KEY, now=world.clock.now())  # type: ignore[arg-type]
    return made.secret


async def counted(
    world: World, name: str, result: str, n: int, *, tenant: str = "acme", ago: timedelta = timedelta(minutes=5)
) -> None:
    """What ingest counted of one minute."""
    ingest = world.ingest
    if ingest is None:
        ingest = world.ingest = await world.database.pool("tandem_ingest", max_size=1)
    minute = (world.clock.now() - ago).replace(second=0, microsecond=0)
    await ingest.execute("insert into ingest.intake values ($1, $2, $3, $4, $5)", tenant, name, minute, result, n)


async def arrived(
    world: World, name: str, *, tenant: str = "acme", alert_id: UUID | None = None, at: datetime | None = None,
    raw: bytes | None = BODY, **body: Any,
) -> UUID:  # fmt: skip
    """An alert as the router stores it."""
    made = alert_id or uuid4()
    values: dict[str, Any] = {"vendor": "ninjaone", "title": "Disk C: is full", "status": "firing", "severity": "high",
                              "severity_word": "MAJOR", "host": "fs01", "content_type": "application/json", **body}  # fmt: skip
    await world.rows.router.execute(
        "insert into router.alert (id, tenant, integration, dedup_key, received_at, body, raw)"
        " values ($1, $2, $3, 'k', $4, $5, $6)",
        made, tenant, name, at or world.clock.now(), values, raw,
    )  # fmt: skip
    return made


async def decided(world: World, alert_id: UUID, *, tenant: str = "acme", classification: Any = None) -> None:
    """The router's decision on it."""
    trace = {**DETAIL_TRACE, "outcome": "opened"}
    if classification is not None:
        trace["classification"] = classification
    await world.rows.router.execute(
        "insert into router.decision (alert_id, tenant, at, agreement_version, trace) values ($1, $2, $3, 3, $4)",
        alert_id, tenant, world.clock.now() + timedelta(milliseconds=300), trace,
    )  # fmt: skip


async def unnamed(
    world: World, name: str, key: str, *, tenant: str = "acme", kind: str = "unmapped", title: str = "no row",
    classification: Any = None, **body: Any,
) -> UUID:  # fmt: skip
    """A gap of the agreement that an alert showed."""
    alert_id = await arrived(world, name, tenant=tenant, **{"title": title, **body})
    await decided(world, alert_id, tenant=tenant, classification=classification)
    now = world.clock.now()
    await world.rows.router.execute(
        "insert into router.governance_item (tenant, kind, key, title, count, first_seen, last_seen, alert_id, due_at)"
        " values ($1, $2, $3, $4, 3, $5, $5, $6, $7)",
        tenant, kind, key, title, now, alert_id, now + timedelta(days=14),
    )  # fmt: skip
    return alert_id


CUSTOMERS = """{"provider": {"customers": {"17": "acme", "Globex Ltd": "globex"}}}"""


async def provided(world: World, *tenants: str) -> None:
    """Brightwater maps its customers to these clients."""
    admin = await world.database.admin()
    await admin.execute(
        "insert into agreement.provider_version (provider, version, hash, source, document, author, note, created_at)"
        " values ('brightwater', 1, 'h', '', $1, 'x', '', now())", CUSTOMERS,
    )  # fmt: skip
    for tenant in tenants:
        await world.rows.agreement(tenant)
    await admin.execute("update agreement.version set provider = 'brightwater'")
