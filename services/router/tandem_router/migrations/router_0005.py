"""What the auditor reads of the router: I1, I2, I6 and I7, who is responsible, and the running incidents."""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from alembic import op

from tandem.db.grants import (
    AUDIT_NOW,
    AUDIT_PATIENCE,
    AUDIT_SINCE,
    audit_view,
    auditor_reads,
    late_timers,
    publish,
)
from tandem.db.roles import AUDITOR

revision = "router_0005"
down_revision = "router_0004"
branch_labels = None
depends_on = None

_INCIDENT = (
    *("id", "tenant", "number", "version", "state", "priority", "owner", "responsible_party", "opened_at"),
    *("resolved_at", "merged_into", "snapshot"),
)
_FROM_SNAPSHOT = {
    "cycle": "int",
    "track": "text",
    "mode": "text",
    "flags": "jsonb",
    "must_acknowledge": "jsonb",
    "acknowledged": "jsonb",
    "clear_pending_at": "timestamptz",
    "hold_until": "timestamptz",
    "reopened_at": "timestamptz",
    "second_face": "jsonb",
    "own_priority": "text",
    "said_responsible": "text",
}
_ALERT_HEAD = r"'\x08011210'::bytea"
"""How an Alert begins on the wire: version 1, then sixteen bytes of its id."""


def upgrade() -> None:
    """Add to schema ``router``."""
    op.execute("create index incident_opened on router.incident using brin (opened_at)")
    op.execute("create index decision_at on router.decision using brin (at)")
    auditor_reads("router", "incident", _INCIDENT)
    auditor_reads("router", "event", ["tenant", "incident_id", "version", "kind", "received_at", "body"])
    auditor_reads("router", "alert", ["id", "tenant", "incident_id", "dedup_key", "received_at"])
    auditor_reads("router", "decision", ["alert_id", "tenant", "incident_id", "at"])
    auditor_reads("router", "held", ["id", "tenant", "condition", "since", "until", "outcome"])
    auditor_reads("router", "timer", ["tenant", "key", "kind", "due_at"])
    _running()
    _orphans()
    _half_accepted()
    _histories()
    _unowned()
    _timers()


def _running() -> None:
    """Running incidents with what their pages and clocks follow from; the views of their owners read it."""
    taken = ", ".join(f"s.{name}" for name in _FROM_SNAPSHOT)
    types = ", ".join(f"{name} {kind}" for name, kind in _FROM_SNAPSHOT.items() if name != "said_responsible")
    publish(
        "router",
        "v_running",
        select="select i.id as incident_id, i.tenant, i.number, i.version, i.state, i.priority, i.owner,"
        f" i.responsible_party, i.opened_at, coalesce(s.reopened_at, i.opened_at) as cycle_at, {taken}"
        " from router.incident i cross join lateral (select r.*, i.snapshot ->> 'responsible_party' as said_responsible"
        f" from jsonb_to_record(i.snapshot) as r({types})) s where i.state <> 'resolved'",
        beneath={},
        readers=(AUDITOR,),
    )


def _orphans() -> None:
    recent = f"a.received_at >= {AUDIT_SINCE}"
    audit_view(
        "router",
        "v_orphan_alerts",
        "select a.tenant, a.id, a.received_at, 'alert ' || a.dedup_key || ' has no decision',"
        " 'nobody was asked about it: raise an incident by hand'"
        f" from router.alert a where {recent} and not exists (select from router.decision d where d.alert_id = a.id)"
        " union all select d.tenant, d.alert_id, d.at, 'a decision has no alert',"
        " 'the alert''s row is gone: restore it from the backup or read it from the log'"
        f" from router.decision d where d.at >= {AUDIT_SINCE}"
        " and not exists (select from router.alert a where a.id = d.alert_id)"
        " union all select a.tenant, a.id, a.received_at, 'alert ' || a.dedup_key || ' came to an incident that is not there',"
        " 'nobody is paged about it: raise an incident by hand'"
        f" from router.alert a where {recent} and a.incident_id is not null"
        " and not exists (select from router.incident i where i.id = a.incident_id)",
    )


def _half_accepted() -> None:
    """What ingest has promised and the router has passed; what it has not reached yet is a consumer's lag."""
    audit_view(
        "router",
        "v_half_accepted",
        "select split_part(l.key, '/', 1), l.topic || '/' || l.part || '@' || l.\"offset\", l.at,"
        " 'the log holds an accepted alert of ' || l.key || ' that the router has passed and not stored',"
        " 'read it with tandem bus tail alerts and raise an incident by hand'"
        " from bus.log l join bus.consumer_offset o on o.grp = 'router' and o.topic = l.topic and o.part = l.part"
        '   and l."offset" < o.next_offset'
        f" where l.topic = 'tandem.alerts' and l.at >= {AUDIT_SINCE}"
        f" and substring(l.value from 1 for 4) = {_ALERT_HEAD}"
        " and not exists (select from router.alert a"
        "   where a.id = encode(substring(l.value from 5 for 16), 'hex')::uuid)"
        " and not exists (select from bus.quarantine q"
        '   where q.topic = l.topic and q.part = l.part and q."offset" = l."offset")',
    )


def _histories() -> None:
    audit_view(
        "router",
        "v_broken_history",
        "select i.tenant, i.id, i.opened_at,"
        " format('incident #%s is at version %s; its facts are %s, the last is version %s, %s of them open it',"
        "   i.number, i.version, h.facts, coalesce(h.last, 0), h.openings),"
        " 'what clocks and pages were made of is not whole: compare it with tandem bus tail incidents'"
        " from router.incident i cross join lateral ("
        "   select count(*) as facts, max(e.version) as last, count(*) filter (where e.kind = 'opened') as openings"
        "   from router.event e where e.incident_id = i.id) h"
        f" where (i.state <> 'resolved' or i.opened_at >= {AUDIT_SINCE})"
        " and (h.facts <> i.version or h.last is distinct from i.version or h.openings <> 1)",
    )


def _unowned() -> None:
    pages = "coalesce(r.own_priority, r.priority) in ('P1', 'P2') and r.must_acknowledge <> '[]'::jsonb"
    audit_view(
        "router",
        "v_unowned",
        "select r.tenant, r.incident_id, r.cycle_at, format('incident #%s: %s', r.number, w.what),"
        " 'agree who has it, and give it to them: tandem incidents reassign'"
        " from router.v_running r"
        " left join router.event e on e.incident_id = r.incident_id and e.version = r.version"
        " cross join lateral (select case"
        "   when r.responsible_party not in ('internal', 'msp') then 'no party is responsible'"
        "   when r.said_responsible is distinct from r.responsible_party"
        "     or e.body ->> 'responsible_party' <> r.responsible_party then 'two parties are said to be responsible'"
        f"   when {pages} and not r.must_acknowledge ? r.responsible_party"
        "     then 'somebody is paged, and not the party that is responsible'"
        "   end as what) w where w.what is not null",
    )


def _timers() -> None:
    audit_view(
        "router",
        "v_late_timers",
        late_timers("router") + " union all select r.tenant, r.incident_id::text, r.clear_pending_at,"
        " format('incident #%s waits for the end of its hold-down and no timer ends it', r.number),"
        " 'it will never resolve by itself: resolve it by hand'"
        " from router.v_running r where r.hold_until is not null and not exists (select from router.timer t"
        "   where t.tenant = r.tenant and t.key = r.incident_id::text and t.kind = 'hold_down')"
        " union all select h.tenant, h.id::text, h.since,"
        " 'a held alert of ' || h.condition || ' waits and no timer looks at it',"
        " 'restart the process that serves the router, which arms lost timers'"
        f" from router.held h where h.outcome is null and h.until < {AUDIT_NOW} - {AUDIT_PATIENCE}"
        " and not exists (select from router.timer t where t.tenant = h.tenant and"
        "   ((t.key = h.id::text and t.kind = 'held') or t.kind = 'let_go'))",
    )
