"""Posts that were put aside: why one was discarded, and those that cannot be read and whose customer nobody knows."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import published_view

revision = "ingest_0007"
down_revision = "ingest_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to schema ``ingest``. ``value`` is the alert's wire form: it holds the body."""
    op.execute("alter table ingest.replay add column reason text")
    op.execute(
        "create or replace view ingest.replays with (security_invoker = true) as"
        " select alert_id, tenant, integration, at, who, alerts, reason from ingest.replay"
    )
    op.execute("grant select (reason) on ingest.replay to tandem_console")
    op.execute("alter table ingest.unknown_tenant add column quarantined text")
    op.execute(
        "create index unknown_tenant_unreadable on ingest.unknown_tenant (received_at desc, alert_id desc)"
        " where quarantined is not null"
    )
    published_view(
        "ingest",
        "unknown_bodies",
        of="unknown_tenant",
        columns=["tenant", "integration", "alert_id", "received_at", "quarantined", "value"],
    )
