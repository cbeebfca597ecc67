"""Alerts that say when they expire are found by their condition (R-P13); reminders of what goes on holding."""

from __future__ import annotations

from alembic import op

revision = "router_0007"
down_revision = "router_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to schema ``router``."""
    op.execute(
        "create index alert_expires on router.alert (tenant, (integration || '/' || dedup_key), received_at)"
        " where body ? 'expires_at'"
    )
    op.execute(
        "alter table router.suppression drop constraint suppression_step_check, add constraint suppression_step_check"
        " check (step in ('created', 'started', 'ended', 'reminded'))"
    )
    # Of one occurrence everything happens once, but for its reminders: each of them once.
    op.execute("drop index router.suppression_once")
    op.execute(
        "create unique index suppression_once on router.suppression (tenant, kind, suppression_id, step,"
        " (case when step = 'created' then '-infinity' else start_at end),"
        " (case when step = 'reminded' then at else '-infinity' end))"
    )
