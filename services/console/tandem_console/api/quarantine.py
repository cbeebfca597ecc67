"""What could not be read, over the API: look at it, replay it once it is read better, discard it, give it away."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from tandem.web.text import Text
from tandem_console.access import Principal, Scope
from tandem_console.api import paging
from tandem_console.api.allowed import Gate
from tandem_console.api.putting_aside import Outcomes, PutAside
from tandem_console.api.shapes import quarantine as shapes
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.store.records import Row

_Tenant = Annotated[Text | None, Query(max_length=64)]
_Integration = Annotated[Text | None, Query(max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """What the routes of this file need."""

    gate: Gate
    aside: PutAside
    key: bytes
    """Signs cursors."""


def router(parts: Quarantine) -> APIRouter:
    """Routes under /api/v1/quarantine."""
    api = APIRouter(prefix="/api/v1", tags=["quarantine"], responses=PROBLEMS)
    _looks(api, parts)
    _replays(api, parts)
    _decides(api, parts)
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
        state: shapes.State = "all",
        cursor: paging.At = None,
        limit: paging.Limit = paging.DEFAULT,
    ) -> dict[str, Any]:
        """What could not be read, newest first, each with why and the beginning of its body."""
        wanted = {"tenant": tenant, "integration": integration, "state": state}
        after, asked = paging.start(cursor, parts.key, wanted)
        rows = await parts.aside.listed(
            principal,
            limit=limit + 1,
            state=asked.get("state") or "all",
            tenant=asked.get("tenant"),
            integration=asked.get("integration"),
            before=None if after is None else (after.at, after.id),
        )
        if len(rows) > limit:
            last = rows[limit - 1]
            paging.link_next(request, response, parts.key, (last["at"], last["id"]), asked, limit)
        return {"items": rows[:limit]}

    @api.get("/quarantine/customers", response_model=shapes.WaitingCustomers)
    async def list_waiting_customers(
        principal: Annotated[Principal, Depends(overseer)], integration: _Integration = None
    ) -> dict[str, Any]:
        """Customers that no client is mapped to and whose alerts wait, most first."""
        return {"items": await parts.aside.customers(principal, integration)}

    @api.get("/quarantine/{alert_id}", response_model=shapes.Quarantined)
    async def get_quarantined(principal: Annotated[Principal, Depends(overseer)], alert_id: UUID) -> Row:
        """One of them, with up to 64,000 bytes of its body."""
        return await parts.aside.one(principal, alert_id)


def _replays(api: APIRouter, parts: Quarantine) -> None:
    lead = parts.gate.allowed(Scope.STEER)

    @api.post("/quarantine/{alert_id}/replay", response_model=shapes.Replayed)
    async def replay_quarantined(principal: Annotated[Principal, Depends(lead)], alert_id: UUID) -> dict[str, Any]:
        """Read the post again, as its integration is read now, and send on what it says.

        Its alerts have the same ids every time, so a second replay doubles nothing. 409 while it cannot be read.
        """
        return await parts.aside.replay(principal, alert_id)

    @api.post("/quarantine/replay", response_model=shapes.ReplayedList)
    async def replay_integration(principal: Annotated[Principal, Depends(lead)], body: shapes.Chosen) -> dict[str, Any]:
        """The same for these posts, or for every open one of an integration, oldest first."""
        if body.integration is not None:
            return _replayed(await parts.aside.replay_all(principal, body.integration))
        return _replayed(await parts.aside.replay_these(principal, body.ids or ()))


def _decides(api: APIRouter, parts: Quarantine) -> None:
    lead = parts.gate.allowed(Scope.STEER)

    @api.post("/quarantine/discard", response_model=shapes.DiscardedList)
    async def discard_quarantined(
        principal: Annotated[Principal, Depends(lead)], body: shapes.Discarding
    ) -> dict[str, Any]:
        """They need not be read: no longer open, kept as long as every post. The last one ends the plain alert."""
        found = await parts.aside.discard_these(principal, body.ids, body.reason)
        return {"discarded": [row["id"] for row in found.done], "not_discarded": found.left}

    @api.post("/quarantine/assign", response_model=shapes.Given)
    async def assign_customer(principal: Annotated[Principal, Depends(lead)], body: shapes.Giving) -> dict[str, Any]:
        """What waits of a customer nobody knows goes to a client, for once; its posts can be replayed there."""
        given = await parts.aside.give(principal, body.integration, body.customer, body.tenant)
        return {"alerts": given}


def _replayed(found: Outcomes) -> dict[str, Any]:
    return {"replayed": found.done, "not_replayed": found.left, "more": found.more}
