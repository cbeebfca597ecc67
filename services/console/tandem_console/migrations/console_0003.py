"""A record of the bus that comes again is known by what its line says, so that the feed tells nothing twice."""

from __future__ import annotations

from alembic import op

revision = "console_0003"
down_revision = "console_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to ``console.feed``; lines from before have no digest and are forgotten within days."""
    op.execute("alter table console.feed add column digest uuid")
    op.execute("create unique index feed_digest on console.feed (digest)")
