"""Since when each process of ingest hears: a deadline that passes while nobody hears says nothing about a job."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import published_view, table
from tandem.db.roles import role_of

revision = "ingest_0005"
down_revision = "ingest_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make ``ingest.uptime`` and its view."""
    op.execute(
        "create table ingest.uptime (id uuid primary key, began_at timestamptz not null, seen_at timestamptz not null)"
    )
    op.execute("create index uptime_seen on ingest.uptime (seen_at)")
    table("ingest", "uptime", writers=[role_of("ingest")])
    published_view("ingest", "v_uptime", of="uptime", columns=["began_at", "seen_at"], readers=[role_of("router")])
