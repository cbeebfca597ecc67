"""Posts that could not be read, with their bytes, for whoever mends the reading and replays them."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import publish

revision = "router_0009"
down_revision = "router_0008"
branch_labels = None
depends_on = None

_ALERT = ("id", "tenant", "integration", "dedup_key", "received_at", "body", "raw")


def upgrade() -> None:
    """Add to schema ``router``. The first alert of a delivery carries the bytes of all of it."""
    op.execute(
        "create index alert_quarantined on router.alert (received_at desc, id desc)"
        " where body ->> 'quarantined' is not null"
    )
    publish(
        "router",
        "quarantined",
        select="select a.id, a.tenant, a.integration, a.received_at, a.body ->> 'quarantined' as reason,"
        " o.content_type, o.raw, coalesce(o.keys, '{}') as known_keys"
        " from router.alert a cross join lateral ("
        "  select (array_agg(b.raw) filter (where b.raw is not null))[1] as raw,"
        "   max(b.body ->> 'content_type') as content_type,"
        "   array_agg(b.dedup_key) filter (where b.id <> a.id) as keys"
        "  from router.alert b where b.tenant = a.tenant and b.integration = a.integration"
        "   and b.received_at = a.received_at and b.body ->> 'delivery_id' = a.body ->> 'delivery_id') o"
        " where a.body ->> 'quarantined' is not null",
        beneath={"alert": _ALERT},
    )
