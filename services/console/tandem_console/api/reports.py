"""Reports over the API: what the agreement does not name yet, for both parties to settle. Read only."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from tandem.clock import Clock
from tandem.web.text import Text
from tandem_console.access import Principal, Scope
from tandem_console.api.allowed import Gate
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.api.shapes.reports import GovernanceReport
from tandem_console.store.records import RecordStore

MOST = 1001
"""The router keeps a thousand items per tenant and one for the rest."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What the routes of this file need."""

    gate: Gate
    records: RecordStore
    clock: Clock


def router(parts: Reports) -> APIRouter:
    """Routes under /api/v1/reports."""
    api = APIRouter(prefix="/api/v1/reports", tags=["reports"], responses=PROBLEMS)
    reader = parts.gate.allowed(Scope.READ)

    @api.get("/governance", response_model=GovernanceReport)
    async def report_governance(
        principal: Annotated[Principal, Depends(reader)],
        tenant: Annotated[Text | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST, description="Items at most.")] = 200,
    ) -> dict[str, Any]:
        """What the agreement does not name, counted, with the deadline that both parties have."""
        now = parts.clock.now()
        tenants = [name for name in principal.tenants if tenant in {None, name}]
        total, rows = await parts.records.governance(tenants, limit=limit)
        items = [{**row, "overdue": row["state"] == "open" and row["due_at"] < now} for row in rows]
        return {"at": now, "total": total, "items": items}

    return api
