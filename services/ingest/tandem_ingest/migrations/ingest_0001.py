"""The schema of ingest and the table of deliveries that must be remembered longer than a process lives."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import create_schema, tenant_table
from tandem.db.roles import role_of

revision = "ingest_0001"
down_revision = None
branch_labels = ("ingest",)
depends_on = None


def upgrade() -> None:
    """Make schema ``ingest``. Nothing writes ``delivery`` yet: see services/ingest/README.md, "Replays"."""
    create_schema("ingest")
    op.execute(
        "create table ingest.delivery (tenant text not null, integration text not null, delivery_id text not null,"
        " received_at timestamptz not null, primary key (integration, delivery_id))"
    )
    op.execute("create index delivery_received_at on ingest.delivery (received_at)")
    tenant_table("ingest", "delivery", writer=role_of("ingest"), scoped=())
