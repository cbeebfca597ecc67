"""A tenant's table with a published view, and timers."""

from alembic import op

from tandem.db import grants

revision = "sample_0001"
down_revision = None
branch_labels = ("sample",)
depends_on = None


def upgrade() -> None:
    grants.create_schema("sample")
    op.execute("create table sample.thing (id bigint primary key, tenant text not null, name text, secret text)")
    op.execute("create index on sample.thing (tenant)")
    grants.tenant_table("sample", "thing", writer="tandem_router", readers=["tandem_notifier"])
    grants.published_view("sample", "things", of="thing", columns=["id", "tenant", "name"])
    grants.timer_table("sample", writer="tandem_router")
