"""An integration: one configured way in, with its vendor, its tenant and how its posts prove who they are.

Stored by ``tandem/policy``; ingest holds all of them in memory and checks without asking anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class AuthKind(StrEnum):
    """How a post proves who it is. Every kind but HMAC and SNS sends the secret itself."""

    HMAC = "hmac"
    BEARER = "bearer"
    HEADER = "header"
    BASIC = "basic"
    PATH = "path"
    """The secret is the last segment of the URL, for senders that cannot set a header."""
    QUERY = "query"
    """The secret is a parameter of the URL (``?key=``)."""
    SNS = "sns"
    """Amazon signs with its own certificate: there is no secret, the topics are named instead."""


QUERY_NAMES = ("key", "token", "secret", "api_key", "apikey", "auth_token", "access_token", "code", "sig")
"""Parameters that may hold a secret: closed, because ``tandem/redaction.py`` must know them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacScheme:
    """How a vendor signs, as configuration: one verifier serves all of them."""

    header: str = "X-Tandem-Signature"
    prefix: str = "sha256="
    encoding: str = "hex"
    """hex or base64."""
    signed: str = "body"
    """``body``, ``ts.body``, ``ts:body``, ``body+ts``, ``ts+body``, ``id.ts.body`` (Standard Webhooks), or a base
    string with the places ``{body}``, ``{ts}`` and ``{id}``: ``v0:{ts}:{body}``."""
    algorithm: str = "sha256"
    """sha256, sha512, or sha1 for tools that know nothing newer."""
    timestamp_header: str | None = None
    """Needed when ``signed`` holds ``ts``."""
    timestamp_format: str = "auto"
    """``s`` or ``ms`` since 1970, ``rfc3339``, or ``auto``, which tells them apart by their looks."""
    key_encoding: str = "raw"
    """How the secret writes the key: ``raw`` (its characters), ``base64``, ``hex``; ``whsec_`` always marks base64."""
    id_header: str | None = None
    """Needed when ``signed`` holds ``id``; also the delivery id."""
    tolerance: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationSecret:
    """One valid secret; several at once while rotating.

    ``digest`` is SHA-256 of the secret and serves every kind but HMAC, whose key must be known (``value``).
    """

    secret_id: str
    digest: bytes = field(repr=False)
    value: bytes | None = field(default=None, repr=False)
    """Never in a log or a traceback: ``repr`` leaves both out."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """One way in. ``name`` is the id in the URL, unique in the instance: ``[a-z0-9-]{1,64}``."""

    name: str
    tenant: str
    vendor: str
    auth: AuthKind
    also: tuple[AuthKind, ...] = ()
    """Further ways that are accepted beside ``auth``: any one of them proves a post."""
    header: str = "X-Tandem-Key"
    """Used by AuthKind.HEADER."""
    prefix: str = ""
    """What stands before the secret in that header: ``ApiKey``, ``GenieKey``, ``Token``; case does not count."""
    parameter: str = "key"
    """Used by AuthKind.QUERY, one of QUERY_NAMES."""
    topics: tuple[str, ...] = ()
    """Used by AuthKind.SNS: the topics that may post, by ARN. Anybody may have Amazon sign a topic of their own."""
    user: str | None = None
    """Used by AuthKind.BASIC; None accepts any user name."""
    hmac: HmacScheme | None = None
    secrets: tuple[IntegrationSecret, ...] = ()
    enabled: bool = True
    rate: float | None = None
    """Alerts a second in the long run: held to always, unlike the instance's; 0 none, None the instance's."""
    mapping: str | None = None
    """A mapping document (docs/mappings.md) that replaces the vendor's own reading."""
    provider: str | None = None
    """Whose customers it posts for, with ``tenant_from``; ``tenant`` is then who is told of customers nobody knows."""
    tenant_from: str | None = None
    """``customer`` or ``labels.NAME``: the field that says whose an alert is. None: everything is ``tenant``'s."""
    customers: Mapping[str, str] = field(default_factory=dict)
    """The provider's mapping, a tool's name or id of a customer -> tenant; only with ``tenant_from``."""

    @property
    def kinds(self) -> tuple[AuthKind, ...]:
        """Every way that is accepted."""
        return (self.auth, *(each for each in self.also if each is not self.auth)) if self.also else (self.auth,)

    @property
    def shows(self) -> bool:
        """Whether some way sends the secret itself. A key that only signs proves nothing when it is shown."""
        return any(each not in {AuthKind.HMAC, AuthKind.SNS} for each in self.kinds)

    def tenant_of(self, customer: str | None) -> str | None:
        """Whose an alert of ``customer`` is; None when the mapping does not say: nobody guesses.

        A name counts as the mapping writes it, but for case and outer blanks: tools differ in both.
        """
        if self.tenant_from is None:
            return self.tenant
        wanted = (customer or "").strip().casefold()
        return self.customers.get(wanted) if wanted else None


def customer_table(customers: Mapping[str, str]) -> dict[str, str]:
    """A provider's ``customers`` as ``Integration.customers`` wants them; names that differ in case only must agree."""
    found: dict[str, str] = {}
    disputed: set[str] = set()
    for name, tenant in customers.items():
        key = name.strip().casefold()
        if found.setdefault(key, tenant) != tenant:
            disputed.add(key)  # two tenants for one name is nobody's: see tenant_of
    return {key: tenant for key, tenant in found.items() if key not in disputed}
