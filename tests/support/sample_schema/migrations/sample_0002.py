"""Facts, which nobody changes; and a backfill, which the owner can do although FORCE binds it."""

from alembic import op

from tandem.db import grants

revision = "sample_0002"
down_revision = "sample_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create table sample.fact (id bigint generated always as identity, tenant text not null, body jsonb)")
    grants.tenant_table("sample", "fact", writer="tandem_router", append_only=True)
    op.execute("insert into sample.thing values (1, 'acme', 'before', 'x')")
    op.execute("update sample.thing set name = 'backfilled'")
