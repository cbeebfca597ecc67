"""Alerts, decisions, incidents, their facts and commands; the views that the console reads."""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from alembic import op

from tandem.db.grants import create_schema, publish, tenant_table, timer_table

revision = "router_0001"
down_revision = None
branch_labels = ("router",)
depends_on = None

WRITER = "tandem_router"


def upgrade() -> None:
    """Make schema ``router``; the router alone writes it."""
    create_schema("router")
    _incidents()
    _history()
    _bookkeeping()
    timer_table("router", writer=WRITER)
    _views()


def _incidents() -> None:
    op.execute(
        """
        create table router.incident (
            id uuid primary key,
            tenant text not null,
            number int not null,
            group_key text not null,
            version int not null,
            state text not null,
            priority text not null,
            owner text not null,
            responsible_party text not null,
            function text not null,
            title text not null,
            opened_at timestamptz not null,
            resolved_at timestamptz,
            snapshot jsonb not null
        ) with (fillfactor = 70)
        """
    )
    # Two replicas cannot open two incidents of one group: the slower one's commit fails and it joins.
    op.execute("create unique index incident_open on router.incident (tenant, group_key) where state <> 'resolved'")
    op.execute("create index incident_group on router.incident (tenant, group_key, opened_at)")
    op.execute("create unique index incident_number on router.incident (tenant, number)")
    op.execute("create index incident_queue on router.incident (tenant, opened_at)")
    tenant_table("router", "incident", writer=WRITER)


def _history() -> None:
    op.execute(
        """
        create table router.event (
            tenant text not null,
            incident_id uuid not null,
            version int not null,
            kind text not null,
            effective_at timestamptz not null,
            received_at timestamptz not null,
            body jsonb not null,
            primary key (incident_id, version)
        )
        """
    )
    op.execute(
        """
        create table router.alert (
            id uuid primary key,
            tenant text not null,
            incident_id uuid,
            integration text not null,
            dedup_key text not null,
            received_at timestamptz not null,
            body jsonb not null,
            raw bytea
        )
        """
    )
    op.execute("create index alert_incident on router.alert (incident_id)")
    op.execute("create index alert_received on router.alert using brin (received_at)")
    op.execute(
        """
        create table router.decision (
            alert_id uuid primary key,
            tenant text not null,
            incident_id uuid,
            at timestamptz not null,
            agreement_version int not null,
            trace jsonb not null
        )
        """
    )
    op.execute("create index decision_incident on router.decision (incident_id)")
    tenant_table("router", "event", writer=WRITER, append_only=True)
    # Raw bodies are taken out after 90 days, so alerts are not append-only.
    tenant_table("router", "alert", writer=WRITER)
    tenant_table("router", "decision", writer=WRITER, append_only=True)


def _bookkeeping() -> None:
    op.execute(
        """
        create table router.command (
            command_id uuid primary key,
            tenant text not null,
            incident_id uuid not null,
            kind text not null,
            outcome text not null check (outcome in ('done', 'refused')),
            reason text,
            version int not null,
            by_party text,
            by_person text,
            at timestamptz not null
        )
        """
    )
    op.execute("create index command_incident on router.command (incident_id)")
    op.execute(
        """
        create table router.member (
            tenant text not null,
            dedup_key text not null,
            incident_id uuid not null,
            primary key (tenant, dedup_key)
        )
        """
    )
    op.execute("create table router.numbering (tenant text primary key, last int not null) with (fillfactor = 50)")
    tenant_table("router", "command", writer=WRITER, append_only=True)
    tenant_table("router", "member", writer=WRITER, scoped=())
    tenant_table("router", "numbering", writer=WRITER, scoped=())


_INCIDENT = (
    "id",
    "tenant",
    "number",
    "version",
    "state",
    "priority",
    "owner",
    "responsible_party",
    "function",
    "title",
)
_TIMES = ("opened_at", "resolved_at")
_FROM_SNAPSHOT = {
    "lead": "text",
    "cycle": "int",
    "category": "text",
    "incident_class": "text",
    "track": "text",
    "mode": "text",
    "site": "text",
    "host": "text",
    "regulated": "bool",
    "affected_users": "int",
    "tenant_users": "int",
    "p1_workflow": "bool",
    "unmapped": "bool",
    '"row"': "text",
    "sla_profile": "text",
    "agreement_version": "int",
    "provider": "text",
    "detected_at": "timestamptz",
    "occurred_at": "timestamptz",
    "detected_by": "text",
    "acknowledged": "jsonb",
    "joined": "jsonb",
    "started_at": "timestamptz",
    "resolved_by": "text",
    "clear_pending_at": "timestamptz",
    "hold_until": "timestamptz",
    "reopened_at": "timestamptz",
    "occurrences": "int",
    "last_seen_at": "timestamptz",
    "must_acknowledge": "jsonb",
    "informed": "jsonb",
    "paths": "jsonb",
    "firing": "jsonb",
    "flags": "jsonb",
    "because": "jsonb",
    "recurrence_of": "uuid",
}


def _views() -> None:
    own = ", ".join(f"i.{name}" for name in (*_INCIDENT, *_TIMES))
    taken = ", ".join(f"s.{name}" for name in _FROM_SNAPSHOT)
    types = ", ".join(f"{name} {kind}" for name, kind in _FROM_SNAPSHOT.items())
    publish(
        "router",
        "incidents",
        # One pass over the snapshot per row, however many columns are read.
        select=f"select {own}, {taken} from router.incident i"
        f" cross join lateral jsonb_to_record(i.snapshot) as s({types})",
        beneath={"incident": (*_INCIDENT, *_TIMES, "snapshot")},
    )
    fact = ("tenant", "incident_id", "version", "kind", "effective_at", "received_at")
    publish(
        "router",
        "facts",
        select=f"select {', '.join(fact)}, body ->> 'priority' as priority, body ->> 'owner' as owner,"
        " body ->> 'responsible_party' as responsible_party, body ->> 'party' as party, body ->> 'person' as person,"
        " nullif(body -> 'alert', 'null') as alert, body -> 'detail' as detail from router.event",
        beneath={"event": (*fact, "body")},
    )
    decision = ("tenant", "alert_id", "incident_id", "at", "agreement_version", "trace")
    publish(
        "router",
        "decisions",
        select=f"select {', '.join(decision)} from router.decision",
        beneath={"decision": decision},
    )
    alert = ("id", "tenant", "incident_id", "integration", "dedup_key", "received_at")
    words = ("vendor", "title", "status", "severity", "severity_word", "host", "url", "content_type", "quarantined")
    texts = ", ".join(f"body ->> '{word}' as {word}" for word in words)
    publish(
        "router",
        "alerts",
        select=f"select {', '.join(alert)}, {texts}, (body ->> 'occurred_at')::timestamptz as occurred_at,"
        " body ->> 'description' as description, body -> 'labels' as labels from router.alert",
        beneath={"alert": (*alert, "body")},
    )
    command = (
        *("command_id", "tenant", "incident_id", "kind", "outcome", "reason", "version", "by_party", "by_person", "at"),
    )
    publish(
        "router",
        "commands",
        select=f"select {', '.join(command)} from router.command",
        beneath={"command": command},
    )
