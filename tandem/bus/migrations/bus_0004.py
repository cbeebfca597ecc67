"""Where records stand aside whose topic takes nothing, how far Kafka reaches, and what the auditor reads of both."""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from collections.abc import Iterable

from alembic import op

from tandem.bus.migrations.bus_0003 import MUST_READ
from tandem.db.grants import AUDIT_NOW, AUDIT_PATIENCE, audit_view, auditor_reads, table
from tandem.db.roles import BUS

revision = "bus_0004"
down_revision = "bus_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to schema ``bus``."""
    _parked()
    _reach()


def _parked() -> None:
    """Beside the outbox and of the same columns."""
    op.execute(
        "create table bus.outbox_parked (shard int not null, position bigint not null, topic text not null,"
        " partition int not null, key text not null, value bytea not null, headers text, at timestamptz not null,"
        " primary key (shard, position))"
    )
    op.execute("create index outbox_parked_topic on bus.outbox_parked (topic, shard, position)")
    table("bus", "outbox_parked", writers=[BUS])
    auditor_reads("bus", "outbox_parked", ["topic", "at"], of_tenants=False)
    audit_view(
        "bus",
        "v_parked_records",
        "select null, 'topic ' || topic, min(at),"
        " format('%s records for topic %s stand aside since %s: it is missing, or we may not write it',"
        "   count(*), topic, min(at)),"
        " 'run tandem kafka ensure-topics, and see that our login may write it; they follow in order by themselves'"
        f" from bus.outbox_parked group by topic having min(at) < {AUDIT_NOW} - {AUDIT_PATIENCE}",
    )


def _reach() -> None:
    """Written by whoever reads from Kafka (``kafka_reach.py``), so that the auditor need not ask it."""
    op.execute(
        "create table bus.reach (grp text not null, topic text not null, part int not null,"
        " end_offset bigint not null, marked_offset bigint not null, marked_at timestamptz not null,"
        " seen_at timestamptz not null, first_at timestamptz not null, primary key (grp, topic, part))"
        " with (fillfactor = 50)"
    )
    table("bus", "reach", writers=[BUS])
    columns = ["grp", "topic", "part", "end_offset", "marked_offset", "marked_at", "seen_at", "first_at"]
    auditor_reads("bus", "reach", columns, of_tenants=False)
    audit_view(
        "bus",
        "v_stuck_on_kafka",
        "select null, format('%s %s/%s', r.grp, r.topic, r.part), r.marked_at,"
        " format('%s has %s records of %s to read on Kafka, some since %s', r.grp,"
        "   r.end_offset - coalesce(o.next_offset, 0), r.topic, r.marked_at),"
        " format('see that the process which serves %s runs and reads, and restart it if it does not', r.grp)"
        " from bus.reach r left join bus.consumer_offset o on (o.grp, o.topic, o.part) = (r.grp, r.topic, r.part)"
        " where r.marked_offset > coalesce(o.next_offset, 0)"
        f" and r.marked_at < {AUDIT_NOW} - {AUDIT_PATIENCE}",
    )
    unseen_on_kafka(MUST_READ)


def unseen_on_kafka(must_read: Iterable[tuple[str, str]]) -> None:
    """``v_unseen_on_kafka``; ``must_read`` are (group, topic) whose process must tell how much waits."""
    groups = ", ".join(f"('{group}', '{topic}')" for group, topic in must_read)
    audit_view(
        "bus",
        "v_unseen_on_kafka",
        "select null, format('%s %s', g.grp, g.topic), r.seen_at,"
        " format('how much of %s waits for %s on Kafka is not known since %s', g.topic, g.grp,"
        "   coalesce(r.seen_at::text, 'ever')),"
        " format('see that Kafka answers and that the process which serves %s runs', g.grp)"
        f" from (values {groups}) as g (grp, topic)"
        " left join (select grp, topic, min(seen_at) as seen_at from bus.reach group by grp, topic) r"
        "   on (r.grp, r.topic) = (g.grp, g.topic)"
        f" where exists (select from bus.reach where first_at < {AUDIT_NOW} - 2 * {AUDIT_PATIENCE})"
        f" and coalesce(r.seen_at, '-infinity') < {AUDIT_NOW} - 2 * {AUDIT_PATIENCE}",
    )
