"""The outbox: records that were published in a transaction and wait for the relay to take them to Kafka."""

from __future__ import annotations

from tandem.db.grants import queue_table
from tandem.db.roles import BUS

revision = "bus_0002"
down_revision = "bus_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make ``bus.outbox`` and its counters: every service publishes through it."""
    queue_table("bus", "outbox", writers=[BUS])
