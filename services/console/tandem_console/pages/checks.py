"""``/checks``: every signal the agreements wait for, backups first; a page each with its history, address and pause.

No secret is on them: where one belongs, a word stands in its place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import FormData

from tandem.errors import Reason, Refused
from tandem.model.integration import Integration
from tandem.policy import ways_in
from tandem.web.text import Text
from tandem_console import signals
from tandem_console.access import Principal, Scope, may
from tandem_console.api.expected import Expecting, found_check, shown_check
from tandem_console.api.pausing import paused, resumed
from tandem_console.api.shapes.expected import Pause
from tandem_console.pages.names import Names
from tandem_console.pages.render import Templates
from tandem_console.signals import Period, Whose
from tandem_console.way_shown import PLACEHOLDER

PER_PAGE = 100
MOST_PAGES = 1_000
HISTORY = 50
LENGTHS = {
    "1h": ("1 hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
    "1d": ("1 day", timedelta(days=1)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
}
"""How long a check may be paused by a choice; another end is said, or none."""
_NOTHING: Mapping[str, str] = MappingProxyType({"reason": "", "lasting": "1d", "until": ""})
"""The form's fields as they begin."""
_LONGEST = 1_000
Owners = Callable[[str, str, datetime], Whose | None]
"""(tenant, check, instant) -> whose its alert would be; the router's decision, wired by whoever starts the console."""
_Filter = Annotated[Text, Query(max_length=64)]
_Id = Annotated[Text, Path(max_length=64)]


def nobody_knows(_tenant: str, _check: str, _now: datetime) -> Whose | None:
    """For a console that runs without the router's code beside it."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader wants to see."""

    tenant: str = ""
    state: str = ""
    what: str = ""
    q: str = ""
    period: str = ""
    page: int = 1

    def query(self, **changes: object) -> str:
        """The same as a query string, with changes."""
        said = {name: getattr(self, name) for name in ("tenant", "state", "what", "q", "period", "page")} | changes
        return urlencode({name: value for name, value in said.items() if value and (name, value) != ("page", 1)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What the routes of this file need."""

    parts: Expecting
    templates: Templates
    names: Names
    owners: Owners
    base: str
    """Where signals are taken, ``https://host``; empty: paths only."""

    async def live(self, principal: Principal, asked: Asked) -> str:
        """The tables."""
        now = self.parts.clock.now()
        period = self._period(asked, now)
        chosen = sorted(each for each in principal.tenants if asked.tenant in {"", each})
        rows = await self.parts.checks.checks(chosen, start=period.start, end=period.end)
        every = signals.ordered(shown_check(self.parts, row) for row in rows)
        some = signals.matching(every, state=asked.state, what=asked.what, q=asked.q)
        begin = (asked.page - 1) * PER_PAGE
        part = some[begin : begin + PER_PAGE]
        links = await self.parts.checks.incidents(chosen, _conditions(part))
        assets = signals.by_asset(some)
        return self.templates.text(
            "_checks.html",
            principal=principal,
            names=self.names,
            now=now,
            asked=asked,
            period=period,
            states=signals.STATES,
            tones=signals.TONES,
            kinds=signals.KINDS,
            rows=[self._row(row, links, now) for row in part],
            assets=assets[:PER_PAGE],
            more_assets=max(0, len(assets) - PER_PAGE),
            totals=signals.totals(assets),
            found=len(some),
            every=len(every),
            trouble=sum(signals.TONES.get(row["state"]) == "over" for row in every),
            newer=asked.query(page=asked.page - 1) if asked.page > 1 else "",
            older=asked.query(page=asked.page + 1) if len(some) > begin + PER_PAGE else "",
        )

    async def page(self, principal: Principal, asked: Asked) -> Response:
        """The whole page."""
        now = self.parts.clock.now()
        return self.templates.page(
            "checks.html",
            principal,
            now=now,
            names=self.names,
            asked=asked,
            states=signals.STATES,
            periods=signals.periods(now),
            live=await self.live(principal, asked),
        )

    async def one(
        self, principal: Principal, tenant: str, check_id: str, *, fault: str = "", said: Mapping[str, str] = _NOTHING
    ) -> Response:
        """One check, perhaps with what is wrong with a form that was sent, and what stood in it."""
        checks, now = self.parts.checks, self.parts.clock.now()
        row = shown_check(self.parts, await found_check(self.parts, principal, tenant, check_id))
        (known,) = signals.ordered([row])
        links = await checks.incidents([tenant], _conditions([known]))
        return self.templates.page(
            "check.html",
            principal,
            status=409 if fault else 200,
            now=now,
            names=self.names,
            check=self._row(known, links, now),
            states=signals.STATES,
            tones=signals.TONES,
            kinds=signals.KINDS,
            ways=await self._ways(principal, known),
            may_pause=may(principal, Scope.STEER),
            lengths=LENGTHS,
            fault=fault,
            said=said,
            history=await checks.history(principal.tenants, tenant, check_id, limit=HISTORY),
        )

    async def _ways(self, principal: Principal, row: dict[str, Any]) -> list[dict[str, Any]]:
        """Where its signal goes, by each way in that may take it."""
        if row["ping_path"] is None:
            return []
        named = row["ping_path"].split("/")[3]
        known = await self.parts.checks.ways(principal.tenants, row["tenant"], named)
        return [_address(Integration(**way), self.base, row["id"]) for way in known]

    def _row(self, row: dict[str, Any], links: dict[tuple[str, str], Any], now: datetime) -> dict[str, Any]:
        return {
            **row,
            "whose": self.owners(row["tenant"], row["id"], now),
            "incident_id": links.get((row["tenant"], row["id"])) if row["trouble"] else None,
        }

    def _period(self, asked: Asked, now: datetime) -> Period:
        every = signals.periods(now)
        return next((each for each in every if each.key == asked.period), every[0])


def router(pages: Pages) -> APIRouter:
    """The list, one page each, and its forms."""
    routes = APIRouter(include_in_schema=False)
    _looking(routes, pages)
    _acting(routes, pages)
    return routes


def _looking(routes: APIRouter, pages: Pages) -> None:
    reader = pages.parts.gate.allowed(Scope.READ)

    @routes.get("/checks")
    async def show_all(
        request: Request,
        principal: Annotated[Principal, Depends(reader)],
        tenant: _Filter = "",
        state: _Filter = "",
        what: _Filter = "",
        q: Annotated[Text, Query(max_length=100)] = "",
        period: _Filter = "",
        page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
    ) -> Response:
        """The list; the live part alone for our script."""
        asked = Asked(tenant=tenant, state=state, what=what, q=q, period=period, page=page)
        if request.headers.get("hx-request") == "true":
            return HTMLResponse(await pages.live(principal, asked), headers={"cache-control": "no-store"})
        return await pages.page(principal, asked)

    @routes.get("/checks/{tenant}/{check_id}")
    async def show(principal: Annotated[Principal, Depends(reader)], tenant: _Id, check_id: _Id) -> Response:
        """One check."""
        return await pages.one(principal, tenant, check_id)


def _acting(routes: APIRouter, pages: Pages) -> None:
    lead = pages.parts.gate.allowed(Scope.STEER)

    @routes.post("/checks/{tenant}/{check_id}/pause")
    async def pause(
        request: Request, principal: Annotated[Principal, Depends(lead)], tenant: _Id, check_id: _Id
    ) -> Response:
        """Expect nothing of it for a while."""
        given = _given(await request.form())
        try:
            await paused(pages.parts, principal, (tenant, check_id), _asked_pause(given, pages.parts.clock.now()))
        except Refused as refused:
            return await _refused(pages, principal, (tenant, check_id), refused, given)
        return _back(tenant, check_id)

    @routes.post("/checks/{tenant}/{check_id}/resume")
    async def resume(principal: Annotated[Principal, Depends(lead)], tenant: _Id, check_id: _Id) -> Response:
        """Expect it again."""
        try:
            await resumed(pages.parts, principal, (tenant, check_id))
        except Refused as refused:
            return await _refused(pages, principal, (tenant, check_id), refused, _NOTHING)
        return _back(tenant, check_id)


async def _refused(
    pages: Pages, principal: Principal, key: tuple[str, str], refused: Refused, given: Mapping[str, str]
) -> Response:
    """The page with what was wrong; a check of somebody else stays unknown."""
    if refused.reason not in {Reason.INVALID, Reason.CONFLICT}:
        raise refused
    said = refused.detail[:1].upper() + refused.detail[1:] + "."
    return await pages.one(principal, *key, fault=said, said=given)


def _back(tenant: str, check_id: str) -> Response:
    return RedirectResponse(f"/checks/{quote(tenant, safe='')}/{quote(check_id, safe='')}", 303)


def _given(form: FormData) -> dict[str, str]:
    return {name: str(form.get(name, "")).replace("\x00", "").strip()[:_LONGEST] for name in _NOTHING}


def _asked_pause(given: Mapping[str, str], now: datetime) -> Pause:
    """What the form asks for.

    Raises:
        Refused: INVALID; no reason, or an end that is no time.
    """
    until = _until(given["until"]) if given["until"] else None
    if until is None and (length := LENGTHS.get(given["lasting"])) is not None:
        until = now + length[1]
    try:
        return Pause(reason=" ".join(given["reason"].split()), until=until)
    except ValidationError as wrong:
        said = "say in up to 500 letters why nothing is expected: both parties see it"
        raise Refused(Reason.INVALID, said) from wrong


def _until(said: str) -> datetime:
    """A form's date and time, in UTC as the form says."""
    try:
        return datetime.fromisoformat(said).replace(tzinfo=UTC)
    except ValueError as fault:
        raise Refused(Reason.INVALID, "the end should be a date and a time of day, such as 2026-11-21 06:00") from fault


def _conditions(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(tenant, check, way in) of what is in trouble."""
    return [(row["tenant"], row["id"], row["integration"]) for row in rows if row["trouble"]]


def _address(way: Integration, base: str, check_id: str) -> dict[str, Any]:
    """What a job calls; a word for the secret."""
    place = ways_in.address(way, f"{base.rstrip('/')}/v1/heartbeats/{way.name}/{check_id}", PLACEHOLDER)
    lines = ways_in.header_lines(way, PLACEHOLDER)
    curl = f"curl -fsS -m 10 --retry 5 -o /dev/null '{place}'" + "".join(f" -H '{line}'" for line in lines[:1])
    return {"name": way.name, "address": place, "headers": lines, "curl": curl}
