"""``/quarantine``: what could not be read or belongs to nobody known, and the forms to replay, discard and assign it.

Bodies are shown as text in which everything shows. Everything works by forms and links.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from tandem.clock import Clock
from tandem.errors import Reason, Refused
from tandem.web.text import Text
from tandem_console.access import Principal, Scope
from tandem_console.api import paging
from tandem_console.api.allowed import Gate
from tandem_console.api.putting_aside import Outcomes, PutAside
from tandem_console.api.shapes.quarantine import State
from tandem_console.cursor import Cursor, write
from tandem_console.pages.names import Names
from tandem_console.pages.render import Templates
from tandem_console.rows_to_add import customer as line_of_customer
from tandem_console.store.records import Row
from tandem_console.unread import in_words

PER_PAGE = 25
STATES = {
    "open": "Open", "replayed": "Replayed", "discarded": "Discarded", "record": "Records of the bus", "all": "All",
}  # fmt: skip
_MOST_SAID = 10
"""Outcomes told one by one."""
_Tenant = Annotated[Text, Query(max_length=64)]
_Integration = Annotated[Text, Query(max_length=64)]
_State = Annotated[Text, Query(max_length=20)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What a form has just done, to be shown once."""

    good: str = ""
    fault: str = ""
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What the routes of this file need."""

    gate: Gate
    aside: PutAside
    templates: Templates
    clock: Clock
    names: Names
    key: bytes
    """Signs cursors."""

    async def page(
        self, principal: Principal, wanted: dict[str, str], *, cursor: str | None = None, done: _Done | None = None
    ) -> Response:
        """The list by ``wanted`` (tenant, integration, state), from a cursor on."""
        done = done or _Done()
        after, asked = paging.start(cursor, self.key, wanted)
        rows = await self.aside.listed(
            principal,
            limit=PER_PAGE + 1,
            state=_state(asked.get("state")),
            tenant=asked.get("tenant") or None,
            integration=asked.get("integration") or None,
            before=None if after is None else (after.at, after.id),
            visibly=True,
        )
        counts = await self.aside.counts(principal)
        return self.templates.page(
            "quarantine.html",
            principal,
            status=409 if done.fault else 200,
            now=self.clock.now(),
            names=self.names,
            rows=[{**row, "words": in_words(row["reason"])} for row in rows[:PER_PAGE]],
            older=self._older(rows, asked),
            counts=counts,
            total=sum(row["posts"] for row in counts),
            customers=await self._customers(principal, asked),
            asked={**asked, "state": _state(asked.get("state"))},
            states=STATES,
            begun=cursor is not None,
            done=done,
        )

    async def alone(self, principal: Principal, alert_id: UUID) -> Response:
        """One of them, with up to 64,000 bytes of its body."""
        row = await self.aside.one(principal, alert_id, visibly=True)
        return self.templates.page(
            "quarantined.html",
            principal,
            now=self.clock.now(),
            names=self.names,
            row={**row, "words": in_words(row["reason"])},
        )

    async def _customers(self, principal: Principal, asked: dict[str, Any]) -> list[Row]:
        if _state(asked.get("state")) != "open":
            return []
        rows = await self.aside.customers(principal, asked.get("integration") or None)
        return [
            {**row, "line": line_of_customer(row["said"]) if row["said"] else ""}
            for row in rows
            if asked.get("tenant") in {None, "", row["tenant"]}
        ]

    def _older(self, rows: list[Row], asked: dict[str, Any]) -> str:
        if len(rows) <= PER_PAGE:
            return ""
        last = rows[PER_PAGE - 1]
        return "?" + urlencode({"cursor": write(Cursor(last["at"], last["id"], asked), self.key)})


def router(pages: Pages) -> APIRouter:
    """The list, the number in the navigation, one body, and the forms."""
    routes = APIRouter(include_in_schema=False)
    _looking(routes, pages)
    _deciding(routes, pages)
    return routes


def _looking(routes: APIRouter, pages: Pages) -> None:
    overseer = pages.gate.allowed(Scope.OVERSEE)

    @routes.get("/quarantine")
    async def show(
        principal: Annotated[Principal, Depends(overseer)],
        tenant: _Tenant = "",
        integration: _Integration = "",
        state: _State = "open",
        cursor: paging.At = None,
    ) -> Response:
        """The list."""
        wanted = {"tenant": tenant, "integration": integration, "state": _state(state)}
        return await pages.page(principal, wanted, cursor=cursor)

    @routes.get("/quarantine/count")
    async def count(principal: Annotated[Principal, Depends(overseer)]) -> Response:
        """How many are open, for the navigation; nothing when none are."""
        found = await pages.aside.count(principal)
        return HTMLResponse(str(found) if found else "", headers={"cache-control": "no-store"})

    @routes.get("/quarantine/{alert_id}")
    async def show_one(principal: Annotated[Principal, Depends(overseer)], alert_id: UUID) -> Response:
        """One of them."""
        return await pages.alone(principal, alert_id)


def _deciding(routes: APIRouter, pages: Pages) -> None:
    lead = pages.gate.allowed(Scope.STEER)

    @routes.post("/quarantine/replay")
    async def replay(request: Request, principal: Annotated[Principal, Depends(lead)]) -> Response:
        """Those that are marked, the one whose button it was, or all open ones of an integration."""
        form = await request.form()
        every = str(form.get("every", ""))[:64]
        if every:
            found = await pages.aside.replay_all(principal, every)
        else:
            found = await pages.aside.replay_these(principal, _marked(form))
        return await pages.page(principal, _wanted(form), done=_replayed(found))

    @routes.post("/quarantine/discard")
    async def discard(request: Request, principal: Annotated[Principal, Depends(lead)]) -> Response:
        """Those that are marked; a reason is asked for."""
        form = await request.form()
        reason, ids = " ".join(str(form.get("reason", "")).split())[:500], _marked(form)
        if not reason or not reason.isprintable():
            done = _Done(fault="Say why they need not be read: both parties see the reason.")
        else:
            done = _discarded(await pages.aside.discard_these(principal, ids, reason))
        return await pages.page(principal, _wanted(form), done=done)

    @routes.post("/quarantine/assign")
    async def assign(request: Request, principal: Annotated[Principal, Depends(lead)]) -> Response:
        """What waits of a customer goes to a client."""
        form = await request.form()
        name, customer, tenant = (str(form.get(each, ""))[:200] for each in ("name", "customer", "to"))
        try:
            given = await pages.aside.give(principal, name, customer, tenant)
            done = _Done(good=f"{_several(given, 'alert')} on the way to {pages.names.tenant(tenant)}.")
        except Refused as refused:
            if refused.reason not in {Reason.NOT_FOUND, Reason.CONFLICT}:
                raise
            done = _Done(fault=_sentence(refused.detail))
        return await pages.page(principal, _wanted(form), done=done)


def _marked(form: FormData) -> list[UUID]:
    """Ids of a form; what is none is nobody's."""
    only = form.get("only")
    said = [only] if only else form.getlist("id")
    found = []
    for each in said[: paging.MOST]:
        try:
            found.append(UUID(str(each)))
        except ValueError:
            continue
    return found[:100]


def _wanted(form: FormData) -> dict[str, str]:
    wanted = {name: str(form.get(name, ""))[:64].replace("\x00", "") for name in ("tenant", "integration")}
    return {**wanted, "state": _state(form.get("state"))}


def _state(said: object) -> str:
    return str(said) if said in get_args(State) else "open"


def _replayed(found: Outcomes) -> _Done:
    alerts = sum(len(row["alerts"]) + row["others"] for row in found.done)
    waiting = sum(row["waiting"] for row in found.done)
    lines = [f"{each['status']}: {each['title']}" for row in found.done for each in row["alerts"]]
    if waiting:
        lines.append(f"{_several(waiting, 'alert')} of customers nobody knows: see below")
    good = f"{_several(len(found.done), 'body', 'bodies')} read: {_several(alerts, 'alert')} on the way."
    more = " There are more: replay again." if found.more else ""
    return _Done(good=good + more if found.done else "", fault=_left(found, "be read"), lines=lines[:_MOST_SAID])


def _discarded(found: Outcomes) -> _Done:
    good = f"{_several(len(found.done), 'body', 'bodies')} discarded." if found.done else ""
    return _Done(good=good, fault=_left(found, "be discarded"))


def _left(found: Outcomes, what: str) -> str:
    if not found.left:
        return "" if found.done else "Nothing was marked."
    reasons = sorted({row["reason"] for row in found.left})[:3]
    return f"{_several(len(found.left), 'body', 'bodies')} could not {what}: {'; '.join(reasons)}."


def _several(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:] + "."
