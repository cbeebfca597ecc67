"""People, their sessions and tokens, the feed behind the live stream, the audit and remembered requests."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import create_schema, table, tenant_table

revision = "console_0001"
down_revision = None
branch_labels = ("console",)
depends_on = None

_WRITER = "tandem_console"


def upgrade() -> None:
    """Make schema ``console``; the console alone writes it and nobody else reads it."""
    create_schema("console")
    _accounts()
    _feed()
    _records()


def _accounts() -> None:
    op.execute(
        "create table console.user (id uuid primary key, name text not null unique, person text not null,"
        " party text not null check (party in ('internal', 'msp')),"
        " role text not null check (role in ('viewer', 'responder', 'lead', 'admin')),"
        " tenants text[] not null, password_hash text not null, created_at timestamptz not null, disabled_at timestamptz)"
    )
    # Ids of sessions and tokens are not secret: sessions are known by the hash of their cookie, tokens by a public id.
    op.execute(
        "create table console.session (id bytea primary key, user_id uuid not null references console.user,"
        " csrf text not null, created_at timestamptz not null, expires_at timestamptz not null, revoked_at timestamptz)"
    )
    op.execute("create index session_expires on console.session (expires_at)")
    op.execute(
        "create table console.token (id text primary key, digest bytea not null, name text not null, person text not null,"
        " party text not null check (party in ('internal', 'msp')),"
        " role text not null check (role in ('viewer', 'responder', 'lead', 'admin')), tenants text[] not null,"
        " created_at timestamptz not null, created_by text not null, expires_at timestamptz, last_used_at timestamptz,"
        " revoked_at timestamptz)"
    )
    for name in ("user", "session", "token"):
        table("console", name, writers=[_WRITER])


def _feed() -> None:
    # One counter row, held until the commit: positions are gapless and come in commit order, so a reader that has
    # seen n never misses a late m < n, however many replicas write.
    op.execute("create table console.feed_counter (id int primary key check (id = 1), position bigint not null)")
    op.execute("insert into console.feed_counter values (1, 0)")
    op.execute(
        "create table console.feed (position bigint primary key, tenant text not null,"
        " kind text not null check (kind in ('incident', 'sla', 'page')), incident_id uuid not null,"
        " version int not null, at timestamptz not null, stored_at timestamptz not null, body jsonb not null)"
    )
    op.execute("create index feed_stored on console.feed (stored_at)")
    table("console", "feed_counter", writers=[_WRITER])
    tenant_table("console", "feed", writer=_WRITER, scoped=())


def _records() -> None:
    op.execute(
        "create table console.audit (id uuid primary key, at timestamptz not null, tenant text, who text not null,"
        " party text, action text not null, object text not null, outcome text not null, address text,"
        " detail jsonb not null default '{}')"
    )
    op.execute("create index audit_tenant_at on console.audit (tenant, at desc)")
    op.execute(
        "create table console.request (principal text not null, route text not null, key text not null,"
        " fingerprint bytea not null, created_at timestamptz not null, status int, headers jsonb, body bytea,"
        " primary key (principal, route, key))"
    )
    op.execute("create index request_created on console.request (created_at)")
    tenant_table("console", "audit", writer=_WRITER, append_only=True, scoped=())
    table("console", "request", writers=[_WRITER])
