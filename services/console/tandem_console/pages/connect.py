"""``/connect``: choose a tool among all that are read, then say whose it is and what it shall be called.

What it makes is shown by the page of the new way in, once with its secret; there is no address to see that again.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from tandem.errors import Reason, Refused
from tandem.model.integration import QUERY_NAMES, AuthKind
from tandem.web.text import Text
from tandem_console.access import Principal, Scope
from tandem_console.api.adding import connect, tool_of
from tandem_console.api.connecting import Tool
from tandem_console.api.integrations import told
from tandem_console.api.shapes.adding import NewWay
from tandem_console.api.sharing import providers
from tandem_console.pages.integrations import Done
from tandem_console.pages.integrations import Pages as IntegrationPages
from tandem_console.rows_to_add import slug
from tandem_console.way_shown import WAYS

KINDS = {
    "rmm": "Remote monitoring (RMM)",
    "siem": "Security (SIEM, EDR)",
    "backup": "Backup",
    "monitoring": "Monitoring, and everything else",
}
ADVANCED = frozenset({"header", "prefix", "parameter", "user", "hmac"})
"""Fields that stand behind "More"."""
SHARED = frozenset({"provider", "tenant_from"})
"""Fields of one tool for several clients, behind a fold of their own."""
_FIELDS = (
    "name",
    "tenant",
    "auth",
    "header",
    "prefix",
    "parameter",
    "user",
    "topics",
    "secret",
    "provider",
    "tenant_from",
)
_LONGEST = 4_000
_Vendor = Annotated[Text, Path(max_length=64)]


@dataclass(frozen=True, slots=True)
class Pages:
    """What the routes of this file need."""

    ways: IntegrationPages

    def tools(self, principal: Principal, q: str) -> Response:
        """Every tool by kind, or those that ``q`` names."""
        found = [each for each in self.ways.parts.connecting.dialects.tools() if _matches(each, q)]
        kinds = [(label, [each for each in found if each.kind == kind]) for kind, label in KINDS.items()]
        now = self.ways.clock.now()
        return self.ways.templates.page("connect.html", principal, now=now, kinds=kinds, q=q)

    async def form(
        self,
        principal: Principal,
        tool: Tool,
        given: dict[str, str] | None = None,
        faults: dict[str, str] | None = None,
    ) -> Response:
        """The form of a tool, perhaps with what was said and what is wrong with it."""
        tenants = sorted(principal.tenants)
        first = tenants[0] if len(tenants) == 1 else ""
        begin = {"tenant": first, "name": slug(f"{first}-{tool.slug}") if first else "", "auth": tool.auth.value}
        return self.ways.templates.page(
            "connect_tool.html",
            principal,
            status=422 if faults else 200,
            now=self.ways.clock.now(),
            names=self.ways.names,
            tool=tool,
            tenants=tenants,
            ways=WAYS,
            parameters=QUERY_NAMES,
            providers=await providers(self.ways.parts.connecting, principal),
            said={**dict.fromkeys(_FIELDS, ""), **begin, **(given or {})},
            faults=faults or {},
            more=bool(ADVANCED & set(faults or {})),
            shared=bool(SHARED & {*(faults or {}), *(name for name, said in (given or {}).items() if said)}),
        )


def router(pages: Pages) -> APIRouter:
    """``/connect`` and ``/connect/{vendor}``."""
    routes = APIRouter(include_in_schema=False)
    gate, connecting = pages.ways.parts.gate, pages.ways.parts.connecting
    overseer = gate.allowed(Scope.OVERSEE)

    @routes.get("/connect")
    async def choose(
        principal: Annotated[Principal, Depends(overseer)], q: Annotated[Text, Query(max_length=100)] = ""
    ) -> Response:
        """Which tool."""
        return pages.tools(principal, q)

    @routes.get("/connect/{vendor}")
    async def ask(principal: Annotated[Principal, Depends(overseer)], vendor: _Vendor) -> Response:
        """Whose it is, and what it shall be called."""
        return await pages.form(principal, _tool(pages, vendor))

    @routes.post("/connect/{vendor}")
    async def make(request: Request, principal: Annotated[Principal, Depends(overseer)], vendor: _Vendor) -> Response:
        """The page of the new way in with its secret, or the form with what is wrong beside each field."""
        tool = _tool(pages, vendor)
        given = _given(await request.form())
        try:
            made = await connect(connecting, principal, _body(tool, given))
        except ValidationError as wrong:
            return await pages.form(principal, tool, _unsecret(given), _of_pydantic(wrong))
        except Refused as refused:
            if refused.reason not in {Reason.INVALID, Reason.CONFLICT}:
                raise
            return await pages.form(principal, tool, _unsecret(given), _of_refusal(refused))
        done = Done(made=told(connecting, made), good=f"{made.integration.name} is made. Set up the tool, then test.")
        return await pages.ways.page(principal, made.integration.name, done=done)

    return routes


def _tool(pages: Pages, vendor: str) -> Tool:
    try:
        return tool_of(pages.ways.parts.connecting, vendor)
    except Refused as refused:
        raise Refused(Reason.NOT_FOUND, "no tool of this name is read") from refused


def _matches(tool: Tool, q: str) -> bool:
    said = f"{tool.name} {tool.slug} {KINDS.get(tool.kind, '')}".casefold()
    return all(word in said for word in q.casefold().split())


def _given(form: FormData) -> dict[str, str]:
    return {name: str(form.get(name, "")).replace("\x00", "").strip()[:_LONGEST] for name in _FIELDS}


def _unsecret(given: dict[str, str]) -> dict[str, str]:
    """A secret is never part of a page again."""
    return {**given, "secret": ""}


def _body(tool: Tool, given: dict[str, str]) -> NewWay:
    said: dict[str, Any] = {**given, "vendor": tool.slug, "topics": given["topics"].split()}
    said["auth"] = AuthKind(given["auth"]) if given["auth"] in set(AuthKind) else None
    said["secret"] = given["secret"] or None
    return NewWay.model_validate(said)


def _of_pydantic(wrong: ValidationError) -> dict[str, str]:
    """The first fault of each field, in our words."""
    found: dict[str, str] = {}
    for each in wrong.errors(include_url=False, include_input=False):
        field = str(each["loc"][0]) if each["loc"] else "name"
        found.setdefault(field, _WORDS.get(field, f"{each['msg']}."))
    return found


def _of_refusal(refused: Refused) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in refused.errors or (f"/name: {refused.detail}",):
        field, _, words = each.removeprefix("/").partition(": ")
        found.setdefault(field, words[:1].upper() + words[1:] + ".")
    return found


_WORDS = {
    "name": "Give it a name: small letters, digits and hyphens, at most 64.",
    "tenant": "Choose a client.",
    "secret": "A secret has 16 to 512 characters.",
}
