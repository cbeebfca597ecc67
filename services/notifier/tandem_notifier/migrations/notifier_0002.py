"""What the MSP took over by the hours, until the internal party's opening list has told of it."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import tenant_table

revision = "notifier_0002"
down_revision = "notifier_0001"
branch_labels = None
depends_on = None

WRITER = "tandem_notifier"


def upgrade() -> None:
    """Add to schema ``notifier``."""
    op.execute(
        """
        create table notifier.night (
            tenant text not null,
            incident_id uuid not null,
            primary key (tenant, incident_id)
        )
        """
    )
    tenant_table("notifier", "night", writer=WRITER, scoped=())


def downgrade() -> None:
    op.execute("drop table notifier.night")
