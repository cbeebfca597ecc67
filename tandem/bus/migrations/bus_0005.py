"""What the auditor expects to be read, with the topics that came later: signals, what is missing, what is urgent."""

from __future__ import annotations

from tandem.bus.migrations.bus_0003 import MUST_READ as BEFORE
from tandem.bus.migrations.bus_0003 import stuck_consumers
from tandem.bus.migrations.bus_0004 import unseen_on_kafka

revision = "bus_0005"
down_revision = "bus_0004"
branch_labels = None
depends_on = None

MUST_READ = (
    *BEFORE,
    ("router", "tandem.signals"),
    ("router", "tandem.missing"),
    ("notifier", "tandem.urgent"),
)
"""Groups without which nothing is routed, clocked or paged: they count also when they have never read."""


def upgrade() -> None:
    """Replace views of schema ``bus``. Processes of the release before it see nothing of this."""
    stuck_consumers(MUST_READ)
    unseen_on_kafka(MUST_READ)


def downgrade() -> None:
    stuck_consumers(BEFORE)
    unseen_on_kafka(BEFORE)
