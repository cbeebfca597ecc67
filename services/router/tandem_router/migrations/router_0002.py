"""What is held and what became of it, what happened to windows and silences, and the ledger over both."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import publish, published_view, tenant_table

revision = "router_0002"
down_revision = "router_0001"
branch_labels = None
depends_on = None

WRITER = "tandem_router"
_HELD = (
    *("id", "tenant", "condition", "alert_id", "kind", "by_id", "reason", "since", "until", "last_seen_at", "count"),
    *("worst", "priority", "function", "title", "parent_incident", "outcome", "outcome_at", "incident_id", "note"),
)
_SUPPRESSION = (
    *("tenant", "kind", "suppression_id", "step", "start_at", "end_at", "at", "name", "reason", "owner", "party"),
    *("scope", "holds_p1", "held", "conditions", "worst", "agreement_version"),
)


def upgrade() -> None:
    """Add to schema ``router``."""
    _held()
    _suppression()
    # Which incident a held alert came to is known later than its decision; nothing else of a decision ever changes.
    op.execute(f"grant update (incident_id) on router.decision to {WRITER}")


def _held() -> None:
    op.execute(
        """
        create table router.held (
            id uuid primary key,
            tenant text not null,
            condition text not null,
            alert_id uuid not null,
            kind text not null check (kind in ('window', 'silence', 'inhibition', 'parent')),
            by_id text not null,
            reason text not null,
            since timestamptz not null,
            until timestamptz,
            last_seen_at timestamptz not null,
            count int not null,
            worst text not null,
            priority text not null,
            function text not null,
            title text not null,
            parent_incident uuid,
            outcome text check (outcome in ('cleared_meanwhile', 'released', 'merged', 'held_on')),
            outcome_at timestamptz,
            incident_id uuid,
            note text,
            state jsonb not null,
            check ((outcome is null) = (outcome_at is null))
        ) with (fillfactor = 70)
        """
    )
    # One condition waits in one place: two replicas cannot hold it twice.
    op.execute("create unique index held_waiting on router.held (tenant, condition) where outcome is null")
    op.execute("create index held_by on router.held (tenant, kind, by_id, since)")
    op.execute("create index held_parent on router.held (parent_incident) where outcome is null")
    op.execute("create index held_since on router.held (tenant, since)")
    tenant_table("router", "held", writer=WRITER)
    published_view("router", "held_alerts", of="held", columns=_HELD)
    publish(
        "router",
        "suppression_ledger",
        readers=("tandem_console", WRITER),
        select="select tenant, kind, by_id, min(reason) as reason, date_trunc('day', since) as day,"
        " count(*) as conditions, sum(count) as alerts,"
        " (array_agg(worst order by array_position(array['critical', 'high', 'medium', 'low', 'info', 'unknown'], worst)"
        "))[1] as worst, min(priority) as worst_priority,"
        " count(*) filter (where outcome is null) as waiting,"
        " count(*) filter (where outcome = 'released') as released,"
        " count(*) filter (where outcome = 'merged') as merged,"
        " count(*) filter (where outcome = 'cleared_meanwhile') as cleared_meanwhile,"
        " count(*) filter (where outcome = 'held_on') as held_on,"
        " min(since) as first_at, max(last_seen_at) as last_at"
        " from router.held group by tenant, kind, by_id, date_trunc('day', since)",
        beneath={
            "held": (
                *(
                    "tenant",
                    "kind",
                    "by_id",
                    "reason",
                    "since",
                    "last_seen_at",
                    "count",
                    "worst",
                    "priority",
                    "outcome",
                ),
            )
        },
    )


def _suppression() -> None:
    op.execute(
        """
        create table router.suppression (
            tenant text not null,
            kind text not null check (kind in ('window', 'silence')),
            suppression_id text not null,
            step text not null check (step in ('created', 'started', 'ended')),
            start_at timestamptz,
            end_at timestamptz,
            at timestamptz not null,
            name text not null,
            reason text not null,
            owner text not null,
            party text,
            scope text not null,
            holds_p1 boolean not null,
            held int not null,
            conditions int not null,
            worst text,
            agreement_version int not null
        )
        """
    )
    # Each thing that happens to an occurrence happens once; the second replica's commit fails and it reads anew.
    op.execute(
        "create unique index suppression_once on router.suppression"
        " (tenant, kind, suppression_id, step, (case when step = 'created' then '-infinity' else start_at end))"
    )
    op.execute("create index suppression_at on router.suppression (tenant, at)")
    tenant_table("router", "suppression", writer=WRITER, append_only=True)
    published_view("router", "suppressions", of="suppression", columns=_SUPPRESSION)
