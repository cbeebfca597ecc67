"""Silences and maintenance windows that people make at run time, beside those of the documents."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import published_view, tenant_table

revision = "agreement_0002"
down_revision = "agreement_0001"
branch_labels = None
depends_on = None

_READERS = ["tandem_ingest", "tandem_router", "tandem_sla_clock", "tandem_notifier", "tandem_chain"]
_COLUMNS = (
    *("tenant", "id", "spec", "made_by_party", "made_by", "made_at", "expires_at"),
    *("ended_at", "ended_by_party", "ended_by", "consent"),
)


def upgrade() -> None:
    """Two tables of one shape; ``tandem_policy`` alone writes them."""
    for name, view in (("silence", "silences"), ("maintenance", "maintenances")):
        op.execute(
            f"create table agreement.{name} (tenant text not null, id text not null, spec jsonb not null,"
            " made_by_party text, made_by text not null, made_at timestamptz not null, expires_at timestamptz,"
            " ended_at timestamptz, ended_by_party text, ended_by text, consent jsonb not null default '{}',"
            " primary key (tenant, id))"
        )
        op.execute(f"create index {name}_made on agreement.{name} (tenant, made_at desc)")
        tenant_table("agreement", name, writer="tandem_policy", readers=_READERS)
        published_view("agreement", view, of=name, columns=_COLUMNS)
