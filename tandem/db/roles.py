"""The database's roles: who they are and how they come to be. What each may do stands in the migrations.

No role here can log in, is a superuser or bypasses row-level security. The login, which owns nothing, is granted
all of them, and each pool takes one as a server setting (``tandem/db/pool.py``).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

OWNER: Final = "tandem_owner"
"""Owns every schema, table and view; migrations run as it."""

SERVICES: Final = ("ingest", "router", "sla_clock", "notifier", "console", "policy")
"""Each has a role ``tandem_<service>``; console and CLI take ``tandem_policy`` on a connection of its own to write the
agreement schema: as a member of it the console would inherit its sight of every tenant."""

BUS: Final = "tandem_bus"
"""What every service may do on the schema ``bus``; held by each of them, used by no pool."""

CHAIN: Final = "tandem_chain"
"""The embedded chain's pool: holds the three services whose plans it commits in one transaction."""

AUDITOR: Final = "tandem_auditor"
"""Reads every tenant's rows beneath the views that say what is violated, and writes nothing, not even the bus."""

MEMBERSHIPS: Final = (
    *((BUS, f"tandem_{service}") for service in SERVICES),
    ("tandem_router", CHAIN),
    ("tandem_sla_clock", CHAIN),
    ("tandem_notifier", CHAIN),
)
"""(role, the role it is granted to)."""


def role_of(service: str) -> str:
    """The role of a service or target: ``sla-clock`` -> ``tandem_sla_clock``, ``chain`` -> ``tandem_chain``."""
    role = f"tandem_{service.replace('-', '_')}"
    if role not in ALL:
        raise ValueError(f"no role for {service!r}")
    return role


ALL: Final = (OWNER, BUS, *(f"tandem_{service}" for service in SERVICES), CHAIN, AUDITOR)

# Roles belong to the cluster while the upgrade's lock is per database: another database's upgrade may be making
# the same ones now, and `if not exists` alone loses that race.
_MAKE_ROLE = """
do $$ begin
  if not exists (select from pg_roles where rolname = '{role}') then
    create role {role} nologin nosuperuser nobypassrls;
  end if;
exception when duplicate_object or unique_violation then null;
end $$
"""
# Since PostgreSQL 16 the maker of a role administers it, which does not yet let it SET ROLE.
_GRANT = """
do $$ begin
  if not pg_has_role({name}, '{role}',
      case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) then
    grant {role} to {member};
  end if;
exception when duplicate_object or unique_violation then null;
end $$
"""
_MAY_CREATE = """
do $$ begin
  if not has_database_privilege('{role}', current_database(), 'CREATE') then
    execute format('grant create on database %I to {role}', current_database());
  end if;
end $$
"""


async def ensure_roles(connection: AsyncConnection) -> None:
    """Create missing roles, grant them as ``MEMBERSHIPS`` says and to the login; in the caller's transaction.

    Needs CREATEROLE, and CREATE on the database with the right to grant it (its owner has both), unless all
    of this is there already.
    """
    for role in ALL:
        await connection.execute(text(_MAKE_ROLE.format(role=role)))
    for role, member in MEMBERSHIPS:
        await connection.execute(text(_GRANT.format(role=role, member=member, name=f"'{member}'")))
    for role in ALL:
        await connection.execute(text(_GRANT.format(role=role, member="current_user", name="current_user")))
    await connection.execute(text(_MAY_CREATE.format(role=OWNER)))
