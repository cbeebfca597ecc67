"""Silences and maintenance windows, and what they hold: look. Making, ending and consenting is ``suppressing.py``'s."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.agreement.made import Made
from tandem.clock import Clock
from tandem.errors import Unavailable
from tandem.model.suppression import SuppressionKind
from tandem.policy import silences
from tandem.web.text import Text
from tandem_console.access import Principal, Scope
from tandem_console.api.allowed import Gate
from tandem_console.api.desk import Desk
from tandem_console.api.remember import Remember
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.api.shapes.suppressions import HeldList, SuppressionList
from tandem_console.pages.names import Agreements
from tandem_console.silencing import MADE_PREFIX, of_agreement, shown
from tandem_console.store.records import RecordStore

_Tenant = Annotated[Text | None, Query(max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressions:
    """What the routes of this file and of ``suppressing.py`` need."""

    gate: Gate
    clock: Clock
    desk: Desk
    remember: Remember
    records: RecordStore
    agreements: Agreements
    policy: AsyncEngine | None
    """Writes schema agreement; None where nobody may."""
    changed: Callable[[], Awaitable[None]]
    """Called after a change, so that this process sees it at once."""

    @property
    def engine(self) -> AsyncEngine:
        """The policy's engine, or Unavailable."""
        if self.policy is None:
            raise Unavailable("policy", "this console cannot change what is held")
        return self.policy


def router(parts: Suppressions) -> APIRouter:
    """Routes under /api/v1 that look."""
    api = APIRouter(prefix="/api/v1", tags=["suppression"], responses=PROBLEMS)
    _held(api, parts)
    _list(api, parts, SuppressionKind.SILENCE, "silences", "silences")
    _list(api, parts, SuppressionKind.WINDOW, "maintenance", "maintenance windows")
    return api


def _held(api: APIRouter, parts: Suppressions) -> None:
    reader = parts.gate.allowed(Scope.READ)

    @api.get("/held", response_model=HeldList)
    async def list_held(
        principal: Annotated[Principal, Depends(reader)],
        tenant: _Tenant = None,
        *,
        over: Annotated[bool, Query(description="Also what had its outcome.")] = False,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Alerts that a window, a silence or an incident holds back, and what became of those it held."""
        chosen = sorted(each for each in principal.tenants if tenant in {None, each})
        return {"items": await parts.records.held(chosen, over=over, limit=limit)}


def _list(api: APIRouter, parts: Suppressions, kind: SuppressionKind, path: str, name: str) -> None:
    reader = parts.gate.allowed(Scope.READ)

    async def list_them(
        principal: Annotated[Principal, Depends(reader)],
        tenant: _Tenant = None,
        *,
        over: Annotated[bool, Query(description="Also those that have ended or run out.")] = False,
    ) -> dict[str, Any]:
        now = parts.clock.now()
        chosen = sorted(each for each in principal.tenants if tenant in {None, each})
        made = await silences.listed(parts.engine, kind, chosen, now=now, over=over)
        known = {each: parts.agreements.active(each) for each in chosen}
        items = [
            item
            for each, agreement in known.items()
            if agreement is not None
            for item in of_agreement(agreement, kind, _made_ids(parts, kind, each, made), now)
        ]
        return {"items": [*items, *(shown(each, known[each.tenant], now) for each in made)]}

    list_them.__doc__ = f"The {name} that hold now or will: of the agreement, and made by people."
    api.get(f"/{path}", response_model=SuppressionList, operation_id=f"list_{path}")(list_them)


def _made_ids(parts: Suppressions, kind: SuppressionKind, tenant: str, made: list[Made]) -> set[str]:
    """Ids that people's own begin with a word no agreement uses for its: what is over may still be in force."""
    found = {each.id for each in made if each.tenant == tenant}
    agreement = parts.agreements.active(tenant)
    holders = agreement.suppression.holders if agreement is not None else ()
    return found | {holder.id for holder in holders if holder.kind is kind and holder.id.startswith(MADE_PREFIX)}
