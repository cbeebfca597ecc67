"""A new way in by the console: the same path as ``tandem integrations add``, with faults told by field."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from tandem.errors import Reason, Refused, Unavailable
from tandem.model.integration import AuthKind, Integration
from tandem.model.integration_faults import faults_by_field
from tandem.model.signing import scheme_of
from tandem.policy.new_way import add_way
from tandem.policy.secrets import Made
from tandem_console.access import Principal, Scope
from tandem_console.api.connecting import Connecting, Tool
from tandem_console.api.integrations import Integrations, told
from tandem_console.api.shapes.adding import Connected, NewWay
from tandem_console.api.shapes.problems import PROBLEMS
from tandem_console.api.sharing import require_all_ours


def router(parts: Integrations) -> APIRouter:
    """``POST /api/v1/integrations``."""
    api = APIRouter(prefix="/api/v1", tags=["integrations"], responses=PROBLEMS)

    @api.post("/integrations", response_model=Connected, status_code=201)
    async def add_integration(
        response: Response,
        principal: Annotated[Principal, Depends(parts.gate.allowed(Scope.OVERSEE))],
        body: NewWay,
    ) -> dict[str, Any]:
        """A new way in and its secret, in this answer only: an Idempotency-Key is not kept for it."""
        made = await connect(parts.connecting, principal, body)
        response.headers["cache-control"] = "no-store"
        way = made.integration
        return {
            "name": way.name, "tenant": way.tenant, "vendor": way.vendor, "auth": way.auth,
            "secret_id": str(made.secret_id)[:8] if made.secret_id else "", **told(parts.connecting, made),
            "steps": parts.connecting.dialects.guide(way.vendor).steps,
        }  # fmt: skip

    return api


async def connect(connecting: Connecting, principal: Principal, body: NewWay) -> Made:
    """Make the way in; audited.

    Raises:
        Refused: INVALID with ``/field: words`` for each fault; CONFLICT for a name that is taken.
        Unavailable: this console cannot write.
    """
    wanted = _wanted(body, tool_of(connecting, body.vendor), principal)
    if connecting.policy is None:
        raise Unavailable("policy", "this console cannot change integrations")
    await require_all_ours(connecting, principal, wanted)
    try:
        made = await add_way(
            connecting.policy, wanted, key=connecting.key, now=connecting.clock.now(), secret=body.secret
        )
    except Refused as refused:
        raise _at_field(refused) from refused
    found = {"tenant": wanted.tenant, "name": wanted.name}
    detail = {"vendor": wanted.vendor, "auth": wanted.auth.value}
    if wanted.provider is not None:
        detail |= {"provider": wanted.provider, "tenant_from": str(wanted.tenant_from)}
    await connecting.noted(principal, found, "integration.add", "done", detail)
    return made


def tool_of(connecting: Connecting, slug: str) -> Tool:
    """The tool of that slug.

    Raises:
        Refused: INVALID.
    """
    found = next((each for each in connecting.dialects.tools() if each.slug == slug), None)
    if found is None:
        raise Refused(Reason.INVALID, "no such tool is read", errors=("/vendor: no tool of this name is read",))
    return found


def _wanted(body: NewWay, tool: Tool, principal: Principal) -> Integration:
    if body.tenant not in principal.tenants:
        raise Refused(Reason.INVALID, "no such client", errors=("/tenant: choose one of your clients",))
    auth = body.auth or tool.auth
    wanted = Integration(
        name=body.name,
        tenant=body.tenant,
        vendor=tool.slug,
        auth=auth,
        header=body.header or "X-Tandem-Key",
        prefix=body.prefix,
        parameter=body.parameter or "key",
        user=body.user or None,
        provider=body.provider or None,
        tenant_from=body.tenant_from or None,
        topics=tuple(body.topics) if auth is AuthKind.SNS else (),
        hmac=scheme_of(tool.slug) if auth is AuthKind.HMAC else None,
    )
    wrong = faults_by_field(wanted)
    if wrong:
        errors = tuple(f"/{field}: {_of_form(said)}" for field, said in wrong)
        raise Refused(Reason.INVALID, "this way in would not work", errors=errors)
    return wanted


def _of_form(said: str) -> str:
    """Without the option of the command line, of which a form has none."""
    before, option, after = said.partition(" (--")
    return before + after.partition(")")[2] if option else said


def _at_field(refused: Refused) -> Refused:
    """The refusal with the field it is about; the policy knows of no form."""
    field = "name" if refused.reason is Reason.CONFLICT else "secret"
    if refused.reason not in {Reason.CONFLICT, Reason.INVALID}:
        return refused
    return Refused(refused.reason, refused.detail, errors=(f"/{field}: {refused.detail}",))
