"""The spool: alerts that were accepted while the broker was away."""

from __future__ import annotations

from tandem.db.grants import queue_table
from tandem.db.roles import role_of

revision = "ingest_0002"
down_revision = "ingest_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make ``ingest.spool`` and its counters."""
    queue_table("ingest", "spool", writers=[role_of("ingest")])
