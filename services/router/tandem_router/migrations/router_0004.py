"""Queues that are over their limit, governance items with their view, and who has which part in an incident."""

# ruff: noqa: S608 - SQL made of names that stand in this file and in earlier revisions
from __future__ import annotations

from alembic import op

from tandem.db.grants import published_view, tenant_table
from tandem_router.migrations import router_0001 as first
from tandem_router.migrations import router_0003 as third

revision = "router_0004"
down_revision = "router_0003"
branch_labels = None
depends_on = None

WRITER = "tandem_router"
_ITEM = ("tenant", "kind", "key", "title", "count", "first_seen", "last_seen", "alert_id", "due_at", "state")
_MORE = {"raci": "jsonb", "runbook": "text", "public_communications": "text", "approval": "text"}


def upgrade() -> None:
    """Add to schema ``router``."""
    _overflow()
    _governance()
    _view()


def _overflow() -> None:
    op.execute(
        """
        create table router.overflow (
            tenant text primary key,
            over boolean not null,
            unanswered int not null
        )
        """
    )
    tenant_table("router", "overflow", writer=WRITER, scoped=())
    op.execute("create index incident_unanswered on router.incident (tenant, responsible_party) where state = 'open'")
    # The day roll walks a tenant's running incidents in the order of their ids.
    op.execute("create index incident_running on router.incident (tenant, id) where state <> 'resolved'")


def _governance() -> None:
    op.execute(
        """
        create table router.governance_item (
            tenant text not null,
            kind text not null check (kind in ('unmapped', 'unknown_word')),
            key text not null,
            title text not null,
            count bigint not null,
            first_seen timestamptz not null,
            last_seen timestamptz not null,
            alert_id uuid not null,
            due_at timestamptz not null,
            state text not null default 'open' check (state in ('open', 'settled')),
            primary key (tenant, kind, key)
        ) with (fillfactor = 70)
        """
    )
    tenant_table("router", "governance_item", writer=WRITER)
    published_view("router", "governance", of="governance_item", columns=_ITEM)


def _view() -> None:
    """The incidents view with who has which part; new columns come last."""
    own = ", ".join(f"i.{name}" for name in (*first._INCIDENT, *first._TIMES))  # noqa: SLF001 - the same view
    snapshot = {**first._FROM_SNAPSHOT, **third._MORE, **_MORE}  # noqa: SLF001
    taken = ", ".join(f"s.{name}" for name in snapshot)
    types = ", ".join(f"{name} {kind}" for name, kind in snapshot.items())
    op.execute(
        "create or replace view router.incidents with (security_invoker = true) as"
        f" select {own}, {taken} from router.incident i cross join lateral jsonb_to_record(i.snapshot) as s({types})"
    )
