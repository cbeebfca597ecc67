"""What people do with posts that could not be read, or belong to nobody yet: look, replay, discard, give to a client.

The API and the page both stand on it. Ingest does what it does to its own tables: it comes in as a port.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from tandem.clock import Clock
from tandem.errors import Reason, Refused, Unavailable
from tandem.model.aside import Aside, Reread
from tandem_console.access import Principal
from tandem_console.store.quarantine import AT_ONCE, QuarantineStore
from tandem_console.store.records import Deed, RecordStore, Row
from tandem_console.unread import visible

EXCERPT = 2_000
WHOLE = 64_000
"""Bytes of a body, in the list and alone."""
MOST_CUSTOMERS = 100


class Rereads(Protocol):
    """Ingest's part; each call is durable or raises. ``who`` is the person's name."""

    async def replay(self, aside: Aside, who: str) -> Reread:
        """Send on what the post says now; raises Refused (CONFLICT: it cannot be read), Unavailable."""
        ...

    async def discard(self, aside: Aside, who: str, reason: str) -> None:
        """It need not be read; raises Refused, Unavailable."""
        ...

    async def give(self, name: str, customer: str, tenant: str) -> int:
        """Treat what waits of ``customer`` as ``tenant``'s; raises Refused (CONFLICT: no mapping), Unavailable."""
        ...


class NobodyRereads:
    """For a console that runs without a way to."""

    async def replay(self, aside: Aside, who: str) -> Reread:
        """Cannot."""
        del aside, who
        raise Unavailable("replay", "this console cannot replay posts")

    async def discard(self, aside: Aside, who: str, reason: str) -> None:
        """Cannot."""
        del aside, who, reason
        raise Unavailable("replay", "this console cannot discard posts")

    async def give(self, name: str, customer: str, tenant: str) -> int:
        """Cannot."""
        del name, customer, tenant
        raise Unavailable("replay", "this console cannot give alerts to a client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of several posts."""

    done: list[Row]
    left: list[Row]
    """id and reason."""
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """One console's."""

    store: QuarantineStore
    records: RecordStore
    clock: Clock
    rereads: Rereads

    async def listed(
        self,
        principal: Principal,
        *,
        limit: int,
        state: str = "all",
        tenant: str | None = None,
        integration: str | None = None,
        before: tuple[datetime, UUID] | None = None,
        visibly: bool = False,
    ) -> list[Row]:
        """Newest first, each with the beginning of its body as text; ``visibly``: what does not print shows."""
        chosen = chosen_of(principal, tenant)
        rows = await self.store.listed(
            chosen, limit=limit, shown=EXCERPT, state=state, integration=integration, before=before
        )
        return [shown(row, visibly=visibly) for row in rows]

    async def one(self, principal: Principal, alert_id: UUID, *, visibly: bool = False) -> Row:
        """One of them, with more of its body.

        Raises:
            Refused: NOT_FOUND, also when it is somebody else's.
        """
        rows = await self.store.listed(principal.tenants, limit=1, shown=WHOLE, id=alert_id)
        if not rows:
            raise _unknown()
        return shown(rows[0], visibly=visibly)

    async def replay(self, principal: Principal, alert_id: UUID) -> Row:
        """Read it again, as its integration is read now.

        Raises:
            Refused: NOT_FOUND; CONFLICT while it cannot be read.
        """
        aside = await self._found(principal, alert_id)
        try:
            found = await self.rereads.replay(aside, principal.name)
        except Refused as refusal:
            await self._noted(principal, aside, "quarantine.replay", refusal.detail, {})
            raise
        await self._noted(principal, aside, "quarantine.replay", f"{len(found.alerts)} alerts", {})
        return _answer(principal, aside, found)

    async def replay_all(self, principal: Principal, integration: str) -> Outcomes:
        """The same for what is open of an integration, oldest first, a bounded number of them."""
        ids = await self.store.oldest(principal.tenants, integration)
        done = await self.replay_these(principal, ids[:AT_ONCE])
        return Outcomes(done=done.done, left=done.left, more=len(ids) > AT_ONCE)

    async def replay_these(self, principal: Principal, ids: Iterable[UUID]) -> Outcomes:
        """The same for these; what cannot be read now either is told apart."""
        found = Outcomes(done=[], left=[])
        for alert_id in ids:
            try:
                found.done.append(await self.replay(principal, alert_id))
            except Refused as refusal:
                found.left.append({"id": alert_id, "reason": refusal.detail})
        return found

    async def discard_these(self, principal: Principal, ids: Iterable[UUID], reason: str) -> Outcomes:
        """They need not be read, and why: no longer counted, kept as long as every post."""
        found = Outcomes(done=[], left=[])
        for alert_id in ids:
            try:
                aside = await self._found(principal, alert_id)
                await self.rereads.discard(aside, principal.name, reason)
            except Refused as refusal:
                found.left.append({"id": alert_id, "reason": refusal.detail})
                continue
            await self._noted(principal, aside, "quarantine.discard", "done", {"why": reason})
            found.done.append({"id": alert_id})
        return found

    async def customers(self, principal: Principal, integration: str | None = None) -> list[Row]:
        """Customers nobody maps, at ways in that the caller's own tenants look after."""
        return await self.store.customers(principal.tenants, integration, MOST_CUSTOMERS)

    async def give(self, principal: Principal, integration: str, customer: str, tenant: str) -> int:
        """What waits of ``customer`` goes to ``tenant`` within seconds; how many alerts. For once: nothing is mapped.

        Raises:
            Refused: NOT_FOUND for what is not the caller's; CONFLICT when the provider maps nobody to that client.
        """
        waiting = await self.store.customers(principal.tenants, integration, MOST_CUSTOMERS)
        known = next((row for row in waiting if row["customer"] == customer.strip().casefold()), None)
        if known is None or tenant not in principal.tenants:
            raise Refused(Reason.NOT_FOUND, "nothing waits for this customer, or this client is none of yours")
        given = await self.rereads.give(integration, customer, tenant)
        deed = _deed(self.clock.now(), principal, known["tenant"], "quarantine.assign", integration)
        detail = {"customer": known["said"], "to": tenant, "alerts": given}
        await self.records.write_audit(Deed(**deed, outcome=f"{given} alerts", detail=detail))
        return given

    async def counts(self, principal: Principal, integration: str | None = None) -> list[Row]:
        """Open posts by client and integration."""
        return await self.store.counts(principal.tenants, integration)

    async def count(self, principal: Principal, integration: str | None = None) -> int:
        """Open posts of the caller's clients."""
        return sum(row["posts"] for row in await self.counts(principal, integration))

    async def _found(self, principal: Principal, alert_id: UUID) -> Aside:
        aside = await self.store.aside(principal.tenants, alert_id)
        if aside is None:
            raise _unknown()
        return aside

    async def _noted(self, principal: Principal, aside: Aside, action: str, outcome: str, more: Row) -> None:
        deed = _deed(self.clock.now(), principal, aside.tenant, action, str(aside.alert_id))
        detail = {"integration": aside.integration, "reason": aside.reason, **more}
        await self.records.write_audit(Deed(**deed, outcome=outcome, detail=detail))


def chosen_of(principal: Principal, tenant: str | None) -> list[str]:
    """The caller's tenants, or the one named if it is theirs."""
    return sorted(name for name in principal.tenants if tenant in {None, name})


def shown(row: Row, *, visibly: bool = False) -> Row:
    """The body as text that no terminal obeys: what is not printable is replaced, or shown by another character."""
    raw = row["raw"]
    if raw is None:
        return row
    if visibly:
        return {**row, "raw": visible(bytes(raw))}
    decoded = bytes(raw).decode("utf-8", "replace")
    return {**row, "raw": "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in decoded)}


def _answer(principal: Principal, aside: Aside, found: Reread) -> Row:
    """Titles of alerts that went to the caller's clients; of others, and of unknown ones, only how many."""
    ours: Sequence[Any] = [each for each in found.alerts if each.tenant in principal.tenants]
    alerts = [
        {"alert_id": each.alert_id, "dedup_key": each.dedup_key, "title": each.title, "status": each.status.value}
        for each in ours
    ]
    others = len(found.alerts) - len(ours)
    return {
        "id": aside.alert_id, "alerts": alerts, "cleared": found.cleared, "others": others, "waiting": len(found.held),
    }  # fmt: skip


def _deed(at: datetime, principal: Principal, tenant: str, action: str, what: str) -> dict[str, Any]:
    return {
        "at": at, "who": principal.name, "party": principal.party.value, "tenant": tenant, "action": action,
        "object": what,
    }  # fmt: skip


def _unknown() -> Refused:
    return Refused(Reason.NOT_FOUND, "nothing of this id was put aside among your tenants")
