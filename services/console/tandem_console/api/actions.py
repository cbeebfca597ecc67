"""Changing incidents: raise one, and every action a person may take. Each becomes a command on the bus."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from tandem.errors import Reason, Refused
from tandem.model.events import CommandDetail, CommandKind
from tandem.web.text import Text
from tandem_console.access import Principal, scope_of
from tandem_console.api.allowed import Gate
from tandem_console.api.desk import Answer, Desk, Wish
from tandem_console.api.incidents import etag, not_found, status_url
from tandem_console.api.remember import Remember, key_of
from tandem_console.api.shapes.commands import Action, CommandStatus, Raise
from tandem_console.api.shapes.incidents import Incident
from tandem_console.api.shapes.problems import PROBLEMS, Problem
from tandem_console.store.incidents import IncidentStore

ACTIONS = tuple(kind for kind in CommandKind if kind is not CommandKind.RAISE)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": Incident, "description": "Done; the incident's new state."},
    202: {"model": CommandStatus, "description": "Accepted; the router has not answered yet."},
    409: {"model": Problem, "description": "Refused; says who was first."},
    412: {"model": Problem, "description": "The incident is not at the version of If-Match."},
}
_Key = Annotated[Text | None, Header(alias="Idempotency-Key", max_length=300)]
_IfMatch = Annotated[Text | None, Header(alias="If-Match", max_length=100)]


@dataclass(frozen=True, slots=True)
class Acting:
    """What the routes of this file need."""

    gate: Gate
    incidents: IncidentStore
    desk: Desk
    remember: Remember


def router(parts: Acting) -> APIRouter:
    """POST routes under /api/v1/incidents."""
    api = APIRouter(prefix="/api/v1", tags=["actions"], responses={**PROBLEMS, **_ANSWERS})
    _raise(api, parts)
    for kind in ACTIONS:
        _action(api, parts, kind)
    return api


def _raise(api: APIRouter, parts: Acting) -> None:
    door = parts.gate.allowed(scope_of(CommandKind.RAISE))

    @api.post("/incidents", response_model=None, operation_id="raise_incident")
    async def raise_incident(
        request: Request,
        principal: Annotated[Principal, Depends(door)],
        body: Raise,
        _key: _Key = None,
    ) -> Response:
        """Raise an incident by hand, also to the other party."""

        async def produce() -> Response:
            return as_response(
                await parts.desk.give(principal, raised(parts.desk, principal, body, _seed(request, principal)))
            )

        return await parts.remember.once(request, principal, produce)


def raised(desk: Desk, principal: Principal, body: Raise, seed: tuple[str, ...], via: str = "api") -> Wish:
    """The wish behind a form or a body that raises an incident.

    Raises:
        Refused: NOT_FOUND for a tenant that is not the caller's, INVALID when there is nothing to go by.
    """
    if body.function is None and body.asset is None:
        raise Refused(Reason.INVALID, "name a function or an asset", errors=("/function: or /asset is needed",))
    return Wish(
        kind=CommandKind.RAISE,
        tenant=tenant_of(principal, body.tenant),
        incident_id=desk.fresh_id(*("raise", *seed) if seed else ()),
        command_id=desk.fresh_id(*("command", *seed) if seed else ()),
        via=via,
        detail=CommandDetail(
            title=body.title,
            function=body.function,
            asset=body.asset,
            impact=body.impact,
            onset=body.onset,
            to_party=body.to,
            text=body.text,
        ),
    )


def tenant_of(principal: Principal, named: str | None) -> str:
    """The tenant meant; the only one when none is named."""
    if named is None and len(principal.tenants) == 1:
        return next(iter(principal.tenants))
    if named is None:
        raise Refused(Reason.INVALID, "you see several tenants: say which", errors=("/tenant: is needed",))
    if named not in principal.tenants:
        raise Refused(Reason.NOT_FOUND, "there is no such tenant among yours")
    return named


def _action(api: APIRouter, parts: Acting, kind: CommandKind) -> None:
    door = parts.gate.allowed(scope_of(kind))

    async def act(
        request: Request,
        principal: Annotated[Principal, Depends(door)],
        incident_id: UUID,
        body: Action | None = None,
        if_match: _IfMatch = None,
        _key: _Key = None,
    ) -> Response:
        async def produce() -> Response:
            incident = await parts.incidents.one(principal.tenants, incident_id)
            if incident is None:
                not_found()
            seed = _seed(request, principal)
            wish = Wish(
                kind=kind,
                tenant=incident["tenant"],
                incident_id=incident_id,
                command_id=parts.desk.fresh_id(*("command", *seed) if seed else ()),
                detail=detail_of(kind, body or Action(), expected(if_match)),
            )
            return as_response(await parts.desk.give(principal, wish))

        return await parts.remember.once(request, principal, produce)

    act.__doc__ = f"{kind.value.capitalize()}: asks the router, which refuses what the incident's state does not allow."
    api.post(f"/incidents/{{incident_id}}/{kind.value}", response_model=None, operation_id=f"{kind.value}_incident")(
        act
    )


def detail_of(kind: CommandKind, body: Action, version: int | None) -> CommandDetail:
    """What the command carries.

    Raises:
        Refused: INVALID, when the kind needs what is not there.
    """
    if kind is CommandKind.NOTE and not (body.text or "").strip():
        raise Refused(Reason.INVALID, "a note needs a text", errors=("/text: is needed",))
    if kind is CommandKind.PRIORITY and body.priority is None:
        raise Refused(Reason.INVALID, "which priority?", errors=("/priority: is needed",))
    if kind in {CommandKind.MERGE, CommandKind.LINK} and body.other_incident is None:
        raise Refused(Reason.INVALID, "which other incident?", errors=("/other_incident: is needed",))
    return CommandDetail(
        text=body.text,
        reason=body.reason,
        to_party=body.to,
        priority=body.priority,
        until=body.until,
        other_incident=body.other_incident,
        expected_version=version,
        track=body.track,
    )


def expected(if_match: str | None) -> int | None:
    """The version of an If-Match; None for ``*`` and for none."""
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix('"').removesuffix('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise HTTPException(412, "If-Match names no version of this incident; its ETag does")
    return int(digits)


def as_response(answer: Answer) -> JSONResponse:
    """200 with the new state, or 202 with where to look."""
    if answer.incident is None:
        where = status_url(answer.command_id)
        status = CommandStatus(command_id=answer.command_id, outcome="pending", status_url=where)
        return JSONResponse(status.model_dump(mode="json"), 202, {"location": where})
    shown = Incident.model_validate(answer.incident).model_dump(mode="json")
    return JSONResponse(shown, 200, {"etag": etag(answer.incident)})


def _seed(request: Request, principal: Principal) -> tuple[str, ...]:
    """What a keyed request's ids are made of, so that a request that runs twice gives the same command."""
    key = key_of(request)
    return () if key is None else (principal.identity, request.url.path, key)
