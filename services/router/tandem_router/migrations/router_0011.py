"""The auditor also looks for alerts of what is missing, which have a topic of their own (ADR 40)."""

from __future__ import annotations

from tandem.db.grants import AUDIT_SINCE, audit_view

revision = "router_0011"
down_revision = "router_0010"
branch_labels = None
depends_on = None

_ALERT_HEAD = r"'\x08011210'::bytea"
"""As in router_0005: the first bytes of every alert of this schema, before its id."""


def upgrade() -> None:
    """``v_half_accepted`` of router_0005, over both topics that hold alerts."""
    audit_view(
        "router",
        "v_half_accepted",
        "select split_part(l.key, '/', 1), l.topic || '/' || l.part || '@' || l.\"offset\", l.at,"  # noqa: S608
        " 'the log holds an accepted alert of ' || l.key || ' that the router has passed and not stored',"
        " format('read it with tandem bus tail %s and raise an incident by hand', split_part(l.topic, '.', 2))"
        " from bus.log l join bus.consumer_offset o on o.grp = 'router' and o.topic = l.topic and o.part = l.part"
        '   and l."offset" < o.next_offset'
        f" where l.topic in ('tandem.alerts', 'tandem.missing') and l.at >= {AUDIT_SINCE}"
        f" and substring(l.value from 1 for 4) = {_ALERT_HEAD}"
        " and not exists (select from router.alert a"
        "   where a.id = encode(substring(l.value from 5 for 16), 'hex')::uuid)"
        " and not exists (select from bus.quarantine q"
        '   where q.topic = l.topic and q.part = l.part and q."offset" = l."offset")',
    )
