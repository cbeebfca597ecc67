"""A queue of records in PostgreSQL that wait for the bus: the outbox of the services, the spool of ingest.

It takes its order as the log does (``statements.py``): a counter row per shard is moved by the insert and held until
the commit, so positions are gapless and their order is commit order. Whoever drains a shard reads on from a position
and never misses one that commits late. A key is always in the same shard. Tables: ``grants.queue_table``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

import msgspec

from tandem.bus.partition import partition_of
from tandem.bus.port import Record
from tandem.db.write import Statement, Writes

_NAME = re.compile(r"[a-z_]+\.[a-z_]+\Z")
GIVEN_UP = "given up"
"""What is told on a queue's channel when a shard is free; a commit tells nothing more than that there is one."""
_LOCKS = 0x7A11E
"""The upper half of the advisory locks of queues."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: ``table`` with its counters in ``<table>_shard``."""

    table: str
    """``schema.name``."""
    keyed: int
    """Shards by key; divides the bus's partitions. Fewer than before may reorder what waits: drain it first."""
    channel: str
    """What its commits NOTIFY."""
    insert: Statement
    """Columns: shard, order within the commit, topic, partition, key, value, headers (JSON text or null), at."""
    tell: Statement
    beside: str = ""
    """A topic with a shard of its own, the last one, behind nothing of the others."""

    @property
    def shards(self) -> int:
        """How many there are."""
        return self.keyed + bool(self.beside)

    def shard_of(self, key: str, topic: str = "") -> int:
        """0 .. shards-1; one partition of a topic is in one shard as a whole."""
        return self.keyed if topic and topic == self.beside else partition_of(key) % self.keyed

    def put(self, writes: Writes, records: Sequence[Record], at: datetime, *, tell: bool = True) -> None:
        """Add ``records`` to a transaction's writes, behind what was put into them before.

        Args:
            at: aware UTC.
            tell: NOTIFY with the commit; false where no other session waits to hear of it. It costs every listener
                a message per commit, and the server a lock.
        """
        for order, record in enumerate(records, writes.count(self.insert)):
            headers = msgspec.json.encode(record.headers).decode() if record.headers else None
            place = (self.shard_of(record.key, record.topic), order, record.topic, record.partition)
            writes.put(self.insert, order, (*place, record.key, record.value, headers, at))
        if tell and records:
            writes.put(self.tell, self.channel, (self.channel,))

    def lock(self, shard: int) -> int:
        """The 63-bit id of the session lock that makes a session the only one to drain ``shard``."""
        return (_LOCKS << 32) | crc32(f"{self.table}\0{shard}".encode())

    @property
    def read(self) -> str:
        """Parameters: shards, from which position each, rows of a shard at most, bytes past which a shard stops."""
        return (
            "SELECT q.* FROM unnest($1::int[], $2::bigint[]) AS held(shard, next) CROSS JOIN LATERAL ("  # noqa: S608
            "SELECT s.shard, s.position, s.topic, s.partition, s.key, s.value, s.headers FROM ("
            "SELECT w.*, sum(octet_length(w.value)) OVER (ORDER BY w.position) - octet_length(w.value) AS ahead FROM ("
            f"SELECT * FROM {self.table} t WHERE t.shard = held.shard AND t.position >= held.next"
            " ORDER BY t.position LIMIT $3) w) s WHERE s.ahead < $4) q ORDER BY q.shard, q.position"
        )

    @property
    def forget(self) -> str:
        """Parameters: shards, first and end of what is done in each."""
        return (
            f"DELETE FROM {self.table} t USING unnest($1::int[], $2::bigint[], $3::bigint[]) AS d(shard, first, next)"  # noqa: S608
            " WHERE t.shard = d.shard AND t.position >= d.first AND t.position < d.next"
        )

    @property
    def backlog(self) -> str:
        """Shards in which something waits: how much, and since when the oldest."""
        return (
            f"SELECT c.shard, c.next_position - h.position AS waiting, h.at AS oldest_at FROM {self.table}_shard c"  # noqa: S608
            f" CROSS JOIN LATERAL (SELECT t.position, t.at FROM {self.table} t WHERE t.shard = c.shard"
            " ORDER BY t.position LIMIT 1) h"
        )


def queue(table: str, *, shards: int, beside: str = "") -> Queue:
    """The queue in ``table``, a plain ``schema.name``; ``shards`` by key, and one for the topic ``beside``."""
    if not _NAME.match(table):
        raise ValueError(f"not a plain SQL name: {table!r}")
    name = table.replace(".", "_")
    insert = Statement(
        name=f"{name}_put",
        width=8,
        must_hit=True,
        before=tuple((f"{name}_{part}", sql.format(table=table, name=name)) for part, sql in _BEFORE),
        sql=_INSERT.format(table=table, name=name),
    )
    tell = Statement(name=f"{name}_tell", width=1, must_hit=True, sql=_TELL)
    return Queue(table, shards, f"tandem_{name}", insert, tell, beside)


_BEFORE = (
    (
        "rows",
        """SELECT *, row_number() OVER (PARTITION BY shard ORDER BY ord) - 1 AS nth
        FROM unnest($1::int[], $2::int[], $3::text[], $4::int[], $5::text[], $6::bytea[], $7::text[], $8::timestamptz[])
        AS r(shard, ord, topic, partition, key, value, headers, at)""",
    ),
    (
        "moved",
        """INSERT INTO {table}_shard AS c (shard, next_position)
        SELECT shard, count(*) FROM {name}_rows GROUP BY shard ORDER BY shard
        ON CONFLICT (shard) DO UPDATE SET next_position = c.next_position + excluded.next_position
        RETURNING shard, next_position AS after""",
    ),
    (
        "ahead",
        """SELECT shard, min(m.after) - count(*) AS first
        FROM {name}_moved m JOIN {name}_rows r USING (shard) GROUP BY shard""",
    ),
)
_INSERT = """INSERT INTO {table} (shard, position, topic, partition, key, value, headers, at)
    SELECT r.shard, a.first + r.nth, r.topic, r.partition, r.key, r.value, r.headers, r.at
    FROM {name}_rows r JOIN {name}_ahead a USING (shard) RETURNING 1"""
_TELL = "SELECT pg_notify(channel, '') FROM unnest($1::text[]) AS r(channel)"
