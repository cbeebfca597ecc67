"""Alerts that wait their turn, what became of every post for both parties to see, and posts that were read again."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import AUDIT_NOW, audit_view, auditor_reads, published_view, queue_table, tenant_table
from tandem.db.roles import role_of

revision = "ingest_0006"
down_revision = "ingest_0005"
branch_labels = None
depends_on = None

_REPLAY = ("alert_id", "tenant", "integration", "at", "who", "alerts")
_INTAKE = ("tenant", "integration", "minute", "result", "n")


def upgrade() -> None:
    """Add to schema ``ingest``."""
    queue_table("ingest", "waiting", writers=[role_of("ingest")])
    op.execute(
        "alter table ingest.waiting add column tenant text not null generated always as (split_part(key, '/', 1)) stored"
    )
    tenant_table("ingest", "waiting", writer=role_of("ingest"), scoped=())
    op.execute("create index waiting_tenant on ingest.waiting (tenant, at)")
    auditor_reads("ingest", "waiting", ["tenant", "at"])
    audit_view(
        "ingest",
        "v_waiting_stuck",
        "select tenant, 'ingest.waiting ' || tenant, min(at), format('%s accepted alerts wait their turn since %s',"  # noqa: S608 - constants
        " count(*), min(at)), 'see that ingest runs and lets them go; else this client posts far more than is routed'"
        f" from ingest.waiting group by tenant having min(at) < {AUDIT_NOW} - interval '10 minutes'",
    )
    op.execute(
        "create table ingest.intake (tenant text not null, integration text not null, minute timestamptz not null,"
        " result text not null, n bigint not null, primary key (integration, minute, result, tenant))"
        " with (fillfactor = 70)"
    )
    op.execute("create index intake_minute on ingest.intake (minute)")
    tenant_table("ingest", "intake", writer=role_of("ingest"))
    published_view("ingest", "intakes", of="intake", columns=_INTAKE)
    op.execute(
        "create table ingest.replay (alert_id uuid primary key, tenant text not null, integration text not null,"
        " at timestamptz not null, who text not null, alerts int not null)"
    )
    tenant_table("ingest", "replay", writer=role_of("ingest"))
    published_view("ingest", "replays", of="replay", columns=_REPLAY)
