"""Pause and resume a check, by API and by page. What a pause does is the router's; who asked for it is in the audit."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse

from tandem.bus.port import Record
from tandem.bus.topics import SIGNALS, signal_key
from tandem.clock import monotonic, pause
from tandem.errors import Reason, Refused
from tandem.model.signal import Signal, SignalKind
from tandem.web.text import Text
from tandem.wire import codec
from tandem_console.access import Principal, Scope
from tandem_console.api.expected import Expecting, found_check, shown_check
from tandem_console.api.shapes.expected import ExpectedCheck, Pause
from tandem_console.api.shapes.problems import PROBLEMS, Problem
from tandem_console.store.checks import Row
from tandem_console.store.records import Deed

_LOOK_S = 0.05
_Id = Annotated[Text, Path(max_length=64)]
_CHANGED: dict[int | str, dict[str, Any]] = {
    200: {"model": ExpectedCheck, "description": "As it is now."},
    202: {"model": ExpectedCheck, "description": "Durable; the router has not taken it yet."},
    409: {"model": Problem, "description": "It is not paused."},
}


def router(parts: Expecting) -> APIRouter:
    """Routes under /api/v1/expected that change something."""
    api = APIRouter(prefix="/api/v1/expected", tags=["expected signals"], responses=PROBLEMS)
    lead = parts.gate.allowed(Scope.STEER)

    @api.post("/{tenant}/{check_id}/pause", response_model=None, operation_id="pause_expected", responses=_CHANGED)
    async def pause_expected(
        principal: Annotated[Principal, Depends(lead)], tenant: _Id, check_id: _Id, body: Pause
    ) -> JSONResponse:
        """Expect nothing for a while: nothing is raised. An alert that stands goes on standing."""
        return _answer(parts, await paused(parts, principal, (tenant, check_id), body))

    @api.post("/{tenant}/{check_id}/resume", response_model=None, operation_id="resume_expected", responses=_CHANGED)
    async def resume_expected(
        principal: Annotated[Principal, Depends(lead)], tenant: _Id, check_id: _Id
    ) -> JSONResponse:
        """Expect it again: its interval begins anew."""
        return _answer(parts, await resumed(parts, principal, (tenant, check_id)))

    return api


async def paused(parts: Expecting, principal: Principal, key: tuple[str, str], body: Pause) -> tuple[Row, bool]:
    """Pause the check ``key`` (tenant, id); its row, and whether the router has taken it by now.

    Raises:
        Refused: INVALID, an end that is over; NOT_FOUND.
    """
    if body.until is not None and body.until <= parts.clock.now():
        raise Refused(Reason.INVALID, "this end is over already", errors=("/until: lies in the past",))
    await found_check(parts, principal, *key)
    return await _say(parts, principal, key, SignalKind.PAUSE, {"note": body.reason, "until": body.until})


async def resumed(parts: Expecting, principal: Principal, key: tuple[str, str]) -> tuple[Row, bool]:
    """Expect the check ``key`` again; as ``paused``.

    Raises:
        Refused: CONFLICT, it is not paused; NOT_FOUND.
    """
    row = await found_check(parts, principal, *key)
    if row["phase"] != "paused":
        raise Refused(Reason.CONFLICT, "it is not paused")
    return await _say(parts, principal, key, SignalKind.RESUME, {})


async def _say(
    parts: Expecting, principal: Principal, key: tuple[str, str], kind: SignalKind, said: Mapping[str, Any]
) -> tuple[Row, bool]:
    """A person's word about a check, durable, and what has become of it after a moment."""
    now, (tenant, check_id) = parts.clock.now(), key
    signal = Signal(
        signal_id=parts.desk.fresh_id(),
        tenant=tenant,
        check=check_id,
        kind=kind,
        received_at=now,
        by=principal.actor,
        **said,
    )
    await parts.bus.append([Record(SIGNALS.name, signal_key(tenant, check_id), codec.encode(signal))])
    deed = Deed(
        at=now,
        who=principal.name,
        party=principal.party.value,
        tenant=tenant,
        action=f"check.{kind.value}",
        object=check_id,
        outcome="done",
        detail={"person": principal.person, "reason": said.get("note")},
    )
    await parts.records.write_audit(deed)
    return await _watched(parts, principal, key, paused=kind is SignalKind.PAUSE)


async def _watched(parts: Expecting, principal: Principal, key: tuple[str, str], *, paused: bool) -> tuple[Row, bool]:
    until = monotonic() + parts.watched_s
    while True:
        row = await found_check(parts, principal, *key)
        done = (row["phase"] == "paused") is paused
        if done or monotonic() >= until:
            return row, done
        await pause(_LOOK_S)


def _answer(parts: Expecting, found: tuple[Row, bool]) -> JSONResponse:
    """200 once the router has taken it, 202 when that takes longer."""
    row, done = found
    shown = ExpectedCheck.model_validate(shown_check(parts, row)).model_dump(mode="json")
    return JSONResponse(shown, 200 if done else 202)
