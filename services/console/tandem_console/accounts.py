"""People and tokens of the console: made, checked, ended. Rules only; rows are the store's (``AccountRows``).

The demo and the command line call ``create_user`` and ``create_token``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tandem.errors import Reason, Refused
from tandem.ids import uuid7
from tandem.model.ownership import Party
from tandem_console import tokens
from tandem_console.access import EVERY_TENANT, Role

SESSION_LENGTH = timedelta(hours=12)
"""A shift; then one signs in again."""
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LONGEST_NAME = 100
MOST_TENANTS = 1000

_HASHER = PasswordHasher()


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who can sign in."""

    user_id: UUID
    name: str
    person: str
    party: Party
    role: Role
    tenants: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An API token without its secret."""

    token_id: str
    name: str
    person: str
    party: Party
    role: Role
    tenants: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A new session and the cookie's value, in clear for the one time it is sent."""

    cookie: str
    csrf: str
    expires_at: datetime


class AccountRows(Protocol):
    """Where accounts are kept; ``tandem_console.store.accounts.AccountStore``."""

    def entropy(self, length: int) -> bytes:
        """Random bytes for secrets."""
        ...

    async def add_user(self, user: User, password_hash: str) -> None:
        """Store a new user; Refused (conflict) when the name is taken."""
        ...

    async def add_token(self, token: Token, digest: bytes) -> None:
        """Store a new token."""
        ...

    async def add_session(self, session_id: bytes, user_id: UUID, csrf: str, now: datetime, until: datetime) -> None:
        """Store a new session."""
        ...


async def create_user(
    rows: AccountRows,
    *,
    name: str,
    password: str,
    party: Party,
    role: Role,
    tenants: Iterable[str],
    now: datetime,
    person: str | None = None,
) -> User:
    """Make somebody who can sign in.

    Args:
        tenants: slugs, or ``*`` for all.
        person: their id among the agreement's people; default the name.

    Raises:
        Refused: the name is taken or unfit, or the password too short.
        Unavailable: the database is away.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused(Reason.INVALID, f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    user = User(
        user_id=uuid7(now, rows.entropy(16)),
        name=_named(name),
        person=_named(person or name),
        party=party,
        role=role,
        tenants=_listed(tenants),
        created_at=now,
    )
    await rows.add_user(user, _HASHER.hash(password))
    return user


async def create_token(  # noqa: PLR0913 - every argument by name
    rows: AccountRows,
    *,
    name: str,
    party: Party,
    role: Role,
    tenants: Iterable[str],
    now: datetime,
    person: str | None = None,
    created_by: str = "command line",
    lifetime: timedelta | None = None,
) -> tuple[Token, str]:
    """Make an API token.

    Args:
        person: who acts by it, an id among the agreement's people; default the name.
        lifetime: None never expires.

    Returns:
        The token and its text, which cannot be shown again.

    Raises:
        Refused: the name or a tenant is unfit.
        Unavailable: the database is away.
    """
    token_id, secret = rows.entropy(tokens.ID_BYTES), rows.entropy(tokens.SECRET_BYTES)
    token = Token(
        token_id=token_id.hex(),
        name=_named(name),
        person=_named(person or name),
        party=party,
        role=role,
        tenants=_listed(tenants),
        created_at=now,
        created_by=_named(created_by),
        expires_at=None if lifetime is None else now + lifetime,
    )
    await rows.add_token(token, tokens.digest_of(secret))
    return token, tokens.write(token_id, secret)


async def open_session(rows: AccountRows, user_id: UUID, now: datetime) -> Session:
    """A fresh session: a new id at every sign-in, so that a planted cookie is worth nothing."""
    cookie, csrf, until = rows.entropy(32), rows.entropy(32), now + SESSION_LENGTH
    await rows.add_session(tokens.digest_of(cookie), user_id, csrf.hex(), now, until)
    return Session(cookie.hex(), csrf.hex(), until)


def password_fits(password: str, stored: str | None) -> bool:
    """Whether ``password`` is the one of ``stored`` (None: no such user); takes equally long either way."""
    try:
        _HASHER.verify(stored or _nobody(), password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _nobody() -> str:
    """A hash checked for unknown names, so that they take as long as known ones."""
    return _HASHER.hash("a password that nobody has")


def _named(text: str) -> str:
    cleaned = text.strip()
    if not cleaned or len(cleaned) > LONGEST_NAME or not cleaned.isprintable():
        raise Refused(Reason.INVALID, f"a name has 1 to {LONGEST_NAME} printable characters")
    return cleaned


def _listed(tenants: Iterable[str]) -> tuple[str, ...]:
    listed = tuple(sorted(set(tenants)))
    fit = all(
        name == EVERY_TENANT or (name.isprintable() and "," not in name and 0 < len(name) <= 64) for name in listed
    )
    if not listed or len(listed) > MOST_TENANTS or not fit:
        raise Refused(Reason.INVALID, 'name the tenants, or "*" for all')
    return listed
