"""The feed also tells of windows and silences, which belong to no incident."""

from __future__ import annotations

from alembic import op

revision = "console_0002"
down_revision = "console_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen ``console.feed``."""
    op.execute("alter table console.feed alter column incident_id drop not null")
    op.execute("alter table console.feed drop constraint feed_kind_check")
    op.execute(
        "alter table console.feed add constraint feed_kind_check"
        " check (kind in ('incident', 'sla', 'page', 'suppression'))"
    )
