"""Clocks, what each incident's clocks need beside its facts, timers, and the view that others read."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import create_schema, grant_usage, published_view, tenant_table, timer_table

revision = "sla_0001"
down_revision = None
branch_labels = ("sla",)
depends_on = None

WRITER = "tandem_sla_clock"


def upgrade() -> None:
    """Make schema ``sla``; the SLA clock alone writes it."""
    create_schema("sla")
    op.execute(
        """
        create table sla.incident (
            incident_id uuid primary key,
            tenant text not null,
            folded_version int not null,
            agreement_version int not null,
            sla_profile text not null,
            monitoring_owner text not null,
            detected_at timestamptz not null,
            occurred_at timestamptz not null,
            detect_flags jsonb not null
        ) with (fillfactor = 80)
        """
    )
    op.execute(
        """
        create table sla.clock (
            tenant text not null,
            incident_id uuid not null,
            key text not null,
            clock text not null,
            party text not null,
            cycle int not null,
            priority text not null,
            start_at timestamptz not null,
            target_s double precision not null,
            due_at timestamptz,
            state text not null,
            stop_at timestamptz,
            counted_s double precision,
            breached_at timestamptz,
            warned jsonb not null,
            flags jsonb not null,
            calendar text not null,
            primary key (incident_id, key)
        ) with (fillfactor = 80)
        """
    )
    # The review of a month asks for the clocks that were decided in it.
    op.execute("create index clock_decided on sla.clock (tenant, (least(stop_at, due_at)))")
    tenant_table("sla", "incident", writer=WRITER, scoped=())
    tenant_table("sla", "clock", writer=WRITER)
    timer_table("sla", writer=WRITER)
    published_view("sla", "clocks", of="clock", columns=CLOCKS)
    _read_facts()


CLOCKS = [
    *("tenant", "incident_id", "clock", "party", "cycle", "priority", "start_at", "target_s", "due_at", "state"),
    *("stop_at", "counted_s", "breached_at", "warned", "flags", "calendar"),
]
FACTS = [
    *("tenant", "incident_id", "version", "kind", "effective_at", "received_at", "body"),
]


def _read_facts() -> None:
    """A clock is folded from facts: this service reads the router's view of them, every tenant's."""
    grant_usage("router", [WRITER])
    op.execute(f"grant select on router.facts to {WRITER}")
    op.execute(f"grant select ({', '.join(FACTS)}) on router.event to {WRITER}")
    op.execute(f"create policy sla_clock_read on router.event for select to {WRITER} using (true)")
