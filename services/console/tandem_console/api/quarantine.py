"""What could not be read: look at it, and have it read again once its integration is read better."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from tandem.clock import Clock
from tandem.errors import Reason, Refused, Unavailable
from tandem.model.aside import Aside, Reread
from tandem.web.text import STRICT, Text
from tandem_console.access import Principal, Scope
from tandem_console.api import paging, shapes
from tandem_console.api.allowed import Gate
from tandem_console.api.incidents import PROBLEMS
from tandem_console.store.quarantine import AT_ONCE, QuarantineStore
from tandem_console.store.records import Deed, RecordStore, Row

EXCERPT = 2_000
WHOLE = 64_000
"""Bytes of a body, in the list and alone."""
Replay = Callable[[Aside, str], Awaitable[Reread]]
"""(post, who asks) -> what it says now, by ingest; raises Refused, Unavailable."""

_Tenant = Annotated[Text | None, Query(max_length=64)]
_Integration = Annotated[Text | None, Query(max_length=64)]


async def nobody_replays(_aside: Aside, _who: str) -> Reread:
    """For a console that runs without a way to."""
    raise Unavailable("replay", "this console cannot replay posts")


class OfIntegration(BaseModel):
    """Whose posts."""

    model_config = STRICT

    integration: Annotated[Text, Field(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """What the routes of this file need."""

    gate: Gate
    store: QuarantineStore
    records: RecordStore
    clock: Clock
    key: bytes
    """Signs cursors."""
    replay: Replay


def router(parts: Quarantine) -> APIRouter:
    """Routes under /api/v1/quarantine."""
    api = APIRouter(prefix="/api/v1", tags=["quarantine"], responses=PROBLEMS)
    _looks(api, parts)
    _replays(api, parts)
    return api


def _looks(api: APIRouter, parts: Quarantine) -> None:
    overseer = parts.gate.allowed(Scope.OVERSEE)

    @api.get("/quarantine", response_model=shapes.QuarantineList)
    async def list_quarantine(
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(overseer)],
        tenant: _Tenant = None,
        integration: _Integration = None,
        cursor: paging.At = None,
        limit: paging.Limit = paging.DEFAULT,
    ) -> dict[str, Any]:
        """What could not be read, newest first, each with why and the beginning of its body."""
        after, asked = paging.start(cursor, parts.key, {"tenant": tenant, "integration": integration})
        chosen = [name for name in principal.tenants if asked.get("tenant") in {None, name}]
        rows = await parts.store.listed(
            chosen,
            limit=limit + 1,
            shown=EXCERPT,
            integration=asked.get("integration"),
            before=None if after is None else (after.at, after.id),
        )
        if len(rows) > limit:
            last = rows[limit - 1]
            paging.link_next(request, response, parts.key, (last["at"], last["id"]), asked, limit)
        return {"items": [_shown(row) for row in rows[:limit]]}

    @api.get("/quarantine/{alert_id}", response_model=shapes.Quarantined)
    async def get_quarantined(principal: Annotated[Principal, Depends(overseer)], alert_id: UUID) -> Row:
        """One of them, with up to 64,000 bytes of its body."""
        rows = await parts.store.listed(principal.tenants, limit=1, shown=WHOLE, id=alert_id)
        if not rows:
            raise _unknown()
        return _shown(rows[0])


def _replays(api: APIRouter, parts: Quarantine) -> None:
    lead = parts.gate.allowed(Scope.STEER)

    @api.post("/quarantine/{alert_id}/replay", response_model=shapes.Replayed)
    async def replay_quarantined(principal: Annotated[Principal, Depends(lead)], alert_id: UUID) -> dict[str, Any]:
        """Read the post again, as its integration is read now, and send on what it says.

        Its alerts have the same ids every time, so a second replay doubles nothing. 409 while it cannot be read.
        """
        aside = await parts.store.aside(principal.tenants, alert_id)
        if aside is None:
            raise _unknown()
        return await _replayed(parts, principal, aside)

    @api.post("/quarantine/replay", response_model=shapes.ReplayedList)
    async def replay_integration(principal: Annotated[Principal, Depends(lead)], body: OfIntegration) -> dict[str, Any]:
        """The same for every post of an integration that was not replayed yet, oldest first."""
        ids = await parts.store.oldest(principal.tenants, body.integration)
        done: list[dict[str, Any]] = []
        left: list[dict[str, Any]] = []
        for alert_id in ids[:AT_ONCE]:
            aside = await parts.store.aside(principal.tenants, alert_id)
            if aside is None:
                continue
            try:
                done.append(await _replayed(parts, principal, aside))
            except Refused as refusal:
                left.append({"id": alert_id, "reason": refusal.detail})
        return {"replayed": done, "not_replayed": left, "more": len(ids) > AT_ONCE}


async def _replayed(parts: Quarantine, principal: Principal, aside: Aside) -> dict[str, Any]:
    try:
        found = await parts.replay(aside, principal.name)
    except Refused as refusal:
        await _noted(parts, principal, aside, refusal.detail)
        raise
    await _noted(parts, principal, aside, f"{len(found.alerts)} alerts")
    alerts = [
        {"alert_id": each.alert_id, "dedup_key": each.dedup_key, "title": each.title, "status": each.status.value}
        for each in found.alerts
    ]
    return {"id": aside.alert_id, "alerts": alerts, "cleared": found.cleared}


async def _noted(parts: Quarantine, principal: Principal, aside: Aside, outcome: str) -> None:
    deed = Deed(
        at=parts.clock.now(),
        who=principal.name,
        party=principal.party.value,
        tenant=aside.tenant,
        action="quarantine.replay",
        object=str(aside.alert_id),
        outcome=outcome,
        detail={"integration": aside.integration, "reason": aside.reason},
    )
    await parts.records.write_audit(deed)


def _shown(row: Row) -> Row:
    """The body as text that no terminal obeys: what is not printable is replaced."""
    raw = row["raw"]
    if raw is None:
        return row
    decoded = bytes(raw).decode("utf-8", "replace")
    return {**row, "raw": "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in decoded)}


def _unknown() -> Refused:
    return Refused(Reason.NOT_FOUND, "nothing of this id was put aside among your tenants")
