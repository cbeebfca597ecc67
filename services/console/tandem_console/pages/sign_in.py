"""Signing in and out. Throttled per name and per address; a wrong name takes as long as a wrong password."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from tandem.clock import Clock
from tandem.web.text import Text
from tandem_console.access import Principal, Scope
from tandem_console.accounts import LONGEST_NAME, LONGEST_PASSWORD, SESSION_LENGTH, open_session, password_fits
from tandem_console.api.allowed import Gate
from tandem_console.pages.render import Templates
from tandem_console.store.accounts import AccountStore, Known
from tandem_console.store.records import Deed, RecordStore

PER_NAME = RateLimitItemPerMinute(10)
PER_ADDRESS = RateLimitItemPerMinute(60)
AT_ONCE = 2
"""Passwords checked side by side: each takes a core for a while and 64 MiB."""


@dataclass(frozen=True, slots=True)
class SigningIn:
    """What the routes of this file need."""

    gate: Gate
    accounts: AccountStore
    records: RecordStore
    templates: Templates
    clock: Clock


def router(parts: SigningIn) -> APIRouter:
    """``/sign-in`` and ``/sign-out``."""
    pages = APIRouter(include_in_schema=False)
    public = parts.gate.allowed(Scope.PUBLIC)
    door = Door(parts)

    @pages.get("/sign-in")
    async def show(
        request: Request,
        principal: Annotated[Principal | None, Depends(public)],
        next: Annotated[Text, Query(max_length=2000)] = "/",  # noqa: A002 - the word in the URL
    ) -> Response:
        """The form, or where one wanted to go when one is known already."""
        if principal is not None:
            return RedirectResponse(local(next), 303)
        return door.form(request, where=local(next))

    @pages.post("/sign-in", dependencies=[Depends(public)])
    async def sign_in(request: Request) -> Response:
        """A fresh session, or the form again."""
        return await door.enter(request)

    @pages.post("/sign-out")
    async def sign_out(
        request: Request, principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.READ))]
    ) -> Response:
        """The session ends on the server too."""
        if principal.session is not None:
            await parts.accounts.end_session(principal.session, parts.clock.now())
            await parts.records.write_audit(_deed(parts, request, principal.name, "sign_out", "done"))
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(parts.gate.session_cookie, path="/", secure=parts.gate.secure, httponly=True)
        return response

    return pages


class Door:
    """Checks who comes in."""

    def __init__(self, parts: SigningIn) -> None:
        """Counts of tries are this process's own."""
        self._parts = parts
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._checks = asyncio.Semaphore(AT_ONCE)

    def form(self, request: Request, *, where: str, name: str = "", fault: str = "", status: int = 200) -> Response:
        """The sign-in page, tied to this browser by a cookie."""
        gate = self._parts.gate
        visit = request.cookies.get(gate.visit_cookie) or secrets.token_hex(16)
        csrf = gate.visit_form(visit)
        response = self._parts.templates.page(
            "sign_in.html",
            None,
            status=status,
            now=self._parts.clock.now(),
            csrf=csrf,
            where=where,
            known=name,
            fault=fault,
        )
        response.set_cookie(gate.visit_cookie, visit, path="/", secure=gate.secure, httponly=True, samesite="lax")
        return response

    async def enter(self, request: Request) -> Response:
        """Let somebody in, or say no without saying which of the two was wrong."""
        form = await request.form()
        name, password, where = (str(form.get(field, "")) for field in ("name", "password", "next"))
        where, name = local(where), _storable(name)[:LONGEST_NAME]
        if not await self._may_try(request, name):
            fault = "Too many tries. Wait a minute and try again."
            return self.form(request, where=where, name=name, fault=fault, status=429)
        known = await self._checked(name, password)
        if known is None:
            await self._parts.records.write_audit(_deed(self._parts, request, name, "sign_in", "refused"))
            return self.form(request, where=where, name=name, fault="Name or password is wrong.", status=403)
        await self._limiter.clear(PER_NAME, "name", name.casefold())
        await self._parts.records.write_audit(_deed(self._parts, request, name, "sign_in", "done", known.party.value))
        return await self._welcome(known, where)

    async def _may_try(self, request: Request, name: str) -> bool:
        address = request.client.host if request.client else "?"
        by_address = await self._limiter.hit(PER_ADDRESS, "address", address)
        return by_address and await self._limiter.hit(PER_NAME, "name", name.casefold())

    async def _checked(self, name: str, password: str) -> Known | None:
        known = await self._parts.accounts.user_of(name)
        async with self._checks:
            fits = await asyncio.to_thread(
                password_fits, password[: LONGEST_PASSWORD + 1], known.proof if known else None
            )
        return known if fits else None

    async def _welcome(self, known: Known, where: str) -> Response:
        gate, now = self._parts.gate, self._parts.clock.now()
        session = await open_session(self._parts.accounts, UUID(known.identity.removeprefix("user:")), now)
        response = RedirectResponse(where, 303)
        response.set_cookie(
            gate.session_cookie,
            session.cookie,
            max_age=int(SESSION_LENGTH.total_seconds()),
            path="/",
            secure=gate.secure,
            httponly=True,
            samesite="lax",
        )
        response.delete_cookie(gate.visit_cookie, path="/", secure=gate.secure, httponly=True)
        return response


def local(where: str) -> str:
    """A path of this console; whatever leads elsewhere becomes the queue."""
    parts = urlsplit(where) if where.isprintable() else urlsplit("/")
    inside = where.startswith("/") and not where.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return where if inside and "\\" not in where and where.isprintable() and where.isascii() else "/"


def _storable(text: str) -> str:
    """A name as the audit can hold it."""
    return "".join(char for char in text if char.isprintable()).encode("utf-8", "ignore").decode()


def _deed(parts: SigningIn, request: Request, who: str, action: str, outcome: str, party: str | None = None) -> Deed:
    address = request.client.host if request.client else None
    return Deed(
        at=parts.clock.now(), who=who, action=action, object="console", outcome=outcome, party=party, address=address
    )
