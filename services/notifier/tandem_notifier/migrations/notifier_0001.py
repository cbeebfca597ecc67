"""Schema notifier: escalations, pages with their attempts and answers, timers; the view ``pages`` for the console."""

from __future__ import annotations

from alembic import op

from tandem.db.grants import create_schema, published_view, tenant_table, timer_table

revision = "notifier_0001"
down_revision = None
branch_labels = ("notifier",)
depends_on = None

WRITER = "tandem_notifier"
PUBLISHED = (
    *("page_id", "tenant", "incident_id", "party", "track", "person", "channel", "path", "step", "pass", "state"),
    *("attempt", "planned_at", "sent_at", "acknowledged_at", "reason", "cycle", "told", "failure"),
)


def upgrade() -> None:
    create_schema("notifier", users=[WRITER])
    op.execute(
        """
        create table notifier.escalation (
            incident_id uuid primary key,
            tenant text not null,
            version int not null,
            agreement_version int not null,
            open boolean not null,
            next_at timestamptz,
            state jsonb not null
        ) with (fillfactor = 70)
        """
    )
    op.execute("create index escalation_next on notifier.escalation (next_at) where open")
    tenant_table("notifier", "escalation", writer=WRITER)
    _pages()
    op.execute(
        """
        create table notifier.attempt (
            page_id uuid not null,
            attempt int not null,
            tenant text not null,
            started_at timestamptz not null,
            ended_at timestamptz not null,
            result text not null,
            detail text,
            primary key (page_id, attempt)
        )
        """
    )
    tenant_table("notifier", "attempt", writer=WRITER, append_only=True)
    op.execute(
        """
        create table notifier.answer (
            command_id uuid primary key,
            tenant text not null,
            incident_id uuid not null,
            page_id uuid not null,
            party text not null,
            person text not null,
            via text not null,
            at timestamptz not null
        )
        """
    )
    tenant_table("notifier", "answer", writer=WRITER, append_only=True)
    timer_table("notifier", writer=WRITER)


def _pages() -> None:
    op.execute(
        """
        create table notifier.page (
            page_id uuid primary key,
            tenant text not null,
            incident_id uuid not null,
            cycle int not null,
            party text not null,
            answers_for text not null,
            track text not null,
            person text not null,
            key text not null,
            channel text not null,
            target text not null,
            path text not null,
            pass int not null,
            step int not null,
            told boolean not null,
            state text not null check (state in ('planned', 'sending', 'delivered', 'failed', 'acknowledged',
                'cancelled', 'would_have_paged')),
            attempt int not null,
            late boolean not null default false,
            planned_at timestamptz not null,
            deadline_at timestamptz not null,
            next_attempt_at timestamptz,
            leased_by text,
            leased_until timestamptz,
            sent_at timestamptz,
            acknowledged_at timestamptz,
            alert_at timestamptz,
            reason text not null,
            failure text,
            content bytea not null
        ) with (fillfactor = 80)
        """
    )
    op.execute("create index page_incident on notifier.page (incident_id)")
    op.execute("create index page_due on notifier.page (next_attempt_at) where state in ('planned', 'sending')")
    tenant_table("notifier", "page", writer=WRITER)
    published_view("notifier", "pages", of="page", columns=PUBLISHED)


def downgrade() -> None:
    op.execute("drop schema notifier cascade")
