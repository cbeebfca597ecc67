"""What surrounds incidents: who is on call, ways in and what came by them, the agreement, the audit. Read only."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from tandem.clock import Clock
from tandem.errors import Reason, Refused
from tandem.web.text import Text
from tandem_console.access import Principal, Role, Scope
from tandem_console.api import paging
from tandem_console.api.actions import tenant_of
from tandem_console.api.allowed import Gate
from tandem_console.api.shapes import records as shapes
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.cursor import Cursor
from tandem_console.store.records import RecordStore, Row

_Tenant = Annotated[Text | None, Query(max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Who is on call for a party on a track at an instant."""

    tenant: str
    party: str
    track: str
    people: tuple[str, ...]
    schedule: str | None = None
    until: datetime | None = None


OnCall = Callable[[str, datetime], Awaitable[Sequence[Duty]]]
"""(tenant, instant) -> duties; the notifier's rotations answer, whoever starts the console wires them."""


async def nobody_knows(_tenant: str, _at: datetime) -> Sequence[Duty]:
    """For a console that runs without a way to ask."""
    return ()


@dataclass(frozen=True, slots=True)
class Records:
    """What the routes of this file need."""

    gate: Gate
    records: RecordStore
    clock: Clock
    key: bytes
    on_call: OnCall


def router(parts: Records) -> APIRouter:
    """Routes under /api/v1 beside incidents."""
    api = APIRouter(prefix="/api/v1", tags=["records"], responses=PROBLEMS)
    _open_to_readers(api, parts)
    _intake(api, parts)
    _histories(api, parts)
    return api


def _open_to_readers(api: APIRouter, parts: Records) -> None:
    reader = parts.gate.allowed(Scope.READ)

    @api.get("/oncall", response_model=shapes.OnCallList)
    async def get_oncall(principal: Annotated[Principal, Depends(reader)], tenant: _Tenant = None) -> dict[str, Any]:
        """Who is on call now, per tenant, party and track."""
        now = parts.clock.now()
        found = [duty for name in _chosen(principal, tenant) for duty in await parts.on_call(name, now)]
        return {"at": now, "items": [asdict(duty) for duty in found]}

    @api.get("/agreement", response_model=shapes.Agreement)
    async def get_agreement(principal: Annotated[Principal, Depends(reader)], tenant: _Tenant = None) -> Row:
        """The active agreement of a tenant, as its owners wrote it."""
        found = await parts.records.agreement(principal.tenants, tenant_of(principal, tenant))
        if found is None:
            raise Refused(Reason.NOT_FOUND, "this tenant has no active agreement")
        return found


def _intake(api: APIRouter, parts: Records) -> None:
    @api.get("/intake", response_model=shapes.IntakeList)
    async def list_intake(
        principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.READ))],
        tenant: _Tenant = None,
        minutes: Annotated[int, Query(ge=1, le=7 * 24 * 60)] = 60,
    ) -> dict[str, Any]:
        """What became of what each integration posted: accepted, waiting its turn, refused. Both parties see it."""
        since = parts.clock.now() - timedelta(minutes=minutes)
        return {"since": since, "items": await parts.records.intake(_chosen(principal, tenant), since=since)}


def _histories(api: APIRouter, parts: Records) -> None:
    overseer = parts.gate.allowed(Scope.OVERSEE)

    @api.get("/audit", response_model=shapes.Audit)
    async def list_audit(
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(overseer)],
        tenant: _Tenant = None,
        cursor: paging.At = None,
        limit: paging.Limit = paging.DEFAULT,
    ) -> dict[str, Any]:
        """Who did what, newest first; an administrator of the instance also sees sign-ins and accounts."""
        after, asked = paging.start(cursor, parts.key, {"tenant": tenant})
        rows = await parts.records.audit(
            _chosen(principal, asked.get("tenant")),
            instance=_sees_instance(principal, asked),
            limit=limit + 1,
            before=_before(after),
        )
        return _part(request, response, parts.key, rows, asked, limit)


def _chosen(principal: Principal, tenant: str | None) -> list[str]:
    """The caller's tenants, or the one named if it is theirs; anybody else's is nobody's."""
    return sorted(name for name in principal.tenants if tenant in {None, name})


def _sees_instance(principal: Principal, asked: dict[str, Any]) -> bool:
    return principal.role is Role.ADMIN and asked.get("tenant") is None


def _before(after: Cursor | None) -> tuple[datetime, UUID] | None:
    return None if after is None else (after.at, after.id)


def _part(
    request: Request, response: Response, key: bytes, rows: list[Row], asked: dict[str, Any], limit: int
) -> dict[str, Any]:
    if len(rows) > limit:
        last = rows[limit - 1]
        paging.link_next(request, response, key, (last["at"], last["id"]), asked, limit)
    return {"items": rows[:limit]}
