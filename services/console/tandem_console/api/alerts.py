"""Reading alerts: why one that came in is where it is, also one that was held, ignored or put aside."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.errors import Reason, Refused
from tandem_console import alert
from tandem_console.access import Principal, Scope
from tandem_console.api.allowed import Gate
from tandem_console.api.shapes.alerts import ExplainedAlert
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.store.alerts import traced


@dataclass(frozen=True, slots=True)
class Alerts:
    """What the routes of this file need."""

    gate: Gate
    engine: AsyncEngine


def router(parts: Alerts) -> APIRouter:
    """Routes under /api/v1/alerts."""
    api = APIRouter(prefix="/api/v1", tags=["alerts"], responses=PROBLEMS)
    reader = parts.gate.allowed(Scope.READ)

    @api.get("/alerts/{alert_id}/explain", response_model=ExplainedAlert)
    async def get_alert_explanation(principal: Annotated[Principal, Depends(reader)], alert_id: UUID) -> dict[str, Any]:
        """What was decided about an alert and what became of it, in the words of ``tandem agreement explain``."""
        found = await traced(parts.engine, principal.tenants, alert_id)
        if found is None:
            raise Refused(Reason.NOT_FOUND, "no alert of this id was stored among your tenants")
        return alert.explained(found)

    return api
