"""What the auditor reads of the clocks: I5, and timers that are late or missing."""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from alembic import op

from tandem.db.grants import AUDIT_NOW, AUDIT_PATIENCE, AUDIT_SINCE, audit_view, auditor_reads, late_timers

revision = "sla_0002"
down_revision = "sla_0001"
branch_labels = None
depends_on = None

_CLOCK = (
    *("tenant", "incident_id", "key", "clock", "party", "cycle", "start_at", "due_at", "state", "stop_at"),
    *("counted_s", "breached_at", "flags"),
)
_RUNS = "c.stop_at is null and c.state in ('running', 'paused', 'breached')"


def upgrade() -> None:
    """Add to schema ``sla``."""
    # Few rows: what runs. The auditor asks for all of them every half minute.
    op.execute("create index clock_running on sla.clock (incident_id) where stop_at is null")
    auditor_reads("sla", "clock", _CLOCK)
    auditor_reads("sla", "incident", ["incident_id", "tenant", "folded_version"])
    auditor_reads("sla", "timer", ["tenant", "key", "kind", "due_at"])
    parts = (_doubled(), _endless(), _negative(), _missing())
    audit_view("sla", "v_double_clock", " union all ".join(parts))
    audit_view("sla", "v_late_timers", f"{late_timers('sla')} union all {_timerless()}")


def _doubled() -> str:
    """Of one incident one response and one resolution runs, and of each party one joint call."""
    return (
        "select min(c.tenant), c.incident_id::text, min(c.start_at),"
        " format('%s clocks %s of %s run at once', count(*), c.clock, string_agg(distinct c.party, ' and ')),"
        " 'time is counted twice: compare with tandem sla replay and correct the month''s report'"
        f" from sla.clock c where {_RUNS} and c.clock in ('response', 'resolution', 'joint_call')"
        " group by c.incident_id, c.clock, case c.clock when 'joint_call' then c.party end having count(*) > 1"
    )


def _endless() -> str:
    return (
        "select c.tenant, c.incident_id::text, i.resolved_at,"
        " format('the incident is resolved and clock %s of %s runs on', c.clock, c.party),"
        " 'see that the process which serves sla-clock runs; compare with tandem sla replay'"
        " from sla.clock c join router.incident i on i.id = c.incident_id"
        " join router.event e on e.incident_id = i.id and e.version = i.version"
        f" where {_RUNS} and c.clock in ('response', 'resolution', 'joint_call') and i.state = 'resolved'"
        f" and e.received_at < {AUDIT_NOW} - 2 * {AUDIT_PATIENCE}"
    )


def _negative() -> str:
    recent = f"(c.stop_at is null or least(c.stop_at, c.due_at) >= {AUDIT_SINCE})"
    return (
        "select c.tenant, c.incident_id::text, c.start_at,"
        " format('clock %s of %s counts %s s and stops %s after it began', c.clock, c.party, c.counted_s,"
        "   c.stop_at - c.start_at),"
        " 'a fact has an instant that cannot be: compare with tandem sla replay'"
        f" from sla.clock c where {recent} and (c.counted_s < 0 or c.stop_at < c.start_at or c.due_at < c.start_at)"
    )


def _missing() -> str:
    """An incident that the clock has not heard of, or not all of."""
    return (
        "select r.tenant, r.incident_id::text, r.cycle_at,"
        " format('incident #%s is at version %s, its clocks are at %s', r.number, r.version,"
        "   coalesce(k.folded_version, 0)),"
        " 'no time counts for it: see that the process which serves sla-clock runs and reads'"
        " from router.v_running r join router.event e on e.incident_id = r.incident_id and e.version = r.version"
        " left join sla.incident k on k.incident_id = r.incident_id"
        " where (k.folded_version is null or k.folded_version < r.version)"
        f" and e.received_at < {AUDIT_NOW} - 2 * {AUDIT_PATIENCE}"
    )


def _timerless() -> str:
    """A clock that runs towards an instant at which nobody will look."""
    return (
        "select c.tenant, c.incident_id::text, min(c.start_at),"
        " format('clock %s of %s runs and no timer looks at it', min(c.clock), min(c.party)),"
        " 'it will neither warn nor breach: any fact on the incident (a note) sets the timer again'"
        f" from sla.clock c where c.stop_at is null and c.state = 'running' and c.due_at > {AUDIT_NOW}"
        " and not c.flags ? 'clear_pending'"
        " and not exists (select from sla.timer t where t.tenant = c.tenant and t.key = c.incident_id::text)"
        " group by c.tenant, c.incident_id"
    )
