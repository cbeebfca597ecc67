"""Raw bodies, for the console's preview of a mapping: of the reader's own tenants, as long as they are kept."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import publish

revision = "router_0010"
down_revision = "router_0009"
branch_labels = None
depends_on = None

_BENEATH = ("tenant", "integration", "received_at", "body", "raw")


def upgrade() -> None:
    """Publish ``router.bodies``; there is no index by integration, so readers bound ``received_at``."""
    publish(
        "router",
        "bodies",
        select="select tenant, integration, received_at, raw, body ->> 'content_type' as content_type,"
        " body ->> 'title' as title, coalesce((body ->> 'test')::bool, false) as test"
        " from router.alert where raw is not null",
        beneath={"alert": _BENEATH},
    )
    op.execute("comment on view router.bodies is 'What tools posted, as it came in'")
