"""Users, sessions and tokens in PostgreSQL; rules about them are in ``tandem_console.accounts``."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.db.pool import unavailable
from tandem.errors import Reason, Refused
from tandem.model.ownership import Party
from tandem_console.access import Role
from tandem_console.accounts import Token, User

_USE_NOTED_EVERY = timedelta(minutes=1)

_ADD_USER = text(
    "insert into console.user (id, name, person, party, role, tenants, password_hash, created_at)"
    " values (:id, :name, :person, :party, :role, :tenants, :hash, :now)"
)
_ADD_TOKEN = text(
    "insert into console.token (id, digest, name, person, party, role, tenants, created_at, created_by, expires_at)"
    " values (:id, :digest, :name, :person, :party, :role, :tenants, :now, :by, :expires)"
)
_ADD_SESSION = text(
    "insert into console.session (id, user_id, csrf, created_at, expires_at) values (:id, :user, :csrf, :now, :until)"
)
_USER = text("select * from console.user where name = :name and disabled_at is null")
_SESSION = text(
    "select u.*, s.csrf from console.session s join console.user u on u.id = s.user_id"
    " where s.id = :id and s.revoked_at is null and s.expires_at > :now and u.disabled_at is null"
)
_TOKEN = text(
    "select * from console.token where id = :id and revoked_at is null and (expires_at is null or expires_at > :now)"
)
_TOKEN_USED = text("update console.token set last_used_at = :now where id = :id")


@dataclass(frozen=True, slots=True)
class Known:
    """A row that proves who somebody is: a user's with its password hash, a session's or a token's."""

    identity: str
    name: str
    person: str
    party: Party
    role: Role
    tenants: tuple[str, ...]
    proof: Any
    """User: the password's hash; session: its csrf text; token: the secret's digest."""


class AccountStore:
    """Rows of people and tokens; ``engine`` connects as tandem_console."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Nothing is read before the first call."""
        self._engine = engine

    def entropy(self, length: int) -> bytes:
        """Random bytes of the operating system."""
        return secrets.token_bytes(length)

    async def add_user(self, user: User, password_hash: str) -> None:
        """Store a new user; Refused (conflict) when the name is taken."""
        values = _of_account(user.user_id, user) | {"hash": password_hash}
        try:
            with unavailable():
                async with self._engine.begin() as connection:
                    await connection.execute(_ADD_USER, values)
        except IntegrityError as fault:
            raise Refused(Reason.CONFLICT, f"there is a user {user.name!r} already") from fault

    async def add_token(self, token: Token, digest: bytes) -> None:
        """Store a new token."""
        values = _of_account(token.token_id, token)
        values |= {"digest": digest, "by": token.created_by, "expires": token.expires_at}
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(_ADD_TOKEN, values)

    async def add_session(self, session_id: bytes, user_id: UUID, csrf: str, now: datetime, until: datetime) -> None:
        """Store a new session."""
        values = {"id": session_id, "user": user_id, "csrf": csrf, "now": now, "until": until}
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(_ADD_SESSION, values)

    async def user_of(self, name: str) -> Known | None:
        """A user who may sign in."""
        row = await self._first(_USER, {"name": name})
        return None if row is None else _known(f"user:{row['id']}", row, row["password_hash"])

    async def session_of(self, session_id: bytes, now: datetime) -> Known | None:
        """The user of a session that still stands."""
        row = await self._first(_SESSION, {"id": session_id, "now": now})
        return None if row is None else _known(f"user:{row['id']}", row, row["csrf"])

    async def token_of(self, token_id: str, now: datetime) -> Known | None:
        """A token that still stands; its last use is noted to the minute."""
        row = await self._first(_TOKEN, {"id": token_id, "now": now})
        if row is None:
            return None
        used: datetime | None = row["last_used_at"]
        if used is None or now - used > _USE_NOTED_EVERY:
            await self._run(_TOKEN_USED, {"id": token_id, "now": now})
        return _known(f"token:{row['id']}", row, bytes(row["digest"]))

    async def end_session(self, session_id: bytes, now: datetime) -> None:
        """The cookie is worth nothing from here on."""
        ended = text("update console.session set revoked_at = :now where id = :id and revoked_at is null")
        await self._run(ended, {"id": session_id, "now": now})

    async def revoke_token(self, token_id: str, now: datetime) -> bool:
        """End a token at once, on every replica; false when there is no such token that stands."""
        ended = text("update console.token set revoked_at = :now where id = :id and revoked_at is null")
        return await self._run(ended, {"id": token_id, "now": now}) == 1

    async def users(self) -> list[User]:
        """Everybody, by name; never a password's hash."""
        with unavailable():
            async with self._engine.connect() as connection:
                rows = await connection.execute(text("select * from console.user order by name"))
                return [_user(row) for row in rows.mappings()]

    async def disable_user(self, name: str, now: datetime) -> bool:
        """End somebody's access at once, sessions included; false when nobody of that name had any."""
        ended = text("update console.user set disabled_at = :now where name = :name and disabled_at is null")
        return await self._run(ended, {"name": name, "now": now}) == 1

    async def tokens(self) -> list[Token]:
        """Every token, newest first; never a secret."""
        with unavailable():
            async with self._engine.connect() as connection:
                rows = await connection.execute(text("select * from console.token order by created_at desc, id"))
                return [_token(row) for row in rows.mappings()]

    async def forget_before(self, before: datetime) -> None:
        """Drop sessions that ended before ``before``."""
        await self._run(text("delete from console.session where expires_at < :before"), {"before": before})

    async def _first(self, statement: Any, values: dict[str, object]) -> RowMapping | None:  # noqa: ANN401 - a text()
        with unavailable():
            async with self._engine.connect() as connection:
                return (await connection.execute(statement, values)).mappings().first()

    async def _run(self, statement: Any, values: dict[str, object]) -> int:  # noqa: ANN401 - a text()
        with unavailable():
            async with self._engine.begin() as connection:
                rows: int = (await connection.execute(statement, values)).rowcount
                return rows


def _of_account(identity: object, account: User | Token) -> dict[str, object]:
    return {
        "id": identity,
        "name": account.name,
        "person": account.person,
        "party": account.party.value,
        "role": account.role.value,
        "tenants": list(account.tenants),
        "now": account.created_at,
    }


def _known(identity: str, row: RowMapping, proof: object) -> Known:
    return Known(
        identity=identity,
        name=row["name"],
        person=row["person"],
        party=Party(row["party"]),
        role=Role(row["role"]),
        tenants=tuple(row["tenants"]),
        proof=proof,
    )


def _user(row: RowMapping) -> User:
    return User(
        user_id=row["id"],
        name=row["name"],
        person=row["person"],
        party=Party(row["party"]),
        role=Role(row["role"]),
        tenants=tuple(row["tenants"]),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
    )


def _token(row: RowMapping) -> Token:
    return Token(
        token_id=row["id"],
        name=row["name"],
        person=row["person"],
        party=Party(row["party"]),
        role=Role(row["role"]),
        tenants=tuple(row["tenants"]),
        created_at=row["created_at"],
        created_by=row["created_by"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        revoked_at=row["revoked_at"],
    )
