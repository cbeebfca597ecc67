"""What the auditor reads of ingest: accepted alerts that wait for the broker."""

from __future__ import annotations

from tandem.db.grants import auditor_reads_queue

revision = "ingest_0003"
down_revision = "ingest_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to schema ``ingest``."""
    auditor_reads_queue("ingest", "spool", what="accepted alerts wait for the broker")
