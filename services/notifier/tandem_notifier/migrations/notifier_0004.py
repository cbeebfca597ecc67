"""How urgent a page is, and the order in which pages of one kind stand (ADR 38)."""

from __future__ import annotations

from alembic import op

revision = "notifier_0004"
down_revision = "notifier_0003"
branch_labels = None
depends_on = None

# Bytes are looked for, nothing is parsed: one odd page must not stop an upgrade. In a title the quotes are escaped.
OF_OPEN_PAGES = (
    "update notifier.page set urgency = case when told then 4"
    """ when position('"priority":"P1"'::bytea in content) > 0 then 1"""
    """ when position('"priority":"P2"'::bytea in content) > 0 then 2 else 3 end"""
    " where state in ('planned', 'sending')"
)


def upgrade() -> None:
    """Add to schema ``notifier``. An older process beside this goes on: its pages are P2s, behind P1s and nothing else."""
    op.execute(
        "alter table notifier.page add column urgency smallint not null default 2 check (urgency between 1 and 4)"
    )
    op.execute(OF_OPEN_PAGES)
    op.execute(
        "create index page_turn on notifier.page (urgency, target, tenant, next_attempt_at)"
        " where state in ('planned', 'sending')"
    )
    # It found what is due by time alone, of any urgency; an older process finds its pages by the new one as quickly.
    op.execute("drop index notifier.page_due")


def downgrade() -> None:
    op.execute("create index page_due on notifier.page (next_attempt_at) where state in ('planned', 'sending')")
    op.execute("drop index notifier.page_turn")
    op.execute("alter table notifier.page drop column urgency")
