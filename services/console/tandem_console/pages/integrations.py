"""``/integrations``: every way in, and one page each to connect a tool, see what it brings and mend what is unmapped.

Everything works by forms and links; the live part is fetched anew after a hint of the stream and while a test travels.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from tandem.clock import Clock
from tandem.errors import Reason, Refused
from tandem.web.text import Text
from tandem_console.access import Principal, Scope
from tandem_console.api.connecting import LONGEST_MAPPING, Previewed, TrialFailed
from tandem_console.api.integrations import Integrations, described, previewed, told, tried
from tandem_console.api.putting_aside import PutAside
from tandem_console.pages.markdown import rendered
from tandem_console.pages.names import Names
from tandem_console.pages.render import Templates
from tandem_console.travel import Stage, is_over
from tandem_console.way_shown import how

OVERLAPS = ((24, "24 hours"), (168, "7 days"), (1, "1 hour"), (0, "not at all: the old one has leaked"))
"""Hours that the secrets before stay valid, the usual first."""
_Name = Annotated[Text, Path(max_length=64)]
_Test = Annotated[UUID | None, Query()]
_USED = "The mapping is in use within two seconds."
_FRAGMENT = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a form has just done, to be shown once."""

    fault: str = ""
    good: str = ""
    made: dict[str, Any] | None = None
    """The new secret with where it goes."""
    mapping: str = ""
    preview: str = ""
    """HTML of the preview."""


@dataclass(frozen=True, slots=True)
class Pages:
    """What the routes of this file need."""

    parts: Integrations
    templates: Templates
    clock: Clock
    names: Names
    aside: PutAside

    async def overview(self, principal: Principal) -> str:
        """The list's live part."""
        ways = await self.parts.connecting.all(principal)
        unread = {row["integration"]: row["posts"] for row in await self.aside.counts(principal)}
        return self.text("_integrations.html", principal, ways=ways, unread=unread)

    async def live(self, principal: Principal, content: dict[str, Any], test: UUID | None) -> str:
        """One way in's live part, with the way of a test when one is named."""
        stages = await self._stages(principal, content["name"], test)
        unread = await self.aside.count(principal, content["name"])
        return self.text(
            "_integration.html", principal, way=content, stages=stages, over=is_over(stages), unread=unread
        )

    async def page(
        self, principal: Principal, name: str, *, test: UUID | None = None, done: Done | None = None
    ) -> Response:
        """The whole page, perhaps with what was just done."""
        done = done or Done()
        content = await described(self.parts, principal, name)
        configured = await self.parts.connecting.configured(name)
        return self.templates.page(
            "integration.html",
            principal,
            status=409 if done.fault else 200,
            now=self.clock.now(),
            way=content,
            client=self.names.tenant(content["tenant"]),
            how=how(configured) if configured else content["auth"],
            other_api=self.parts.connecting.dialects.guide(content["vendor"]).doors_first,
            steps=rendered(content["steps"]),
            live=await self.live(principal, content, test),
            overlaps=OVERLAPS,
            mapping=done.mapping or content["mapping"] or "",
            preview=done.preview,
            made=done.made,
            fault=done.fault,
            good=done.good,
        )

    async def _stages(self, principal: Principal, name: str, test: UUID | None) -> tuple[Stage, ...]:
        return () if test is None else await self.parts.connecting.travelled(principal, name, test)

    def text(self, template: str, principal: Principal, **values: object) -> str:
        """A part of a page."""
        now = self.clock.now()
        return self.templates.text(template, principal=principal, names=self.names, now=now, **values)


def router(pages: Pages) -> APIRouter:
    """The list, one page each, and the forms on it."""
    routes = APIRouter(include_in_schema=False)
    _looking(routes, pages)
    _acting(routes, pages)
    _mapping_used(routes, pages)
    return routes


def _looking(routes: APIRouter, pages: Pages) -> None:
    overseer = pages.parts.gate.allowed(Scope.OVERSEE)

    @routes.get("/integrations")
    async def show_all(request: Request, principal: Annotated[Principal, Depends(overseer)]) -> Response:
        """Every way in; the live part alone for our script."""
        live = await pages.overview(principal)
        if _by_script(request):
            return HTMLResponse(live, headers=_FRAGMENT)
        return pages.templates.page("integrations.html", principal, now=pages.clock.now(), live=live)

    @routes.get("/integrations/{name}")
    async def show(
        request: Request,
        principal: Annotated[Principal, Depends(overseer)],
        name: _Name,
        test: _Test = None,
        used: Annotated[Text, Query(max_length=1)] = "",
    ) -> Response:
        """One way in; the live part alone for our script."""
        if not _by_script(request):
            return await pages.page(principal, name, test=test, done=Done(good=_USED if used else ""))
        content = await described(pages.parts, principal, name)
        return HTMLResponse(await pages.live(principal, content, test), headers=_FRAGMENT)


def _acting(routes: APIRouter, pages: Pages) -> None:
    overseer, connecting = pages.parts.gate.allowed(Scope.OVERSEE), pages.parts.connecting

    @routes.post("/integrations/{name}/rotate")
    async def rotate(request: Request, principal: Annotated[Principal, Depends(overseer)], name: _Name) -> Response:
        """A new secret, on this answer only: there is no address at which it could be seen again."""
        overlap, own = _rotation(await request.form())
        try:
            made = await connecting.rotate(principal, name, overlap=overlap, secret=own)
        except Refused as refused:
            return await _refused(pages, principal, name, refused)
        return await pages.page(principal, name, done=Done(made=told(connecting, made)))

    @routes.post("/integrations/{name}/test")
    async def test(request: Request, principal: Annotated[Principal, Depends(overseer)], name: _Name) -> Response:
        """Send a test alert, and on to the page that shows how far it has come."""
        customer = str((await request.form()).get("customer", "")).strip()[:200] or None
        try:
            alert_id = await connecting.test(principal, name, customer)
        except TrialFailed as fault:
            return await pages.page(principal, name, done=Done(fault=f"The test did not get in: {fault}."))
        except Refused as refused:
            return await _refused(pages, principal, name, refused)
        return RedirectResponse(f"/integrations/{name}?test={alert_id}", 303)

    @routes.post("/integrations/{name}/preview")
    async def preview(request: Request, principal: Annotated[Principal, Depends(overseer)], name: _Name) -> Response:
        """What the last body would become; alone for htmx, else on the page."""
        mapping = _mapping(await request.form())
        found = await connecting.one(principal, name)
        kept = await connecting.last_body(principal, name)
        result = previewed(kept, await tried(connecting, found, mapping or None, kept))
        fragment = pages.text("_preview.html", principal, preview=result)
        if _by_script(request):
            return HTMLResponse(fragment, headers=_FRAGMENT)
        return await pages.page(principal, name, done=Done(mapping=mapping, preview=fragment))


def _by_script(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def _mapping_used(routes: APIRouter, pages: Pages) -> None:
    overseer, connecting = pages.parts.gate.allowed(Scope.OVERSEE), pages.parts.connecting

    @routes.post("/integrations/{name}/mapping")
    async def use(request: Request, principal: Annotated[Principal, Depends(overseer)], name: _Name) -> Response:
        """Read by the document from now on; an empty one gives the vendor's own reading back."""
        mapping = _mapping(await request.form())
        try:
            await connecting.use_mapping(principal, name, mapping if mapping.strip() else None)
        except Refused as refused:
            if refused.reason is not Reason.INVALID:
                raise
            result = previewed(None, Previewed(problems=refused.errors))
            fragment = pages.text("_preview.html", principal, preview=result)
            done = Done(mapping=mapping, preview=fragment, fault="The mapping was not taken into use.")
            return await pages.page(principal, name, done=done)
        return RedirectResponse(f"/integrations/{name}?used=1", 303)


async def _refused(pages: Pages, principal: Principal, name: str, refused: Refused) -> Response:
    """The page with what was wrong; somebody else's integration stays unknown."""
    if refused.reason not in {Reason.INVALID, Reason.TOO_MANY, Reason.CONFLICT}:
        raise refused
    said = refused.detail[:1].upper() + refused.detail[1:] + "."
    return await pages.page(principal, name, done=Done(fault=said))


def _rotation(form: FormData) -> tuple[timedelta, str | None]:
    given = str(form.get("overlap", ""))
    hours = int(given) if given in {str(hours) for hours, _ in OVERLAPS} else OVERLAPS[0][0]
    return timedelta(hours=hours), str(form.get("secret", "")).strip() or None


def _mapping(form: FormData) -> str:
    text = str(form.get("mapping", "")).replace("\r\n", "\n").replace("\x00", "")
    return text.encode("utf-8", "ignore").decode()[: LONGEST_MAPPING + 1]
