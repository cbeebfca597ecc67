"""Ways in for tests of the console: rows as policy, ingest and router write them, a door and adapters that are ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tandem.model.integration import AuthKind, Integration
from tandem.policy.integrations import add_integration
from tandem_console.api.connecting import Guide, Previewed, Tool, TrialFailed
from tests.support.console import DETAIL_TRACE, World

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
