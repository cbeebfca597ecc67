"""How much an integration may post in the long run."""

from __future__ import annotations

from alembic import op

revision = "agreement_0006"
down_revision = "agreement_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Null: what the instance says."""
    op.execute("alter table agreement.integration add column rate double precision check (rate >= 0)")
