"""What the auditor reads of pages: I3, I4 and I8, and timers that are late."""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from alembic import op

from tandem.db.grants import AUDIT_NOW, AUDIT_PATIENCE, AUDIT_SINCE, audit_view, auditor_reads, late_timers

revision = "notifier_0003"
down_revision = "notifier_0002"
branch_labels = None
depends_on = None

_PAGE = (
    *("page_id", "tenant", "incident_id", "cycle", "party", "track", "person", "key", "path", "pass", "step"),
    *("told", "state", "planned_at", "next_attempt_at", "leased_until"),
)
_LATE = f"{AUDIT_NOW} - 2 * {AUDIT_PATIENCE}"
_FACES = (
    "select r.track, coalesce(r.own_priority, r.priority) as priority, r.mode, r.must_acknowledge, r.acknowledged"
    " union all select x ->> 'track', x ->> 'priority', x ->> 'mode', x -> 'must_acknowledge',"
    "   coalesce(x -> 'acknowledged', '{}'::jsonb) from (select r.second_face as x) y where x ->> 'track' is not null"
)
"""What each track of a running incident ``r`` has of it: whom it pages, how urgently, who has answered (R-A3)."""
_OF_INCIDENTS = "p.path <> 'opening' and p.path not like 'notice:%'"
"""Opening lists and notices belong to no incident."""


def upgrade() -> None:
    """Add to schema ``notifier``."""
    op.execute("create index page_planned on notifier.page using brin (planned_at)")
    auditor_reads("notifier", "page", _PAGE)
    auditor_reads("notifier", "escalation", ["incident_id", "tenant", "version", "open", "next_at", "state"])
    auditor_reads("notifier", "attempt", ["page_id", "attempt", "tenant", "ended_at", "result"])
    auditor_reads("notifier", "timer", ["tenant", "key", "kind", "due_at"])
    audit_view("notifier", "v_overdue_unpaged", f"{_unpaged()} union all {_unsent()}")
    audit_view("notifier", "v_misrouted_pages", _misrouted())
    audit_view("notifier", "v_repeated_pages", f"{_planned_twice()} union all {_delivered_twice()}")
    audit_view("notifier", "v_late_timers", late_timers("notifier"))


def _unpaged() -> str:
    """Each party that has to answer is being paged, with a timer that goes on; or it has been, to the end of a P2's path."""
    return (
        "select r.tenant, r.incident_id::text, r.cycle_at, format('incident #%s %s, party %s on %s: %s', r.number,"
        "   f.priority, due.party, f.track, w.what),"
        " 'call that party now, then see that the process which serves the notifier runs and reads'"
        " from router.v_running r join router.event e on e.incident_id = r.incident_id and e.version = r.version"
        f" cross join lateral ({_FACES}) f"
        " cross join lateral jsonb_array_elements_text(f.must_acknowledge) as due (party)"
        " left join notifier.escalation s on s.incident_id = r.incident_id"
        " cross join lateral (select s.state -> 'legs' -> (due.party || '-' || f.track) ->> 'state' as leg) l"
        " cross join lateral (select case"
        "   when s.incident_id is null then 'the notifier has not heard of it'"
        "   when s.version < r.version then format('the notifier is at version %s of %s', s.version, r.version)"
        "   when l.leg is null then 'its path has not begun'"
        "   when l.leg = 'exhausted' and f.priority = 'P2' then null"
        "   when l.leg <> 'paging' then 'nobody has answered and its path is ' || l.leg"
        "   when not exists (select from notifier.timer t where t.tenant = r.tenant and t.key = r.incident_id::text"
        f"     and t.due_at >= {_LATE}) then 'nobody has answered and no timer goes on'"
        "   end as what) w"
        " where f.priority in ('P1', 'P2') and f.mode <> 'observe' and not r.flags ?| array['test', 'drill']"
        " and r.clear_pending_at is null and not f.acknowledged ? due.party"
        " and coalesce(s.state -> 'brief' ->> 'suppressed', 'false') = 'false'"
        f" and w.what is not null and greatest(e.received_at, r.cycle_at) < {_LATE}"
    )


def _unsent() -> str:
    return (
        "select p.tenant, p.page_id::text, p.next_attempt_at,"
        " format('the page to %s is due and nobody sends it', p.person),"
        " 'call them now, then see that the process which serves the notifier runs'"
        " from notifier.page p where p.state in ('planned', 'sending')"
        f" and p.next_attempt_at < {_LATE} and (p.leased_until is null or p.leased_until < {AUDIT_NOW} - {AUDIT_PATIENCE})"
    )


def _misrouted() -> str:
    """A page is of its incident's tenant and track, and of a party that had to answer or was called."""
    return (
        "select p.tenant, p.page_id::text, p.planned_at, format('page to %s: %s', p.person, w.what),"
        " 'somebody has seen what was not theirs: tell the parties, then look at the incident''s timeline'"
        " from notifier.page p left join router.incident i on i.id = p.incident_id"
        " cross join lateral (select case"
        "   when i.id is null then 'it is about an incident that is not there'"
        "   when p.tenant <> i.tenant then format('it says %s, its incident is of %s', p.tenant, i.tenant)"
        "   when p.track <> i.snapshot ->> 'track' and p.track is distinct from i.snapshot -> 'second_face' ->> 'track'"
        "     then format('it is of track %s, its incident of %s', p.track, i.snapshot ->> 'track')"
        "   when p.told or p.path like 'sla:%' or p.party = i.responsible_party"
        "     or i.snapshot -> 'must_acknowledge' ? p.party"
        "     or i.snapshot -> 'second_face' -> 'must_acknowledge' ? p.party then null"
        "   when not exists (select from router.event e where e.incident_id = i.id"
        "       and (e.body ->> 'responsible_party' = p.party or e.body ->> 'owner' = 'shared'))"
        "     and not exists (select from notifier.page o where o.incident_id = p.incident_id and o.party <> p.party"
        "       and not o.told and o.planned_at <= p.planned_at)"
        "     then format('party %s had not to answer and nobody called it', p.party)"
        "   end as what) w"
        f" where p.planned_at >= {AUDIT_SINCE} and {_OF_INCIDENTS} and w.what is not null"
    )


def _planned_twice() -> str:
    return (
        "select min(p.tenant), p.incident_id::text, max(p.planned_at),"
        " format('%s pages to %s for pass %s, step %s of path %s', count(*), p.person, p.pass, p.step, p.path),"
        " 'a person was paged twice for one thing: report it with the incident''s timeline'"
        f" from notifier.page p where p.planned_at >= {AUDIT_SINCE} and {_OF_INCIDENTS} and not p.told"
        " group by p.incident_id, p.cycle, p.party, p.path, p.pass, p.step, p.person, p.key having count(*) > 1"
    )


def _delivered_twice() -> str:
    """An attempt whose outcome a crash lost is no row, so two rows are a page that was sent although it had arrived."""
    return (
        "select min(p.tenant), p.page_id::text, max(a.ended_at),"
        " format('a page to %s was delivered %s times', min(p.person), count(*)),"
        " 'a person was paged twice for one thing: report it with the incident''s timeline'"
        " from notifier.page p join notifier.attempt a on a.page_id = p.page_id and a.result = 'delivered'"
        f" where p.planned_at >= {AUDIT_SINCE} group by p.page_id having count(*) > 1"
    )
