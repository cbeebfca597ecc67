"""Ways in over the API: list, one with all that is needed to connect its tool, rotate, test, try a mapping."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from tandem.model.integration import Integration
from tandem.policy.secrets import Made
from tandem.web.text import Text
from tandem_console import ways
from tandem_console.access import Principal, Scope
from tandem_console.api.allowed import Gate
from tandem_console.api.connecting import Connecting, Previewed, TrialFailed
from tandem_console.api.shapes import integrations as shapes
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.pages.names import Agreements
from tandem_console.rows_to_add import customer, proposal
from tandem_console.travel import Stage, is_over
from tandem_console.way_shown import PLACEHOLDER, Shown, filled, shown
from tandem_console.ways import Around, Body

LONGEST_BODY = 20_000
"""Characters of a body that are shown."""
_Tenant = Annotated[Text | None, Query(max_length=64)]
_Name = Annotated[Text, Path(max_length=64)]


@dataclass(frozen=True, slots=True)
class Integrations:
    """What the routes of this file need."""

    gate: Gate
    connecting: Connecting
    agreements: Agreements


def router(parts: Integrations) -> APIRouter:
    """Routes under /api/v1/integrations."""
    api = APIRouter(prefix="/api/v1", tags=["integrations"], responses=PROBLEMS)
    _looking(api, parts)
    _rotating(api, parts)
    _testing(api, parts)
    _trying(api, parts)
    return api


def _looking(api: APIRouter, parts: Integrations) -> None:
    overseer, connecting = parts.gate.allowed(Scope.OVERSEE), parts.connecting

    @api.get("/integrations", response_model=shapes.IntegrationList)
    async def list_integrations(
        principal: Annotated[Principal, Depends(overseer)], tenant: _Tenant = None
    ) -> dict[str, Any]:
        """Ways in with what came by them, without their secrets."""
        return {"items": await connecting.all(principal, tenant)}

    @api.get("/integrations/{name}", response_model=shapes.IntegrationPage)
    async def get_integration(principal: Annotated[Principal, Depends(overseer)], name: _Name) -> dict[str, Any]:
        """One way in: how to connect its tool, what it brought, what nobody has mapped."""
        return await described(parts, principal, name)


def _rotating(api: APIRouter, parts: Integrations) -> None:
    overseer, connecting = parts.gate.allowed(Scope.OVERSEE), parts.connecting

    @api.post("/integrations/{name}/rotate", response_model=shapes.Rotated)
    async def rotate_secret(
        response: Response,
        principal: Annotated[Principal, Depends(overseer)],
        name: _Name,
        body: shapes.Rotation | None = None,
    ) -> dict[str, Any]:
        """A new secret, in this answer only: an Idempotency-Key is not kept for it, each call makes another one."""
        wanted = body or shapes.Rotation()
        overlap = timedelta(hours=wanted.overlap_hours)
        made = await connecting.rotate(principal, name, overlap=overlap, secret=wanted.secret)
        response.headers["cache-control"] = "no-store"
        return {
            "name": name,
            "secret_id": str(made.secret_id)[:8],
            **told(connecting, made),
            "old_valid_until": connecting.clock.now() + overlap,
        }


def _testing(api: APIRouter, parts: Integrations) -> None:
    overseer, connecting = parts.gate.allowed(Scope.OVERSEE), parts.connecting

    @api.post("/integrations/{name}/test", response_model=shapes.TestTravel)
    async def send_test(
        principal: Annotated[Principal, Depends(overseer)], name: _Name, body: shapes.NewTest | None = None
    ) -> dict[str, Any]:
        """Send a marked test alert through the door; nobody is paged. Ask ``status_url`` how far it has come."""
        try:
            alert_id = await connecting.test(principal, name, body.customer if body else None)
        except TrialFailed as fault:
            failed = Stage("accepted", ok=False, said=str(fault))
            return {"alert_id": None, "status_url": None, "over": True, "stages": [asdict(failed)]}
        return _travel(name, alert_id, await connecting.travelled(principal, name, alert_id))

    @api.get("/integrations/{name}/test/{alert_id}", response_model=shapes.TestTravel)
    async def get_test(
        principal: Annotated[Principal, Depends(overseer)], name: _Name, alert_id: UUID
    ) -> dict[str, Any]:
        """How far a test alert has come."""
        await connecting.one(principal, name)
        return _travel(name, alert_id, await connecting.travelled(principal, name, alert_id))


def _trying(api: APIRouter, parts: Integrations) -> None:
    overseer, connecting = parts.gate.allowed(Scope.OVERSEE), parts.connecting

    @api.post("/integrations/{name}/preview", response_model=shapes.Preview)
    async def preview_mapping(
        principal: Annotated[Principal, Depends(overseer)], name: _Name, body: shapes.NewPreview | None = None
    ) -> dict[str, Any]:
        """What the last body that came in would become by a mapping document; nothing is stored or sent."""
        found = await connecting.one(principal, name)
        kept = await connecting.last_body(principal, name)
        mapping = body.mapping if body is not None else None
        return previewed(kept, await tried(connecting, found, mapping, kept))

    @api.post("/integrations/{name}/mapping", response_model=shapes.Used)
    async def use_mapping(
        principal: Annotated[Principal, Depends(overseer)], name: _Name, body: shapes.NewPreview
    ) -> dict[str, Any]:
        """Read its bodies by a mapping document from now on; null: as its vendor's bodies are read."""
        await connecting.use_mapping(principal, name, body.mapping)
        return {"name": name, "mapping": body.mapping}


async def described(parts: Integrations, principal: Principal, name: str) -> dict[str, Any]:
    """All that one page shows of a way in."""
    connecting = parts.connecting
    found = await connecting.one(principal, name)
    around = await connecting.around(principal, name)
    way = await connecting.configured(name)
    address = connecting.address(name)
    look = shown(way, address) if way is not None else Shown(address, (), "")
    guide = connecting.dialects.guide(found["vendor"])
    return {
        **found,
        **addresses(connecting, way, look),
        "tool": guide.name or found["vendor"],
        "steps": guide.steps,
        "mapping": await connecting.mapping(name) or guide.mapping,
        **_gathered(around, parts.agreements, connecting.clock.now()),
    }


def _gathered(around: Around, agreements: Agreements, now: datetime) -> dict[str, Any]:
    return {
        "hours": [{**asdict(hour), "total": hour.total} for hour in ways.by_hour(around.hours, now)],
        "gaps": [gap(row, agreements) for row in around.gaps],
        "unknown_customers": [
            {**row, "customer": row["said"], "proposal": customer(row["said"])} for row in around.customers
        ],
        "unreadable": around.unreadable,
    }


def gap(row: dict[str, Any], agreements: Agreements) -> dict[str, Any]:
    """A gap with what to add to the agreement."""
    active = agreements.active(row["tenant"])
    found = proposal(row, active.functions if active is not None else ())
    return {**row, "section": found.section, "proposal": found.text, "why": found.why}


async def tried(connecting: Connecting, found: dict[str, Any], mapping: str | None, kept: Body | None) -> Previewed:
    """What ``kept`` would become; without one the mapping is at least checked."""
    used = mapping if mapping is not None else await connecting.mapping(found["name"])
    return await connecting.preview(found["vendor"], used, kept)


def previewed(kept: Body | None, result: Previewed) -> dict[str, Any]:
    """A preview as it is answered."""
    return {
        "received_at": kept.received_at if kept else None,
        "content_type": kept.content_type if kept else None,
        "body": kept.raw.decode("utf-8", "replace")[:LONGEST_BODY] if kept else "",
        "alerts": [dict(alert) for alert in result.alerts],
        "quarantined": result.quarantined,
        "problems": list(result.problems),
    }


def _travel(name: str, alert_id: UUID, said: tuple[Stage, ...]) -> dict[str, Any]:
    return {
        "alert_id": alert_id,
        "status_url": f"/api/v1/integrations/{name}/test/{alert_id}",
        "over": is_over(said),
        "stages": [asdict(stage) for stage in said],
    }


def told(connecting: Connecting, made: Made) -> dict[str, Any]:
    """A new secret with everything the tool's own page asks for."""
    way = made.integration
    look = shown(way, connecting.address(way.name), made.secret)
    return {"secret": made.secret, **addresses(connecting, way, look, made.secret)}


def addresses(
    connecting: Connecting, way: Integration | None, look: Shown, secret: str = PLACEHOLDER
) -> dict[str, Any]:
    """Where a tool posts and what it is given; the API that it speaks first, where that is not ours."""
    copied = {"address": look.address, "headers": list(look.headers), "curl": look.curl}
    if way is None:
        return {**copied, "doors": []}
    guide = connecting.dialects.guide(way.vendor)
    doors = [asdict(each) for each in filled(way, guide.doors, connecting.base, secret)]
    if not doors or not guide.doors_first:
        return {**copied, "doors": doors}
    ours = {"title": "Tandem's own address", **copied, "note": "For a tool whose address cannot be changed otherwise."}
    first = {name: doors[0][name] for name in copied}
    return {**first, "doors": [*doors[1:], ours]}
