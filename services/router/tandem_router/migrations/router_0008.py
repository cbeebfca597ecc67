"""Checks: what is waited for, its history per asset and period, alerts counted by the hour."""

# ruff: noqa: S608 - SQL made of words that stand in this file and in the spine
from __future__ import annotations

from alembic import op

from tandem.db.grants import AUDIT_NOW, AUDIT_PATIENCE, audit_view, auditor_reads, publish, published_view, tenant_table
from tandem_router.checks.state import Outcome, Phase, Trouble

revision = "router_0008"
down_revision = "router_0007"
branch_labels = None
depends_on = None

WRITER = "tandem_router"
_SORTS = ("heartbeat", "backup", "restore_test", "volume")
_STATE = ("tenant", "check_id", "phase", "sort", "asset", "name", "due_at", "trouble", "state")
_RESULT = (
    *("id", "tenant", "check_id", "sort", "asset", "outcome", "due_at", "at", "run_id", "duration_s", "exit_code"),
    *("note", "party", "person", "agreement_version"),
)


def upgrade() -> None:
    """Add to schema ``router``."""
    _states()
    _results()
    _hours()


def _states() -> None:
    op.execute(
        f"""
        create table router.check_state (
            tenant text not null,
            check_id text not null,
            phase text not null check (phase in ({_words(Phase)})),
            sort text not null check (sort in ({_words(_SORTS)})),
            asset text,
            name text,
            due_at timestamptz,
            trouble text check (trouble in ({_words(Trouble)})),
            state jsonb,
            primary key (tenant, check_id)
        ) with (fillfactor = 70)
        """
    )
    tenant_table("router", "check_state", writer=WRITER)
    auditor_reads("router", "check_state", ["tenant", "check_id", "phase", "due_at"])
    audit_view(
        "router",
        "v_unwatched_checks",
        "select c.tenant, c.check_id, c.due_at, 'check ' || c.check_id || ' is due and no timer looks at it',"
        " 'restart the process that serves the router, which arms lost timers'"
        " from router.check_state c where c.phase in ('new', 'up', 'late', 'started')"
        f" and c.due_at < {AUDIT_NOW} - {AUDIT_PATIENCE} and not exists (select from router.timer t"
        "   where (t.tenant, t.key, t.kind) = (c.tenant, c.check_id, 'check'))",
    )
    published_view("router", "checks", of="check_state", columns=_STATE, where="state is not null")


def _results() -> None:
    op.execute(
        f"""
        create table router.check_result (
            id uuid primary key,
            tenant text not null,
            check_id text not null,
            sort text not null check (sort in ({_words(_SORTS)})),
            asset text,
            outcome text not null check (outcome in ({_words(Outcome)})),
            due_at timestamptz,
            at timestamptz not null,
            run_id text not null,
            duration_s double precision,
            exit_code int,
            note text,
            party text,
            person text,
            agreement_version int not null,
            from_signal boolean not null
        )
        """
    )
    op.execute("create index check_result_of on router.check_result (tenant, check_id, at desc)")
    op.execute(
        "create index check_result_period on router.check_result (tenant, sort, due_at, check_id, at)"
        " where due_at is not null"
    )
    tenant_table("router", "check_result", writer=WRITER)
    published_view("router", "check_results", of="check_result", columns=_RESULT)
    # One row per check and period, as the review counts them: the last word of the period, and how it was come by.
    publish(
        "router",
        "check_periods",
        select="select tenant, check_id, sort, due_at, (array_agg(asset order by at desc))[1] as asset,"
        " case (array_agg(outcome order by at desc))[1] when 'ok' then 'verified'"
        "   else (array_agg(outcome order by at desc))[1] end as outcome,"
        " bool_or(outcome = 'missing') as was_missing, bool_or(outcome = 'failed') as had_failed,"
        " max(at) as at from router.check_result"
        " where due_at is not null and outcome in ('ok', 'failed', 'missing')"
        " group by tenant, check_id, sort, due_at",
        beneath={"check_result": _RESULT},
    )


def _hours() -> None:
    op.execute(
        "create table router.check_hour (tenant text not null, check_id text not null, start_at timestamptz not null,"
        " count int not null, primary key (tenant, check_id, start_at)) with (fillfactor = 70)"
    )
    tenant_table("router", "check_hour", writer=WRITER, scoped=())


def _words(words: object) -> str:
    return ", ".join(f"'{word}'" for word in words)  # type: ignore[attr-defined]
