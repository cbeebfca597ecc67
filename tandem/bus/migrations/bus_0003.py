"""What the auditor reads of the bus: groups that stand still while records wait, and what waits for the broker."""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from collections.abc import Iterable

from alembic import op

from tandem.db.grants import AUDIT_NOW, AUDIT_PATIENCE, audit_view, auditor_reads, auditor_reads_queue

revision = "bus_0003"
down_revision = "bus_0002"
branch_labels = None
depends_on = None

MUST_READ = (
    ("router", "tandem.alerts"),
    ("router", "tandem.commands"),
    ("sla-clock", "tandem.incidents"),
    ("notifier", "tandem.incidents"),
    ("notifier", "tandem.sla"),
    ("notifier", "tandem.suppressions"),
)
"""Groups without which nothing is routed, clocked or paged: they count also when they have never read."""


def upgrade() -> None:
    """Add to schema ``bus``."""
    auditor_reads("bus", "partition", ["topic", "part", "next_offset"], of_tenants=False)
    auditor_reads("bus", "consumer_offset", ["grp", "topic", "part", "next_offset"], of_tenants=False)
    auditor_reads("bus", "log", ["topic", "part", '"offset"', "key", "value", "at"], of_tenants=False)
    auditor_reads("bus", "quarantine", ["topic", "part", '"offset"'])
    op.execute('create index quarantine_record on bus.quarantine (topic, part, "offset") where topic is not null')
    stuck_consumers(MUST_READ)
    auditor_reads_queue("bus", "outbox", what="facts, commands and pages wait for the broker")


def stuck_consumers(must_read: Iterable[tuple[str, str]]) -> None:
    """``v_stuck_consumers``; ``must_read`` are (group, topic) that count also when they have never read."""
    groups = ", ".join(f"('{group}', '{topic}')" for group, topic in must_read)
    audit_view(
        "bus",
        "v_stuck_consumers",
        "select null, format('%s %s/%s', g.grp, p.topic, p.part), waiting.at,"
        " format('%s has %s records of %s to read, the oldest waits since %s', g.grp,"
        "   p.next_offset - coalesce(o.next_offset, 0), p.topic, waiting.at),"
        " format('see that the process which serves %s runs and reads, and restart it if it does not', g.grp)"
        f" from (select * from (values {groups}) as known (grp, topic)"
        "   union select grp, topic from bus.consumer_offset) g"
        " join bus.partition p on p.topic = g.topic"
        " left join bus.consumer_offset o on (o.grp, o.topic, o.part) = (g.grp, p.topic, p.part)"
        # The age of the oldest record tells standing still from working off a backlog that is younger than that.
        " cross join lateral (select l.at from bus.log l where l.topic = p.topic and l.part = p.part"
        '   and l."offset" >= coalesce(o.next_offset, 0) order by l."offset" limit 1) waiting'
        f" where p.next_offset > coalesce(o.next_offset, 0) and waiting.at < {AUDIT_NOW} - {AUDIT_PATIENCE}",
    )
