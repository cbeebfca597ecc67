"""The queue: what is not resolved, in three lanes, live."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse

from tandem.clock import Clock
from tandem.web.text import Text
from tandem_console import board, clocks
from tandem_console.access import Principal, Scope
from tandem_console.api.allowed import Gate
from tandem_console.filters import parse
from tandem_console.pages.fragments import Fragments
from tandem_console.pages.names import Names
from tandem_console.pages.render import Templates
from tandem_console.store.incidents import IncidentStore
from tandem_console.stream.tail import Tail
from tandem_console.welcome import WelcomeStep

_Query = Annotated[Text, Query(max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What the routes of this file need."""

    gate: Gate
    incidents: IncidentStore
    templates: Templates
    clock: Clock
    names: Names
    fragments: Fragments
    tail: Tail
    welcome: Callable[[], tuple[WelcomeStep, ...]]

    async def lanes(self, principal: Principal, q: str, *, stamp: object = None) -> str:
        """The lanes as HTML, shared among those who see the same."""
        return await self.fragments.get((principal.view, q), lambda: self._render(principal, q), stamp=stamp)

    async def _render(self, principal: Principal, q: str) -> str:
        found = await self.incidents.lanes(principal.tenants, parse(q))
        ids = [row["id"] for each in found for row in each.rows]
        ticking = clocks.by_incident(await self.incidents.clocks(principal.tenants, ids))
        now = self.clock.now()
        lanes = [
            board.lane(
                each.owner, each.rows, ticking, count=each.count, oldest=each.oldest, now=now, principal=principal
            )
            for each in found
        ]
        sample = next((step.command for step in reversed(self.welcome()) if step.command), None)
        return self.templates.text(
            "_lanes.html",
            lanes=lanes,
            now=now,
            principal=principal,
            filtered=bool(parse(q)),
            names=self.names,
            sample=sample,
        )


def router(parts: Queue) -> APIRouter:
    """``/`` and its live part."""
    pages = APIRouter(include_in_schema=False)
    reader = parts.gate.allowed(Scope.READ)

    @pages.get("/")
    async def queue(principal: Annotated[Principal, Depends(reader)], q: _Query = "") -> Response:
        """The whole page."""
        return parts.templates.page(
            "queue.html",
            principal,
            now=parts.clock.now(),
            lanes=await parts.lanes(principal, q),
            q=q,
            chips=chips(principal),
            has_welcome=bool(parts.welcome()),
        )

    @pages.get("/queue")
    async def fragment(principal: Annotated[Principal, Depends(reader)], q: _Query = "") -> Response:
        """What changes."""
        lanes = await parts.lanes(principal, q, stamp=parts.tail.position)
        return HTMLResponse(lanes, headers={"cache-control": "no-store"})

    return pages


def chips(principal: Principal) -> list[tuple[str, str]]:
    """(label, query) of the filters most people want."""
    return [
        ("All", ""),
        ("Ours", f"party:{principal.party.value}"),
        ("Unacknowledged", "state:open"),
        ("P1 and P2", "priority:P1,P2"),
        ("Security", "track:soc"),
    ]
