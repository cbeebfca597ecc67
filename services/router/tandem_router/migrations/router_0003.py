"""What joins incidents: openings counted per source and site, clears that came too early, merges, outages by time."""

# ruff: noqa: S608 - SQL made of names that stand in this file and in the first revision
from __future__ import annotations

from alembic import op

from tandem.db.grants import tenant_table
from tandem_router.migrations import router_0001 as first

revision = "router_0003"
down_revision = "router_0002"
branch_labels = None
depends_on = None

WRITER = "tandem_router"
_MORE = {"merged_into": "uuid", "linked": "jsonb", "calm_at": "timestamptz", "unkept": "int"}


def upgrade() -> None:
    """Add to schema ``router``."""
    _incidents()
    _openings()
    _alerts()
    _view()


def _incidents() -> None:
    op.execute(
        "alter table router.incident add column merged_into uuid, add column outage_at timestamptz,"
        " add column raging boolean not null default false"
    )
    # Few rows: outages of known assets that run, and storms that run.
    op.execute(
        "create index incident_outage on router.incident (tenant, outage_at)"
        " where state <> 'resolved' and outage_at is not null"
    )
    op.execute("create index incident_storm on router.incident (tenant) where raging")
    op.execute("alter table router.member add column unkept boolean not null default false")
    op.execute("create index member_incident on router.member (incident_id)")


def _openings() -> None:
    op.execute(
        """
        create table router.opening (
            tenant text not null,
            place text not null,
            variant text not null,
            slot int not null,
            opened int not null,
            primary key (tenant, place, variant, slot)
        ) with (fillfactor = 50)
        """
    )
    tenant_table("router", "opening", writer=WRITER, scoped=())


def _alerts() -> None:
    # Clears that nobody waited for: the trigger that each of them overtook asks for it within minutes (R-C7).
    op.execute(
        "create index alert_unawaited on router.alert (tenant, (integration || '/' || dedup_key), received_at)"
        " where body ? 'unawaited'"
    )


def _view() -> None:
    """The incidents view with what says how incidents belong together; new columns come last."""
    own = ", ".join(f"i.{name}" for name in (*first._INCIDENT, *first._TIMES))  # noqa: SLF001 - the same view
    snapshot = {**first._FROM_SNAPSHOT, **_MORE}  # noqa: SLF001
    taken = ", ".join(f"s.{name}" for name in snapshot)
    types = ", ".join(f"{name} {kind}" for name, kind in snapshot.items())
    op.execute(
        "create or replace view router.incidents with (security_invoker = true) as"
        f" select {own}, {taken} from router.incident i cross join lateral jsonb_to_record(i.snapshot) as s({types})"
    )
