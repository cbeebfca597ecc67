"""The log, its counters, the groups' offsets and the quarantine."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import create_schema, grant_usage, table, tenant_table
from tandem.db.roles import BUS, CHAIN, SERVICES, role_of

revision = "bus_0001"
down_revision = None
branch_labels = ("bus",)
depends_on = None


def upgrade() -> None:
    """Make schema ``bus``: every service reads and appends, nobody owns."""
    create_schema("bus")
    op.execute(
        "create table bus.partition (topic text not null, part int not null, next_offset bigint not null default 0,"
        " primary key (topic, part)) with (fillfactor = 50)"
    )
    op.execute(
        'create table bus.log (topic text not null, part int not null, "offset" bigint not null, key text not null,'
        " value bytea not null, headers text, at timestamptz not null,"
        ' primary key (topic, part, "offset"))'
    )
    op.execute(
        "create table bus.consumer_offset (grp text not null, topic text not null, part int not null,"
        " epoch bigint not null, next_offset bigint not null, primary key (grp, topic, part)) with (fillfactor = 50)"
    )
    op.execute(
        "create table bus.quarantine (id uuid primary key, at timestamptz not null, tenant text, service text not null,"
        ' integration text, topic text, part int, "offset" bigint, reason text not null, raw bytea not null)'
    )
    op.execute("create index log_at on bus.log using brin (at)")
    op.execute("create index quarantine_at on bus.quarantine (at)")
    grant_usage("bus", [BUS, CHAIN, *(role_of(service) for service in SERVICES)])
    for name in ("partition", "log", "consumer_offset"):
        table("bus", name, writers=[BUS])
    # The console puts records aside like every service, but people see only their own tenants' through it.
    others = [CHAIN, *(role_of(service) for service in SERVICES if service != "console")]
    tenant_table("bus", "quarantine", writer=others, readers=["tandem_console"])
    op.execute("grant insert on bus.quarantine to tandem_console")
    op.execute("create policy console_insert on bus.quarantine for insert to tandem_console with check (true)")
