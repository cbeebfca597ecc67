"""The one door of the console: every route declares ``allowed(scope)``, and nothing else lets anybody in.

A principal comes from a bearer token or from the session cookie. What a browser sends by itself, a cookie, is worth
nothing for a change without the session's CSRF token and an Origin of ours.
"""

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tandem.clock import Clock
from tandem.errors import Reason, Refused
from tandem_console import tokens
from tandem_console.access import EVERY_TENANT, Principal, Scope, may
from tandem_console.store.accounts import AccountStore, Known

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
_BEARER = HTTPBearer(auto_error=False, bearerFormat="tdm_...", description="An API token.")
_COOKIE_LENGTH = 64


@dataclass(slots=True)
class Gate:
    """Finds out who asks. One per console."""

    accounts: AccountStore
    clock: Clock
    every_tenant: Callable[[], Iterable[str]]
    """What ``*`` stands for: tenants with an active agreement."""
    key: bytes
    """Signs the form of the sign-in page, which has no session yet."""
    public_url: str | None = None
    """Where browsers find us; beside the Host they name, the only Origin whose forms count."""
    secure: bool = False
    """Cookies over https only, with the ``__Host-`` prefix."""

    @property
    def session_cookie(self) -> str:
        """Name of the session's cookie."""
        return f"{self._prefix}tandem-session"

    @property
    def visit_cookie(self) -> str:
        """Name of the cookie that ties the sign-in form to a browser."""
        return f"{self._prefix}tandem-visit"

    @property
    def _prefix(self) -> str:
        return "__Host-" if self.secure else ""

    def allowed(self, scope: Scope) -> "Allowed":
        """The dependency of a route that needs ``scope``."""
        return Allowed(self, scope)

    async def principal(self, request: Request, bearer: str | None) -> Principal | None:
        """Who asks; None when nobody we know does.

        Raises:
            Unavailable: the database is away.
        """
        if bearer is not None:
            return await self.by_token(bearer)
        return await self.by_cookie(request.cookies.get(self.session_cookie))

    async def by_token(self, text: str) -> Principal | None:
        """The principal of a bearer token."""
        given = tokens.read(text)
        if given is None:
            return None
        known = await self.accounts.token_of(given.token_id, self.clock.now())
        if known is None or not hmac.compare_digest(known.proof, given.digest):
            return None
        return self._principal(known)

    async def by_cookie(self, cookie: str | None) -> Principal | None:
        """The principal of a session cookie."""
        session = session_id(cookie)
        if session is None:
            return None
        known = await self.accounts.session_of(session, self.clock.now())
        return None if known is None else self._principal(known, session)

    async def still(self, principal: Principal, bearer: str | None) -> bool:
        """Whether a long answer may go on: not signed out, revoked or expired since."""
        if bearer is not None:
            return await self.by_token(bearer) is not None
        found = await self.accounts.session_of(principal.session or b"", self.clock.now())
        return found is not None

    def visit_form(self, visit: str) -> str:
        """What the sign-in form of a visit must carry."""
        return hmac.new(self.key, b"visit\0" + visit.encode("utf-8", "replace"), sha256).hexdigest()

    async def check_form(self, request: Request, principal: Principal | None) -> None:
        """Refuse a change that another site's page may have caused.

        Raises:
            Refused: FORBIDDEN, for a missing or foreign Origin or a wrong CSRF token.
        """
        if request.headers.get("origin", "") not in self._origins(request):
            raise Refused(Reason.FORBIDDEN, "this form was not sent by a page of this console (Origin)")
        expected = principal.csrf if principal else self.visit_form(request.cookies.get(self.visit_cookie, ""))
        given = request.headers.get(CSRF_HEADER)
        if given is None and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            given = str((await request.form()).get(CSRF_FIELD, ""))
        if not hmac.compare_digest((given or "").encode("utf-8", "replace"), (expected or "?").encode()):
            raise Refused(Reason.FORBIDDEN, "the page is out of date: load it again and repeat (CSRF token)")

    def _origins(self, request: Request) -> set[str]:
        origins = {f"{request.url.scheme}://{request.headers.get('host', '')}"}
        if self.public_url:
            parts = urlsplit(self.public_url)
            origins.add(f"{parts.scheme}://{parts.netloc}")
        return origins

    def _principal(self, known: Known, session: bytes | None = None) -> Principal:
        return Principal(
            identity=known.identity,
            name=known.name,
            person=known.person,
            party=known.party,
            role=known.role,
            tenants=self._resolved(known.tenants),
            session=session,
            csrf=known.proof if session is not None else None,
        )

    def _resolved(self, listed: Sequence[str]) -> frozenset[str]:
        every = self.every_tenant() if EVERY_TENANT in listed else ()
        return frozenset((*every, *listed)) - {EVERY_TENANT}


class Allowed:
    """The dependency itself; a test looks for one on every route."""

    def __init__(self, gate: Gate, scope: Scope) -> None:
        """``scope`` is what the route needs."""
        self.gate = gate
        self.scope = scope

    async def __call__(
        self, request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
    ) -> Principal | None:
        """Who asks, if they may.

        Raises:
            Refused: UNAUTHENTICATED or FORBIDDEN.
        """
        principal = await self.gate.principal(request, bearer.credentials if bearer else None)
        if principal is None and self.scope is not Scope.PUBLIC:
            raise Refused(Reason.UNAUTHENTICATED, "sign in, or send Authorization: Bearer tdm_...")
        if not may(principal, self.scope):
            raise Refused(Reason.FORBIDDEN, f"this needs more than the role {principal.role if principal else 'none'}")
        by_browser = principal is None or principal.session is not None
        if request.method not in SAFE_METHODS and by_browser:
            await self.gate.check_form(request, principal if self.scope is not Scope.PUBLIC else None)
        return principal


def session_id(cookie: str | None) -> bytes | None:
    """The id a session cookie stands for; None when it cannot be one of ours."""
    if cookie is None or len(cookie) != _COOKIE_LENGTH:
        return None
    try:
        return tokens.digest_of(bytes.fromhex(cookie))
    except ValueError:
        return None


def bearer_of(request: Request) -> str | None:
    """The bearer token of a request, if it has one."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    return credentials if scheme.lower() == "bearer" else None
