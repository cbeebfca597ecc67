"""Who may do what: roles, scopes and the principal a request acts as. Deny by default; holds no HTTP and no SQL.

A principal acts for one party in some tenants with one role. Which rows it sees is the database's matter
(row-level security); which acts it may ask for is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tandem.model.events import CommandKind
from tandem.model.ownership import Actor, Party

EVERY_TENANT = "*"
"""In a user's or token's list of tenants: all that have an active agreement, also later ones."""


class Role(StrEnum):
    """Each role may do what the one before may."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    LEAD = "lead"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """0 for viewer ... 3 for admin."""
        return list(Role).index(self)


class Scope(StrEnum):
    """What a route needs. Every route declares one."""

    PUBLIC = "public"
    """Sign-in and its assets; nobody need be known."""
    READ = "read"
    """Incidents, clocks, pages, who is on call, the agreement."""
    ACT = "act"
    """Raise, acknowledge, work on and resolve incidents."""
    STEER = "steer"
    """Change what an incident is: priority, merge, link, reassign."""
    OVERSEE = "oversee"
    """Audit, quarantine, integrations."""
    ADMINISTER = "administer"
    """People and tokens."""


NEEDS: dict[Scope, Role | None] = {
    Scope.PUBLIC: None,
    Scope.READ: Role.VIEWER,
    Scope.ACT: Role.RESPONDER,
    Scope.STEER: Role.LEAD,
    Scope.OVERSEE: Role.LEAD,
    Scope.ADMINISTER: Role.ADMIN,
}
"""The least role for a scope."""

STEERING = frozenset({CommandKind.PRIORITY, CommandKind.MERGE, CommandKind.LINK, CommandKind.REASSIGN})
"""Commands that change what an incident is; the others work on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who a request acts as."""

    identity: str
    """``user:<id>`` or ``token:<id>``: stable, never shown."""
    name: str
    person: str
    """Id of the agreement's people, or the user's name."""
    party: Party
    role: Role
    tenants: frozenset[str]
    """Resolved: never holds ``*``."""
    session: bytes | None = None
    """Hash that names the session row; None for a token."""
    csrf: str | None = None
    """What a form of this session must carry; None for a token, which no browser sends by itself."""

    @property
    def actor(self) -> Actor:
        """As commands and facts name who acts."""
        return Actor(self.party, self.person)

    @property
    def oversees(self) -> bool:
        """Whether the pages of ``Scope.OVERSEE`` are this person's: navigation shows what one may open."""
        return may(self, Scope.OVERSEE)

    @property
    def view(self) -> tuple[str, ...]:
        """Equal for principals that see the same pages, so that they can share a rendered one."""
        return (self.party.value, self.role.value, *sorted(self.tenants))


def may(principal: Principal | None, scope: Scope) -> bool:
    """Whether ``principal`` (None: nobody known) may use a route of ``scope``."""
    needed = NEEDS[scope]
    if needed is None:
        return True
    return principal is not None and principal.role.rank >= needed.rank


def scope_of(kind: CommandKind) -> Scope:
    """The scope that asking for a command needs."""
    return Scope.STEER if kind in STEERING else Scope.ACT
