"""Make a silence or maintenance window, end it, consent to it. Services see a change within two seconds."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.responses import JSONResponse

from tandem.agreement.made import Made
from tandem.model.suppression import SuppressionKind
from tandem.policy import silences
from tandem.web.text import Text
from tandem_console.access import Principal, Scope, may
from tandem_console.api.actions import tenant_of
from tandem_console.api.remember import key_of
from tandem_console.api.shapes.problems import PROBLEMS, Problem
from tandem_console.api.shapes.suppressions import NewMaintenance, NewSilence, Suppression
from tandem_console.api.suppressions import Suppressions
from tandem_console.silencing import MADE_PREFIX, asked, shown
from tandem_console.store.records import Deed

_Id = Annotated[Text, Path(max_length=64)]
_Key = Annotated[Text | None, Header(alias="Idempotency-Key", max_length=300)]
_MADE: dict[int | str, dict[str, Any]] = {201: {"model": Suppression, "description": "It stands."}}
_CHANGED: dict[int | str, dict[str, Any]] = {
    200: {"model": Suppression, "description": "As it is now."},
    409: {"model": Problem, "description": "It has ended already, or asks for no consent."},
}


def router(parts: Suppressions) -> APIRouter:
    """Routes under /api/v1/silences and /api/v1/maintenance that change something."""
    api = APIRouter(prefix="/api/v1", tags=["suppression"], responses=PROBLEMS)
    _add_silence(api, parts)
    _add_maintenance(api, parts)
    # A silence is a responder's tool; windows change what both parties planned.
    _end(api, parts, SuppressionKind.SILENCE, "silences", "silence", Scope.ACT)
    _end(api, parts, SuppressionKind.WINDOW, "maintenance", "maintenance window", Scope.STEER)
    _consent(api, parts, SuppressionKind.SILENCE, "silences", "silence")
    _consent(api, parts, SuppressionKind.WINDOW, "maintenance", "maintenance window")
    return api


def _add_silence(api: APIRouter, parts: Suppressions) -> None:
    door = parts.gate.allowed(Scope.ACT)

    @api.post("/silences", response_model=None, status_code=201, operation_id="add_silence", responses=_MADE)
    async def add_silence(
        request: Request, principal: Annotated[Principal, Depends(door)], body: NewSilence, _key: _Key = None
    ) -> Response:
        """Mute something for a while. What it holds is not lost: it is looked at again when the silence ends."""
        given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
        given.setdefault("from", parts.clock.now().isoformat())
        return await _add(parts, request, principal, SuppressionKind.SILENCE, given)


def _add_maintenance(api: APIRouter, parts: Suppressions) -> None:
    door = parts.gate.allowed(Scope.STEER)

    @api.post("/maintenance", response_model=None, status_code=201, operation_id="add_maintenance", responses=_MADE)
    async def add_maintenance(
        request: Request, principal: Annotated[Principal, Depends(door)], body: NewMaintenance, _key: _Key = None
    ) -> Response:
        """Set a maintenance window: alerts are held while it is open, and looked at again at its end."""
        given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
        return await _add(parts, request, principal, SuppressionKind.WINDOW, given)


async def _add(
    parts: Suppressions, request: Request, principal: Principal, kind: SuppressionKind, given: dict[str, Any]
) -> Response:
    tenant = tenant_of(principal, given.pop("tenant", None))

    async def produce() -> Response:
        key, now = key_of(request), parts.clock.now()
        seed = () if key is None else (principal.identity, request.url.path, key)
        id = f"{MADE_PREFIX}{parts.desk.fresh_id(*seed).hex[-12:]}"
        agreement = parts.agreements.active(tenant)
        wanted = asked(principal, kind, tenant, id, given, agreement, now)
        made = await silences.add(parts.engine, wanted, consents=may(principal, Scope.STEER))
        await _noted(parts, principal, made, "add")
        return _answer(parts, made, 201)

    return await parts.remember.once(request, principal, produce)


def _end(api: APIRouter, parts: Suppressions, kind: SuppressionKind, path: str, name: str, scope: Scope) -> None:
    async def end_it(
        principal: Annotated[Principal, Depends(parts.gate.allowed(scope))], suppression_id: _Id
    ) -> Response:
        made = await silences.end(
            parts.engine, kind, principal.tenants, suppression_id, by=principal.actor, now=parts.clock.now()
        )
        await _noted(parts, principal, made, "end")
        return _answer(parts, made, 200)

    end_it.__doc__ = f"End a {name} now; what it holds is looked at again at once."
    route = api.delete(
        f"/{path}/{{suppression_id}}",
        response_model=None,
        operation_id=f"end_{name.replace(' ', '_')}",
        responses=_CHANGED,
    )
    route(end_it)


def _consent(api: APIRouter, parts: Suppressions, kind: SuppressionKind, path: str, name: str) -> None:
    async def consent_to_it(
        principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.STEER))], suppression_id: _Id
    ) -> Response:
        made = await silences.consent(
            parts.engine, kind, principal.tenants, suppression_id, by=principal.actor, now=parts.clock.now()
        )
        await _noted(parts, principal, made, "consent")
        return _answer(parts, made, 200)

    consent_to_it.__doc__ = f"Agree, for your party, that a {name} holds P1 and security alerts too."
    route = api.post(
        f"/{path}/{{suppression_id}}/consent",
        response_model=None,
        operation_id=f"consent_to_{name.replace(' ', '_')}",
        responses=_CHANGED,
    )
    route(consent_to_it)


async def _noted(parts: Suppressions, principal: Principal, made: Made, what: str) -> None:
    """The audit, and the word to this process's book."""
    await parts.records.write_audit(
        Deed(
            at=parts.clock.now(),
            who=principal.name,
            party=principal.party.value,
            tenant=made.tenant,
            action=f"{made.kind.value}.{what}",
            object=made.id,
            outcome="done",
            detail={"person": principal.person, "reason": made.spec.reason, "holds_p1": made.holds_p1},
        )
    )
    await parts.changed()


def _answer(parts: Suppressions, made: Made, status: int) -> JSONResponse:
    found = shown(made, parts.agreements.active(made.tenant), parts.clock.now())
    return JSONResponse(Suppression.model_validate(found).model_dump(mode="json"), status)
