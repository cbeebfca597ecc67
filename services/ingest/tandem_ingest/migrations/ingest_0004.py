"""Alerts that wait because nobody knows whose they are."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import published_view, tenant_table
from tandem.db.roles import role_of

revision = "ingest_0004"
down_revision = "ingest_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make ``ingest.unknown_tenant``; its ``tenant`` is who looks after the integration and sees no alert in it.

    The view names customers, which only the provider's own people may read: see services/ingest/README.md.
    """
    op.execute(
        "create table ingest.unknown_tenant (tenant text not null, integration text not null, alert_id uuid not null,"
        " position bigint generated always as identity, customer text not null, said text not null,"
        " received_at timestamptz not null, value bytea not null, primary key (integration, alert_id))"
    )
    op.execute("create index unknown_tenant_order on ingest.unknown_tenant (integration, customer, position)")
    tenant_table("ingest", "unknown_tenant", writer=role_of("ingest"))
    published_view(
        "ingest",
        "unknown_tenants",
        of="unknown_tenant",
        columns=["tenant", "integration", "customer", "said", "alert_id", "received_at"],
    )
