"""The SQL of the bus's tables, as values.

The append moves the counter row of each partition it writes, in order, and holds it until the transaction commits.
So offset order is commit order, and a reader that has seen offset n never meets a late m < n: with a plain identity
column concurrent commits lost 54 of 240 records. ``ON CONFLICT DO UPDATE`` works on the row's latest version, and an
outside topic (``routed.internal.<tenant>``) is made by its first record.
"""

from __future__ import annotations

from tandem.db.write import Statement

APPEND = Statement(
    name="bus_append",
    width=7,
    must_hit=True,
    before=(
        (
            "bus_rows",
            """SELECT topic, part, key, value, headers, at,
            row_number() OVER (PARTITION BY topic, part ORDER BY ord) - 1 AS nth
            FROM unnest($1::text[], $2::int[], $3::text[], $4::bytea[], $5::text[], $6::int[], $7::timestamptz[])
            AS r(topic, part, key, value, headers, ord, at)""",
        ),
        (
            "bus_moved",
            """INSERT INTO bus.partition AS p (topic, part, next_offset)
            SELECT topic, part, count(*) FROM bus_rows GROUP BY topic, part ORDER BY topic, part
            ON CONFLICT (topic, part) DO UPDATE SET next_offset = p.next_offset + excluded.next_offset
            RETURNING topic, part, next_offset AS after""",
        ),
        (
            "bus_base",
            """SELECT topic, part, min(m.after) AS after, min(m.after) - count(*) AS base
            FROM bus_moved m JOIN bus_rows r USING (topic, part) GROUP BY topic, part""",
        ),
    ),
    sql='INSERT INTO bus.log (topic, part, "offset", key, value, headers, at)'
    " SELECT r.topic, r.part, b.base + r.nth, r.key, r.value, r.headers, r.at"
    " FROM bus_rows r JOIN bus_base b USING (topic, part) RETURNING 1",
)
"""Columns: topic, partition, key, value, headers (JSON text or null), order within the commit, accepted at."""

COMMIT = Statement(
    name="bus_commit",
    width=6,
    must_hit=True,
    sql="UPDATE bus.consumer_offset o SET next_offset = r.next"
    " FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[])"
    " AS r(grp, topic, part, epoch, first, next)"
    " WHERE o.grp = r.grp AND o.topic = r.topic AND o.part = r.part AND o.epoch = r.epoch"
    " AND o.next_offset = r.first RETURNING 1",
)
"""Columns: group, topic, partition, epoch, first, next. A consumer that lost its partition hits nothing: fenced."""

PASS_ON = Statement(
    name="bus_pass_on",
    width=4,
    must_hit=True,
    sql="UPDATE bus.consumer_offset o SET next_offset = b.after"
    " FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) AS r(grp, topic, part, epoch)"
    " JOIN bus_base b ON b.topic = r.topic AND b.part = r.part"
    " WHERE o.grp = r.grp AND o.topic = r.topic AND o.part = r.part AND o.epoch = r.epoch"
    " AND o.next_offset = b.base RETURNING 1",
)
"""Columns: group, topic, partition, epoch. Moves a follower past records this very commit appends, which it has already
handled in the same transaction; hits nothing when it had older records to read. Only together with APPEND."""

QUARANTINE = Statement(
    name="bus_quarantine",
    width=10,
    sql='INSERT INTO bus.quarantine (id, at, tenant, service, integration, topic, part, "offset", reason, raw)'
    " SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],"
    " $8::bigint[], $9::text[], $10::bytea[]) ON CONFLICT (id) DO NOTHING",
)

NOTIFY = Statement(
    name="bus_notify",
    width=1,
    must_hit=True,
    sql="SELECT pg_notify('tandem_bus', topic) FROM unnest($1::text[]) AS r(topic)",
)
"""Wakes other processes; left out when there is one, since NOTIFY takes a database-wide lock at commit."""

READ = (
    'SELECT l.topic, l.part, l."offset", l.key, l.value, l.headers'
    " FROM unnest($1::text[], $2::int[], $3::bigint[]) AS p(topic, part, next)"
    " CROSS JOIN LATERAL (SELECT * FROM bus.log l WHERE l.topic = p.topic AND l.part = p.part"
    ' AND l."offset" >= p.next ORDER BY l."offset" LIMIT $4) l'
)

ASSIGN = (
    "INSERT INTO bus.consumer_offset AS o (grp, topic, part, epoch, next_offset)"
    " SELECT $1, r.topic, r.part, 1, 0 FROM unnest($2::text[], $3::int[]) AS r(topic, part)"
    " ORDER BY r.topic, r.part"
    " ON CONFLICT (grp, topic, part) DO UPDATE SET epoch = o.epoch + 1"
    " RETURNING topic, part, epoch, next_offset"
)

POSITIONS = "SELECT topic, part, epoch, next_offset FROM bus.consumer_offset WHERE grp = $1 AND topic = ANY($2::text[])"

JOIN = "SELECT pg_advisory_lock_shared($1::bigint)"

_IS_LOCK = (
    "locktype = 'advisory' AND objsubid = 1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

MEMBERS = (
    f"SELECT count(*) FROM pg_locks WHERE {_IS_LOCK}"  # noqa: S608 - a constant
    " AND classid::bigint << 32 | objid::bigint = $1::bigint AND pid <> ALL($2::int[])"
)
"""How many sessions hold the members' lock $1, without those that were ours ($2)."""

TAKE = (
    "SELECT l FROM unnest($1::bigint[]) AS l WHERE pg_try_advisory_lock(l) OR EXISTS (SELECT FROM pg_locks"  # noqa: S608 - a constant
    f" WHERE {_IS_LOCK} AND classid::bigint << 32 | objid::bigint = l AND pid = ANY($2::int[]))"
    " LIMIT $3::int"
)
"""Locks of $1 that are free, or are held by a session that was ours ($2), $3 at most. Rows come one by one from the
array, so no lock is taken beyond the limit. What was ours needs no lock: the epoch that is raised next fences it."""

GIVE_UP = "SELECT pg_advisory_unlock(l) FROM unnest($1::bigint[]) AS l"
LEAVE = "SELECT pg_advisory_unlock_all()"

TELL_MEMBERS = "SELECT pg_notify('tandem_bus', $1 || $2)"
MEMBERS_OF = "members of "
"""What precedes a group's name when it is told that members or partitions of it came or went; else it is a topic's."""
