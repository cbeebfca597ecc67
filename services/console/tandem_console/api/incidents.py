"""Reading incidents: list, one, timeline, explanation, clocks, pages, and what became of a command."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, NoReturn
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from tandem.clock import Clock
from tandem.errors import Reason, Refused
from tandem.web.text import Text
from tandem_console import clocks, timeline
from tandem_console.access import Principal, Scope
from tandem_console.api import paging
from tandem_console.api.allowed import Gate
from tandem_console.api.shapes import incidents as shapes
from tandem_console.api.shapes.commands import CommandStatus
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.explain import Step, explain
from tandem_console.filters import Filter, canonical, parse
from tandem_console.store.incidents import Dossier, IncidentStore, Row

Values = Annotated[list[Annotated[Text, Query(max_length=200)]], Query(max_length=20)]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the routes of this file need."""

    gate: Gate
    incidents: IncidentStore
    clock: Clock
    key: bytes
    """Signs cursors."""


def not_found() -> NoReturn:
    """The same answer for what does not exist and for what is not the caller's."""
    raise Refused(Reason.NOT_FOUND, "there is no such incident among your tenants")


def etag(incident: Row) -> str:
    """Strong: the version says everything the incident's answer depends on."""
    return f'"{incident["version"]}"'


def router(parts: Reading) -> APIRouter:
    """Routes under /api/v1 that change nothing."""
    api = APIRouter(prefix="/api/v1", tags=["incidents"], responses=PROBLEMS)
    _lists(api, parts)
    _one(api, parts)
    _dossier(api, parts)
    _commands(api, parts)
    return api


def _lists(api: APIRouter, parts: Reading) -> None:
    reader = parts.gate.allowed(Scope.READ)

    @api.get("/incidents", response_model=shapes.IncidentList)
    async def list_incidents(  # noqa: PLR0917 - its query string
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(reader)],
        tenant: Values = [],  # noqa: B006 - FastAPI copies it
        owner: Values = [],  # noqa: B006
        party: Values = [],  # noqa: B006
        priority: Values = [],  # noqa: B006
        state: Values = [],  # noqa: B006
        function: Values = [],  # noqa: B006
        q: Annotated[Text, Query(max_length=500)] = "",
        cursor: paging.At = None,
        limit: paging.Limit = paging.DEFAULT,
    ) -> dict[str, Any]:
        """Incidents of the caller's tenants, newest first. Values may be repeated or joined by commas."""
        asked: dict[str, Any] = {
            "tenant": tenant,
            "owner": owner,
            "party": party,
            "priority": priority,
            "state": state,
            "function": function,
            "q": q,
        }
        after, asked = paging.start(cursor, parts.key, asked)
        rows = await parts.incidents.part(principal.tenants, wanted(asked), limit=limit + 1, after=after)
        if len(rows) > limit:
            last = rows[limit - 1]
            paging.link_next(request, response, parts.key, (last["opened_at"], last["id"]), asked, limit)
        return {"items": rows[:limit]}


def wanted(asked: dict[str, Any]) -> Filter:
    """The filter of a query string; ``q`` speaks the words of the queue page."""
    found = parse(str(asked.get("q", "")))
    for name, given in asked.items():
        if name != "q":
            found = found.also(
                name, [canonical(name, value) for each in given for value in str(each).split(",") if value]
            )
    return found


def _one(api: APIRouter, parts: Reading) -> None:
    reader = parts.gate.allowed(Scope.READ)

    @api.get("/incidents/{incident_id}", response_model=shapes.Incident, responses={304: {}})
    async def get_incident(
        response: Response,
        principal: Annotated[Principal, Depends(reader)],
        incident_id: UUID,
        if_none_match: Annotated[Text | None, Header(max_length=200)] = None,
    ) -> Any:  # noqa: ANN401 - a row or an empty 304
        """One incident; its version is the ETag."""
        incident = await parts.incidents.one(principal.tenants, incident_id)
        if incident is None:
            not_found()
        if if_none_match is not None and etag(incident) in if_none_match:
            return Response(status_code=304, headers={"etag": etag(incident)})
        response.headers["etag"] = etag(incident)
        return incident


def _dossier(api: APIRouter, parts: Reading) -> None:
    """What belongs to one incident, each part by itself."""
    reader = parts.gate.allowed(Scope.READ)

    async def dossier_of(
        principal: Annotated[Principal, Depends(reader)],
        incident_id: UUID,
    ) -> Dossier:
        found = await parts.incidents.dossier(principal.tenants, incident_id)
        if found is None:
            not_found()
        return found

    @api.get("/incidents/{incident_id}/timeline", response_model=shapes.Timeline)
    async def get_timeline(found: Annotated[Dossier, Depends(dossier_of)]) -> dict[str, Any]:
        """What happened, in order: facts, clocks, pages."""
        entries = timeline.merge(found.facts, found.clocks, found.pages)
        return {"items": [asdict(entry) for entry in entries]}

    @api.get("/incidents/{incident_id}/explain", response_model=shapes.Explained)
    async def get_explanation(found: Annotated[Dossier, Depends(dossier_of)]) -> dict[str, Any]:
        """Why it is where it is: the decision about the alert that opened it."""
        return _explained(found)

    @api.get("/incidents/{incident_id}/clocks", response_model=shapes.ClockList)
    async def get_clocks(found: Annotated[Dossier, Depends(dossier_of)]) -> dict[str, Any]:
        """Both parties' clocks, every cycle."""
        now = parts.clock.now()
        return {"items": [clocks.as_answer(row, now) for row in found.clocks]}

    @api.get("/incidents/{incident_id}/pages", response_model=shapes.PageList)
    async def get_pages(found: Annotated[Dossier, Depends(dossier_of)]) -> dict[str, Any]:
        """Who was paged, when, on which channel, with what result."""
        return {"items": [{**row, "passed": row["pass"]} for row in found.pages]}


def _explained(found: Dossier) -> dict[str, Any]:
    said = explain(found.incident, found.decision)
    return {
        "sentence": said.sentence,
        "steps": [_step(step) for step in said.steps],
        "agreement_version": said.agreement_version,
        "because": found.incident["because"] or [],
        "trace": found.decision["trace"] if found.decision else None,
    }


def _step(step: Step) -> dict[str, Any]:
    rejected = [asdict(each) for each in step.rejected]
    return {"name": step.name, "text": step.text, "values": dict(step.values), "rejected": rejected}


def _commands(api: APIRouter, parts: Reading) -> None:
    reader = parts.gate.allowed(Scope.READ)

    @api.get("/commands/{command_id}", response_model=CommandStatus)
    async def get_command(principal: Annotated[Principal, Depends(reader)], command_id: UUID) -> dict[str, Any]:
        """What became of a command that was answered with 202."""
        found = await parts.incidents.outcome(principal.tenants, command_id)
        status = {"command_id": command_id, "outcome": "pending", "status_url": status_url(command_id)}
        return status if found is None else {**found, **status, "outcome": found["outcome"]}


def status_url(command_id: UUID) -> str:
    """Where to ask what became of a command."""
    return f"/api/v1/commands/{command_id}"
