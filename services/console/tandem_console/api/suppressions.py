"""Silences and maintenance windows: look, make, end, consent. Services see a change within two seconds."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.agreement.made import Made
from tandem.clock import Clock
from tandem.errors import Unavailable
from tandem.model.ownership import Party
from tandem.model.suppression import SuppressionKind
from tandem.policy import silences
from tandem.web.text import STRICT, Line, Slug, Text
from tandem_console.access import Principal, Scope, may
from tandem_console.api.actions import tenant_of
from tandem_console.api.allowed import Gate
from tandem_console.api.desk import Desk
from tandem_console.api.remember import Remember, key_of
from tandem_console.api.shapes.problems import PROBLEMS, Problem
from tandem_console.pages.names import Agreements
from tandem_console.silencing import asked, of_agreement, shown
from tandem_console.store.records import Deed, RecordStore

_Values = Annotated[list[Annotated[Line, Field(max_length=200)]], Field(min_length=1, max_length=200)]
_Wall = Annotated[Line, Field(max_length=40)]
_Tenant = Annotated[Text | None, Query(max_length=64)]
_Id = Annotated[Text, Path(max_length=64)]
_Key = Annotated[Text | None, Header(alias="Idempotency-Key", max_length=300)]


class _Held(BaseModel):
    """What it holds: all that is named must hold, any of a field's values is enough; or everything."""

    model_config = STRICT

    tenant: Slug | None = None
    """Needed when the caller sees several."""
    site: _Values | None = None
    asset: _Values | None = None
    asset_tag: _Values | None = None
    function: _Values | None = None
    category: _Values | None = None
    kind: _Values | None = None
    vendor: _Values | None = None
    integration: _Values | None = None
    everything: bool = False
    reason: Annotated[Line, Field(min_length=1, max_length=500)]
    allow_suppress_p1: bool = False
    """Hold P1 and security alerts too; counts once a person of each party has consented."""


class NewSilence(_Held):
    """A silence; it ends by itself, after 30 days at most."""

    start: Annotated[AwareDatetime | None, Field(alias="from")] = None
    """Default: now."""
    end: Annotated[AwareDatetime, Field(alias="to")]


class Hours(BaseModel):
    """Hours of some days of every week, on the wall clock."""

    model_config = STRICT

    days: Annotated[list[_Wall], Field(min_length=1, max_length=7)]
    start: Annotated[_Wall, Field(alias="from")]
    end: Annotated[_Wall, Field(alias="to")]


class Stretch(BaseModel):
    """Wall times of the zone, or instants with an offset."""

    model_config = STRICT

    start: Annotated[_Wall, Field(alias="from")]
    end: Annotated[_Wall, Field(alias="to")]


class NewMaintenance(_Held):
    """A maintenance window: weekly hours, a recurrence rule with start and length, or one stretch."""

    name: Annotated[Line, Field(min_length=1, max_length=200)]
    party: Party | None = None
    zone: _Wall | None = None
    weekly: Annotated[list[Hours], Field(max_length=50)] = Field(default_factory=list)
    rrule: Annotated[Line, Field(max_length=300)] | None = None
    start: _Wall | None = None
    length: _Wall | None = None
    once: Stretch | None = None
    effective_from: _Wall | None = None
    effective_until: _Wall | None = None


class Who(BaseModel):
    """A person and their party."""

    party: str | None
    person: str | None


class Agreed(BaseModel):
    """One party's consent that P1 and security alerts are held too."""

    person: str
    at: AwareDatetime


class Suppression(BaseModel):
    """A silence or maintenance window, and what is so at the instant of the answer."""

    id: str
    tenant: str
    kind: str
    source: str
    """agreement: it stands in the document; made: a person made it here."""
    name: str
    scope: str
    reason: str
    owner: str
    party: str | None
    zone: str
    active: bool
    start: AwareDatetime | None
    """Of the occurrence that holds now, else of the next one."""
    end: AwareDatetime | None
    holds_p1: bool
    """P1 and security alerts are held too: both parties agreed."""
    spec: dict[str, Any] | None = None
    made_by: Who | None = None
    made_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    ended_by: Who | None = None
    consent: dict[str, Agreed] = Field(default_factory=dict)
    needs_consent_of: list[str] = Field(default_factory=list)


class SuppressionList(BaseModel):
    """Those of the agreement first, then those that people made, newest first."""

    items: list[Suppression]


class Held(BaseModel):
    """A condition that something holds, or held."""

    id: UUID
    tenant: str
    condition: str
    title: str
    kind: str
    by: str
    reason: str
    since: AwareDatetime
    until: AwareDatetime | None
    last_seen_at: AwareDatetime
    count: int
    worst: str
    priority: str
    """It would have."""
    function: str
    parent_incident: UUID | None
    outcome: str | None
    """None while it waits."""
    outcome_at: AwareDatetime | None
    incident_id: UUID | None
    note: str | None


class HeldList(BaseModel):
    """Newest first, at most ``limit``."""

    items: list[Held]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressing:
    """What the routes of this file need."""

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


def router(parts: Suppressing) -> APIRouter:
    """Routes under /api/v1/silences and /api/v1/maintenance."""
    api = APIRouter(prefix="/api/v1", tags=["suppression"], responses=PROBLEMS)
    _held(api, parts)
    _list(api, parts, SuppressionKind.SILENCE, "silences", "silences")
    _list(api, parts, SuppressionKind.WINDOW, "maintenance", "maintenance windows")
    _add_silence(api, parts)
    _add_maintenance(api, parts)
    # A silence is a responder's tool; windows change what both parties planned.
    _change(api, parts, SuppressionKind.SILENCE, "silences", "silence", Scope.ACT)
    _change(api, parts, SuppressionKind.WINDOW, "maintenance", "maintenance window", Scope.STEER)
    return api


def _held(api: APIRouter, parts: Suppressing) -> None:
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


def _list(api: APIRouter, parts: Suppressing, kind: SuppressionKind, path: str, name: str) -> None:
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


def _made_ids(parts: Suppressing, kind: SuppressionKind, tenant: str, made: list[Made]) -> set[str]:
    """Ids that people's own begin with a word no agreement uses for its: what is over may still be in force."""
    found = {each.id for each in made if each.tenant == tenant}
    agreement = parts.agreements.active(tenant)
    holders = agreement.suppression.holders if agreement is not None else ()
    return found | {holder.id for holder in holders if holder.kind is kind and holder.id.startswith(PREFIX)}


PREFIX = "made-"
"""Of the ids given here."""


def _add_silence(api: APIRouter, parts: Suppressing) -> None:
    door = parts.gate.allowed(Scope.ACT)

    @api.post("/silences", response_model=None, status_code=201, operation_id="add_silence", responses=_MADE)
    async def add_silence(
        request: Request, principal: Annotated[Principal, Depends(door)], body: NewSilence, _key: _Key = None
    ) -> Response:
        """Mute something for a while. What it holds is not lost: it is looked at again when the silence ends."""
        given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
        given.setdefault("from", parts.clock.now().isoformat())
        return await _add(parts, request, principal, SuppressionKind.SILENCE, given)


def _add_maintenance(api: APIRouter, parts: Suppressing) -> None:
    door = parts.gate.allowed(Scope.STEER)

    @api.post("/maintenance", response_model=None, status_code=201, operation_id="add_maintenance", responses=_MADE)
    async def add_maintenance(
        request: Request, principal: Annotated[Principal, Depends(door)], body: NewMaintenance, _key: _Key = None
    ) -> Response:
        """Set a maintenance window: alerts are held while it is open, and looked at again at its end."""
        given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
        return await _add(parts, request, principal, SuppressionKind.WINDOW, given)


async def _add(
    parts: Suppressing, request: Request, principal: Principal, kind: SuppressionKind, given: dict[str, Any]
) -> Response:
    tenant = tenant_of(principal, given.pop("tenant", None))

    async def produce() -> Response:
        key, now = key_of(request), parts.clock.now()
        seed = () if key is None else (principal.identity, request.url.path, key)
        id = f"{PREFIX}{parts.desk.fresh_id(*seed).hex[-12:]}"
        agreement = parts.agreements.active(tenant)
        wanted = asked(principal, kind, tenant, id, given, agreement, now)
        made = await silences.add(parts.engine, wanted, consents=may(principal, Scope.STEER))
        await _noted(parts, principal, made, "add")
        return _answer(parts, made, 201)

    return await parts.remember.once(request, principal, produce)


def _change(api: APIRouter, parts: Suppressing, kind: SuppressionKind, path: str, name: str, scope: Scope) -> None:
    async def end_it(
        principal: Annotated[Principal, Depends(parts.gate.allowed(scope))], suppression_id: _Id
    ) -> Response:
        made = await silences.end(
            parts.engine, kind, principal.tenants, suppression_id, by=principal.actor, now=parts.clock.now()
        )
        await _noted(parts, principal, made, "end")
        return _answer(parts, made, 200)

    async def consent_to_it(
        principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.STEER))], suppression_id: _Id
    ) -> Response:
        made = await silences.consent(
            parts.engine, kind, principal.tenants, suppression_id, by=principal.actor, now=parts.clock.now()
        )
        await _noted(parts, principal, made, "consent")
        return _answer(parts, made, 200)

    end_it.__doc__ = f"End a {name} now; what it holds is looked at again at once."
    consent_to_it.__doc__ = f"Agree, for your party, that a {name} holds P1 and security alerts too."
    word = name.replace(" ", "_")
    api.delete(f"/{path}/{{suppression_id}}", response_model=None, operation_id=f"end_{word}", responses=_CHANGED)(
        end_it
    )
    api.post(
        f"/{path}/{{suppression_id}}/consent",
        response_model=None,
        operation_id=f"consent_to_{word}",
        responses=_CHANGED,
    )(consent_to_it)


async def _noted(parts: Suppressing, principal: Principal, made: Made, what: str) -> None:
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


def _answer(parts: Suppressing, made: Made, status: int) -> JSONResponse:
    found = shown(made, parts.agreements.active(made.tenant), parts.clock.now())
    return JSONResponse(Suppression.model_validate(found).model_dump(mode="json"), status)


_MADE: dict[int | str, dict[str, Any]] = {201: {"model": Suppression, "description": "It stands."}}
_CHANGED: dict[int | str, dict[str, Any]] = {
    200: {"model": Suppression, "description": "As it is now."},
    409: {"model": Problem, "description": "It has ended already, or asks for no consent."},
}
