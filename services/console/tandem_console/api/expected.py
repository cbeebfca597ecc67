"""Expected signals: look at checks and their history. Pausing them is ``pausing.py``'s."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime

from tandem.agreement.expected import Check
from tandem.clock import Clock
from tandem.errors import Reason, Refused
from tandem.web.text import Text
from tandem_console.access import Principal, Scope
from tandem_console.api.allowed import Gate
from tandem_console.api.desk import Appends, Desk
from tandem_console.api.shapes.expected import CheckHistory, ExpectedCheck, ExpectedList
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.pages.names import Agreements
from tandem_console.store.checks import NOTHING, CheckStore, Row
from tandem_console.store.records import RecordStore

PERIOD = timedelta(days=92)
"""What is counted where nobody names a period: a quarter."""
WATCHED_S = 2.0
"""How long a caller waits until the router has paused or resumed."""
ANYHOW = "expected"
"""The way in that the alert of a check names which names none (tandem_router/checks/state.py)."""
_Tenant = Annotated[Text | None, Query(max_length=64)]
_Id = Annotated[Text, Path(max_length=64)]
_From = Annotated[AwareDatetime | None, Query(alias="from", description="Default: 92 days ago.")]
_To = Annotated[AwareDatetime | None, Query(alias="to", description="Default: no end; then what is paid early counts.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expecting:
    """What the routes of this file need."""

    gate: Gate
    clock: Clock
    desk: Desk
    bus: Appends
    checks: CheckStore
    records: RecordStore
    agreements: Agreements
    watched_s: float = WATCHED_S


def router(parts: Expecting) -> APIRouter:
    """Routes under /api/v1/expected."""
    api = APIRouter(prefix="/api/v1/expected", tags=["expected signals"], responses=PROBLEMS)
    _list(api, parts)
    _one(api, parts)
    _history(api, parts)
    return api


def _list(api: APIRouter, parts: Expecting) -> None:
    @api.get("", response_model=ExpectedList, operation_id="list_expected")
    async def list_expected(
        principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.READ))],
        tenant: _Tenant = None,
        start: _From = None,
        end: _To = None,
    ) -> dict[str, Any]:
        """Checks of your clients: where each stands, and how many of its periods were verified, failed or missing."""
        chosen = sorted(each for each in principal.tenants if tenant in {None, each})
        since = start or parts.clock.now() - PERIOD
        rows = await parts.checks.checks(chosen, start=since, end=end)
        return {"items": [shown_check(parts, row) for row in rows]}


def _one(api: APIRouter, parts: Expecting) -> None:
    @api.get("/{tenant}/{check_id}", response_model=ExpectedCheck, operation_id="show_expected")
    async def show_expected(
        principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.READ))],
        tenant: _Id,
        check_id: _Id,
    ) -> dict[str, Any]:
        """One check."""
        return shown_check(parts, await found_check(parts, principal, tenant, check_id))


def _history(api: APIRouter, parts: Expecting) -> None:
    @api.get("/{tenant}/{check_id}/history", response_model=CheckHistory, operation_id="expected_history")
    async def expected_history(
        principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.READ))],
        tenant: _Id,
        check_id: _Id,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> dict[str, Any]:
        """What was said of it and what was not, newest first."""
        await found_check(parts, principal, tenant, check_id)
        return {"items": await parts.checks.history(principal.tenants, tenant, check_id, limit=limit)}


async def found_check(parts: Expecting, principal: Principal, tenant: str, check_id: str) -> Row:
    """The check, if it is one of the caller's."""
    now = parts.clock.now()
    chosen = [tenant] if tenant in principal.tenants else []
    rows = await parts.checks.checks(chosen, start=now - PERIOD, check_id=check_id) if chosen else []
    if not rows:
        raise Refused(Reason.NOT_FOUND, "there is no such check among yours")
    return rows[0]


def shown_check(parts: Expecting, row: Row) -> dict[str, Any]:
    """A row as people read it; the rhythm is the active agreement's."""
    state, check = row["state"], _declared(parts, row)
    runs = state.get("runs") or {}
    by = state.get("paused_by") or {}
    paused = {
        "party": by.get("party"),
        "person": by.get("person"),
        "reason": state.get("pause_reason"),
        "until": state.get("paused_until"),
    }
    spec = check.spec if check is not None else None
    pinged = spec is None or (spec.source is None and spec.what.value != "volume")
    alerts_as = state.get("integration") or ANYHOW
    way = (spec.integration if spec is not None else None) or (alerts_as if alerts_as != ANYHOW else "INTEGRATION")
    return {
        "tenant": row["tenant"],
        "id": row["check_id"],
        "what": row["sort"],
        "name": row["name"],
        "asset": row["asset"],
        "phase": row["phase"],
        "since": state["since"],
        "expected": state.get("period", ""),
        "grace_s": check.grace.total_seconds() if check is not None else None,
        "due_at": row["due_at"],
        "trouble": row["trouble"],
        "trouble_since": state.get("trouble_since"),
        "running_since": min(runs.values(), default=None),
        "last_signal_at": state.get("last_signal_at"),
        "last_success_at": state.get("last_success_at"),
        "last_failure_at": state.get("last_failure_at"),
        "last_duration_s": state.get("duration_s"),
        "paused": paused if row["phase"] == "paused" else None,
        "integration": alerts_as,
        "ping_path": f"/v1/heartbeats/{way}/{row['check_id']}" if pinged else None,
        "counts": row.get("counts", NOTHING),
    }


def _declared(parts: Expecting, row: Row) -> Check | None:
    agreement = parts.agreements.active(row["tenant"])
    return agreement.expected.checks.get(row["check_id"]) if agreement is not None else None
