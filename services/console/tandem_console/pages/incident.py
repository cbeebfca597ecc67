"""One incident: both parties' clocks, what happened, why it is here, who was paged, and the buttons to act."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tandem.clock import Clock
from tandem.errors import Reason, Refused
from tandem.model.events import CommandKind
from tandem.model.ownership import Track
from tandem_console import board, faces, timeline
from tandem_console.access import Principal, Scope
from tandem_console.api.actions import detail_of
from tandem_console.api.allowed import Gate
from tandem_console.api.desk import Answer, Desk, Wish
from tandem_console.api.incidents import not_found
from tandem_console.api.shapes.commands import Action
from tandem_console.explain import explain
from tandem_console.pages.fragments import Fragments
from tandem_console.pages.names import Names
from tandem_console.pages.render import Templates, notice
from tandem_console.store.incidents import Dossier, IncidentStore, Row

BY_FORM = {
    kind.value: kind
    for kind in (
        CommandKind.ACKNOWLEDGE,
        CommandKind.START,
        CommandKind.JOIN,
        CommandKind.RESOLVE,
        CommandKind.REOPEN,
        CommandKind.NOTE,
    )
}
"""Actions that have a button."""
DONE = {
    "acknowledge": "Acknowledged",
    "start": "Work started",
    "join": "Joined the call",
    "resolve": "Resolved",
    "reopen": "Opened again",
    "note": "Note added",
}
LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """What the routes of this file need."""

    gate: Gate
    incidents: IncidentStore
    desk: Desk
    templates: Templates
    clock: Clock
    names: Names
    fragments: Fragments

    async def content(self, principal: Principal, incident_id: UUID) -> dict[str, Any]:
        """Values of the page and of its live part."""
        found = await self.incidents.dossier(principal.tenants, incident_id)
        if found is None:
            not_found()
        now = self.clock.now()
        return {
            "incident": found.incident,
            "entries": self._history(found),
            "explanation": explain(found.incident, found.decision),
            "sides": board.by_party(found.clocks, found.incident),
            "legs": faces.legs(found.incident),
            "pages": found.pages,
            "alerts": found.alerts,
            "actions": board.actions(found.incident, found.clocks, principal),
            "names": self.names,
            "now": now,
            "principal": principal,
        }

    def _history(self, found: Dossier) -> list[timeline.Entry]:
        """The timeline, newest first, with people's names instead of their ids."""
        tenant = found.incident["tenant"]

        def named(rows: list[Row]) -> list[Row]:
            return [{**row, "person": self.names.person(tenant, row["person"])} for row in rows]

        return timeline.merge(named(found.facts), found.clocks, named(found.pages))[::-1]

    async def page(self, principal: Principal, incident_id: UUID, *, status: int = 200, fault: str = "") -> Response:
        """The whole page, perhaps with what went wrong."""
        content = await self.content(principal, incident_id)
        live = self.templates.text("_incident.html", **content)
        head = {"incident": content["incident"], "live": live, "actions": content["actions"]}
        return self.templates.page("incident.html", principal, status=status, now=content["now"], fault=fault, **head)


def router(parts: Incidents) -> APIRouter:
    """``/incidents/{id}`` and its forms."""
    pages = APIRouter(include_in_schema=False)
    reader = parts.gate.allowed(Scope.READ)

    @pages.get("/incidents/{incident_id}")
    async def show(principal: Annotated[Principal, Depends(reader)], incident_id: UUID) -> Response:
        """The whole page."""
        return await parts.page(principal, incident_id)

    @pages.get("/incidents/{incident_id}/live")
    async def live(principal: Annotated[Principal, Depends(reader)], incident_id: UUID) -> Response:
        """What changes."""
        content = await parts.content(principal, incident_id)
        return HTMLResponse(parts.templates.text("_incident.html", **content), headers={"cache-control": "no-store"})

    @pages.post("/incidents/{incident_id}/{action}")
    async def act(
        request: Request,
        principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.ACT))],
        incident_id: UUID,
        action: Annotated[str, Path(max_length=20)],
    ) -> Response:
        """One of the buttons."""
        by_htmx = request.headers.get("hx-request") == "true"
        try:
            answer = await _given(parts, request, principal, incident_id, action)
        except Refused as refused:
            if refused.reason not in {Reason.CONFLICT, Reason.INVALID}:
                raise
            return await _refused(parts, principal, incident_id, refused.detail, by_htmx=by_htmx)
        parts.fragments.forget()
        said = f"{DONE[action]}." if answer.incident is not None else "Accepted; it shows here in a moment."
        return HTMLResponse(notice(said, good=True)) if by_htmx else RedirectResponse(f"/incidents/{incident_id}", 303)

    return pages


async def _given(parts: Incidents, request: Request, principal: Principal, incident_id: UUID, action: str) -> Answer:
    kind = BY_FORM.get(action)
    incident: Row | None = await parts.incidents.one(principal.tenants, incident_id)
    if kind is None or incident is None:
        not_found()
    form = await request.form()
    text = str(form.get("text", "")).strip()
    body = Action(text=_kept(text) or None, track=_track(request.query_params.get("track")))
    wish = Wish(
        kind=kind,
        tenant=incident["tenant"],
        incident_id=incident_id,
        command_id=parts.desk.fresh_id(),
        detail=detail_of(kind, body, None),
        via="console",
    )
    return await parts.desk.give(principal, wish)


def _track(word: str | None) -> Track | None:
    """The page leg that a button names; none for any other word."""
    return Track(word) if word in set(Track) else None


def _kept(text: str) -> str:
    """What a database can hold of a form's text."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()[:LONGEST_TEXT]


async def _refused(parts: Incidents, principal: Principal, incident_id: UUID, said: str, *, by_htmx: bool) -> Response:
    sentence = said[:1].upper() + said[1:] + "."
    if by_htmx:
        parts.fragments.forget()
        return HTMLResponse(notice(sentence, good=False), 409)
    return await parts.page(principal, incident_id, status=409, fault=sentence)
