"""What people do with a way in: look at it, rotate its secret, send a test through it, try a mapping on what came in.

The API and the pages both stand on it. What needs another service (its adapters, its door) comes in as a port from
whoever starts the console; services never import one another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.clock import Clock
from tandem.errors import Reason, Refused, Unavailable
from tandem.model.integration import AuthKind, Integration
from tandem.policy import secrets
from tandem.policy.integrations import one_integration
from tandem.policy.mappings import mapping_of, set_mapping
from tandem_console import ways
from tandem_console.access import Principal
from tandem_console.store.integrations import IntegrationStore
from tandem_console.store.records import Deed, RecordStore
from tandem_console.travel import Stage, stages
from tandem_console.ways import Around, Body

LONGEST_MAPPING = 64 * 1024
"""Characters; a mapping document is never longer."""
TESTS = RateLimitItemPerMinute(6)
"""Per way in: a test lends a secret and is stored like any alert."""
PREVIEWS_AT_ONCE = 2

Row = dict[str, Any]

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Doorway:
    """An address of another API that takes a tool's posts; ``{base}``, ``{name}`` and ``{secret}`` are places."""

    title: str
    address: str
    lines: tuple[str, ...]
    """What to enter where, beside the address."""
    curl: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that is read."""

    slug: str
    name: str
    kind: str
    """rmm, siem, backup or monitoring."""
    auth: AuthKind
    """How its posts prove who they are, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What is known of a vendor's dialect."""

    name: str = ""
    """What people call the tool; empty: nobody knows it."""
    steps: str = ""
    """How to connect it, Markdown (docs/integrations)."""
    mapping: str | None = None
    """The mapping document it is read by; None: by code, or nothing is shipped."""
    doors: tuple[Doorway, ...] = ()
    """Other APIs that its tools speak."""
    doors_first: bool = False
    """Its tools post there, and to our own address only as an exception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """What a body would become."""

    alerts: tuple[Mapping[str, Any], ...] = ()
    """In the shape of ``tandem ingest normalize``."""
    quarantined: str | None = None
    problems: tuple[str, ...] = ()
    """Why the mapping itself cannot be used, ``mapping:LINE:COLUMN: message``; nothing was read then."""


class Dialects(Protocol):
    """The part of ingest's knowledge the console asks. Both calls are pure; ``read`` may take a few hundred ms."""

    def guide(self, vendor: str) -> Guide:
        """What is known of a vendor."""
        ...

    def tools(self) -> tuple[Tool, ...]:
        """Every tool that is read."""
        ...

    def read(self, vendor: str, mapping: str | None, body: bytes, content_type: str | None) -> Previewed:
        """What ``body`` becomes by ``mapping``, else by the vendor's own reading."""
        ...


class NoDialects:
    """For a console that runs without ingest's code beside it."""

    def guide(self, vendor: str) -> Guide:  # noqa: ARG002 - nothing is known
        """Nothing."""
        return Guide()

    def tools(self) -> tuple[Tool, ...]:
        """None."""
        return ()

    def read(self, vendor: str, mapping: str | None, body: bytes, content_type: str | None) -> Previewed:
        """Cannot."""
        del vendor, mapping, body, content_type
        raise Unavailable("dialects", "this console cannot read bodies")


class TrialFailed(Exception):
    """A test post did not get in; the text says why, for people, without a secret."""


class Trials(Protocol):
    """Sends a marked test alert through the real door."""

    async def post(self, name: str, customer: str | None) -> UUID:
        """The id of the accepted alert.

        Args:
            name: of the way in.
            customer: whose alert it shall be, where one way in serves several clients.

        Raises:
            TrialFailed: it was not accepted.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connecting:
    """One console's."""

    store: IntegrationStore
    records: RecordStore
    clock: Clock
    key: bytes
    """Seals signing keys, as ingest opens them."""
    policy: AsyncEngine | None
    """Reads and writes schema agreement; None where nobody may."""
    dialects: Dialects
    trials: Trials | None
    base: str
    """Where tools reach the way in, ``https://host``; empty: paths only."""
    _limiter: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))
    _previews: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PREVIEWS_AT_ONCE))

    async def all(self, principal: Principal, tenant: str | None = None) -> list[Row]:
        """Every way in of the caller's tenants, or of that one."""
        now = self.clock.now()
        chosen = sorted(name for name in principal.tenants if tenant in {None, name})
        return ways.overview(await self.store.known(chosen, now), now)

    async def one(self, principal: Principal, name: str) -> Row:
        """One of them.

        Raises:
            Refused: NOT_FOUND, also when it is somebody else's.
        """
        now = self.clock.now()
        found = ways.overview(await self.store.known(principal.tenants, now, name), now)
        if not found:
            raise Refused(Reason.NOT_FOUND, "there is no such integration among your tenants")
        return found[0]

    async def around(self, principal: Principal, name: str) -> Around:
        """What its page shows beside that."""
        return await self.store.around(principal.tenants, name, self.clock.now())

    async def configured(self, name: str) -> Integration | None:
        """How it proves itself, in full and without secrets; None where the policy cannot be asked."""
        return None if self.policy is None else await one_integration(self.policy, name)

    def address(self, name: str) -> str:
        """Where its tool posts, without a secret."""
        return f"{self.base.rstrip('/')}/v1/alerts/{name}"

    async def rotate(
        self, principal: Principal, name: str, *, overlap: timedelta, secret: str | None = None
    ) -> secrets.Made:
        """One more secret; the others stay valid for ``overlap``. The only moment at which it can be shown.

        Raises:
            Refused: NOT_FOUND; INVALID for a way in without secrets, or one that could be guessed.
            Unavailable: this console cannot write.
        """
        found = await self.one(principal, name)
        if self.policy is None:
            raise Unavailable("policy", "this console cannot change integrations")
        way = await one_integration(self.policy, name)
        if way.kinds == (AuthKind.SNS,):
            raise Refused(Reason.INVALID, "Amazon signs with its own certificate: there is no secret to rotate")
        now = self.clock.now()
        made = await secrets.rotate(self.policy, way, key=self.key, now=now, overlap=overlap, secret=secret)
        detail = {"secret_id": str(made.secret_id)[:8], "overlap_s": int(overlap.total_seconds())}
        await self.noted(principal, found, "integration.rotate", "done", detail)
        return made

    async def test(self, principal: Principal, name: str, customer: str | None = None) -> UUID:
        """Send a marked test alert; nobody is paged for it.

        Raises:
            Refused: NOT_FOUND, TOO_MANY.
            TrialFailed: it did not get in.
            Unavailable: this console cannot reach the door.
        """
        found = await self.one(principal, name)
        if self.trials is None:
            raise Unavailable("ingest", "this console does not know where alerts are taken")
        if not await self._limiter.hit(TESTS, name):
            raise Refused(Reason.TOO_MANY, "one test every ten seconds is enough; wait a minute")
        try:
            alert_id = await self.trials.post(name, customer)
        except TrialFailed:
            await self.noted(principal, found, "integration.test", "failed", {})
            raise
        await self.noted(principal, found, "integration.test", "done", {"alert_id": str(alert_id)})
        return alert_id

    async def travelled(self, principal: Principal, name: str, alert_id: UUID) -> tuple[Stage, ...]:
        """How far a test has come."""
        found = await self.store.traced(principal.tenants, alert_id)
        waits = None if found is not None else await self.store.waits(principal.tenants, name, alert_id)
        return stages(found, waits)

    async def last_body(self, principal: Principal, name: str) -> Body | None:
        """What came in last, of the caller's tenants."""
        return await self.store.last_body(principal.tenants, name, self.clock.now())

    async def mapping(self, name: str) -> str | None:
        """The mapping it carries; None: it is read as its vendor's bodies are."""
        return None if self.policy is None else (await mapping_of(self.policy, name))[2]

    async def use_mapping(self, principal: Principal, name: str, mapping: str | None) -> Row:
        """Read its bodies by ``mapping`` from now on, None: as its vendor's are; ingest knows within two seconds.

        Raises:
            Refused: NOT_FOUND; INVALID with every problem of the document.
            Unavailable: this console cannot write, or cannot read mappings.
        """
        found = await self.one(principal, name)
        if self.policy is None:
            raise Unavailable("policy", "this console cannot change integrations")
        if mapping is not None:
            checked = await self.preview(found["vendor"], mapping, None)
            if checked.problems:
                raise Refused(Reason.INVALID, "this mapping cannot be used", errors=checked.problems)
        await set_mapping(self.policy, name, mapping)
        detail = {"mapping": "own" if mapping is not None else "the vendor's", "characters": len(mapping or "")}
        await self.noted(principal, found, "integration.mapping", "done", detail)
        return found

    async def preview(self, vendor: str, mapping: str | None, body: Body | None) -> Previewed:
        """What ``body`` would become by ``mapping``, None: by the vendor's own reading. Nothing is stored or sent.

        Without a body the mapping is checked alone.
        """
        raw, content_type = (body.raw, body.content_type) if body is not None else (b"", None)
        if mapping is not None and len(mapping) > LONGEST_MAPPING:
            return Previewed(problems=(f"mapping:1:1: this is larger than {LONGEST_MAPPING // 1024} KiB",))
        async with self._previews:  # off the loop: a hostile body may take a mapping's whole budget
            found = await asyncio.to_thread(self.dialects.read, vendor, mapping, raw, content_type)
        return found if body is not None else Previewed(problems=found.problems)

    async def noted(self, principal: Principal, found: Row, action: str, outcome: str, detail: Row) -> None:
        """Write the audit; a database that is away now must not cost a person the secret that was just made."""
        deed = Deed(
            at=self.clock.now(),
            who=principal.name,
            party=principal.party.value,
            tenant=found["tenant"],
            action=action,
            object=found["name"],
            outcome=outcome,
            detail=detail,
        )
        try:
            await self.records.write_audit(deed)
        except Unavailable as fault:
            _log.warning("audit not written", action=action, object=deed.object, fault=str(fault))
