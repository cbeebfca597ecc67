"""Versions of agreements, which one is active, ways in and their secrets."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import create_schema, publish, published_view, tenant_table

revision = "agreement_0001"
down_revision = None
branch_labels = ("agreement",)
depends_on = None

_READERS = ["tandem_ingest", "tandem_router", "tandem_sla_clock", "tandem_notifier", "tandem_chain"]


def upgrade() -> None:
    """Make schema ``agreement``; every service reads it, ``tandem_policy`` alone writes."""
    create_schema("agreement")
    op.execute(
        "create table agreement.version (tenant text not null, version int not null, hash text not null,"
        " source text not null, document text not null, provider text, provider_document text,"
        " author text not null, note text not null,"
        " created_at timestamptz not null, primary key (tenant, version))"
    )
    op.execute(
        "create table agreement.active (tenant text primary key, version int not null, activated_at timestamptz not null,"
        " foreign key (tenant, version) references agreement.version)"
    )
    op.execute(
        "create table agreement.integration (name text primary key, tenant text not null, vendor text not null,"
        " auth text not null, header text not null, username text, hmac jsonb, enabled bool not null default true,"
        " created_at timestamptz not null)"
    )
    op.execute(
        "create table agreement.secret (id uuid primary key, integration text not null references agreement.integration,"
        " tenant text not null, digest bytea not null, sealed bytea, created_at timestamptz not null,"
        " expires_at timestamptz)"
    )
    tenant_table("agreement", "version", writer="tandem_policy", readers=_READERS, append_only=True)
    tenant_table("agreement", "active", writer="tandem_policy", readers=_READERS)
    tenant_table("agreement", "integration", writer="tandem_policy", readers=_READERS)
    tenant_table("agreement", "secret", writer="tandem_policy", readers=["tandem_ingest"])
    published_view(
        "agreement",
        "integrations",
        of="integration",
        columns=["name", "tenant", "vendor", "auth", "header", "enabled", "created_at"],
    )
    publish(
        "agreement",
        "agreements",
        select="select v.tenant, v.version, v.hash, v.source, v.provider, v.author, v.note, a.activated_at"
        " from agreement.active a join agreement.version v on v.tenant = a.tenant and v.version = a.version",
        beneath={
            "active": ["tenant", "version", "activated_at"],
            "version": ["tenant", "version", "hash", "source", "provider", "author", "note"],
        },
    )
