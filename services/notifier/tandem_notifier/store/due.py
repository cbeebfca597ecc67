"""The one query that finds pages to send, as SQL: what is due, whose nobody's lease it is, and in what order.

It reads a bounded number of rows however many wait. Pages of one kind (urgency, target, client) stand in their order in
index ``page_turn``; the query goes from kind to kind by one descent each and reads a few rows of every one. Before, it
numbered everything that was due with window functions: with 50,000 pages planned a claim read them all.
"""

from __future__ import annotations

from collections.abc import Sequence

from tandem_notifier.urgency import STRIDES

LEAST_OF_KIND = 2
"""Rows read of each kind at least; more as the kinds with free pages are fewer, up to the places of one kind."""

# A lease of our own that is not in memory is free two seconds after its commit (sooner it may be on its way to the
# queue), and a process that is alone on the data takes older boots' at once.
_FREE = """p.state IN ('planned', 'sending') AND p.next_attempt_at <= $1::timestamptz
          AND (p.leased_until IS NULL OR p.leased_until <= $1 OR ($3::bool AND p.leased_by <> $2::text)
               OR (p.leased_by = $2::text AND p.leased_until <= $8::timestamptz - interval '2 seconds'))"""

_OF_KIND = f"""FROM notifier.page p
        WHERE p.urgency = {{kind}}.urgency AND p.target = {{kind}}.target AND p.tenant = {{kind}}.tenant AND {_FREE}
          AND p.page_id NOT IN (SELECT unnest($4::uuid[]))"""
_OPEN = """SELECT p.urgency, p.target, p.tenant, p.next_attempt_at FROM notifier.page p
        WHERE p.state IN ('planned', 'sending') AND p.urgency <= $10::smallint"""
_FIRST = "ORDER BY p.urgency, p.target, p.tenant, p.next_attempt_at LIMIT 1"
_STRIDES = ", ".join(str(stride) for _, stride in sorted(STRIDES.items()))


def claim_sql(columns: Sequence[str]) -> str:
    """The statement; returns ``columns`` of each page taken, and ``more``: whether more of its kind may be free.

    One bad target gets a few places only ($6 healthy and per kind, $7 for the targets in $5), so that it never fills
    the queue of others; clients take turns, so that a storm of one does not either; and urgencies take theirs as in
    ``turns.py``, so that a claim of few places has every fresh P1 and something of the rest.

    Parameters: now, boot, alone on the data, pages in memory, ailing targets, places of a kind, places of an urgency at
    an ailing target, end of the new leases, places, the least urgent that is wanted.
    """
    return f"""
WITH RECURSIVE head AS (
    ({_OPEN} {_FIRST})
    UNION ALL
    SELECT following.* FROM head CROSS JOIN LATERAL (
        {_OPEN} AND (p.urgency, p.target, p.tenant) > (head.urgency, head.target, head.tenant) {_FIRST}
    ) following
), kind AS (
    SELECT head.urgency, head.target, head.tenant, CASE WHEN target = ANY($5::text[]) THEN $7::int
        ELSE least($6::int, greatest({LEAST_OF_KIND}, 4 * $9::int / count(*) OVER ())) END AS most
    FROM head CROSS JOIN LATERAL (SELECT {_OF_KIND.format(kind="head")} LIMIT 1) one
    WHERE head.next_attempt_at <= $1::timestamptz
), due AS (
    SELECT one.page_id, one.planned_at, kind.urgency, kind.target,
        row_number() OVER (PARTITION BY kind.target, kind.urgency ORDER BY one.next_attempt_at) AS nth,
        row_number() OVER (of_kind ORDER BY one.next_attempt_at) AS turn, count(*) OVER of_kind >= kind.most AS more
    FROM kind CROSS JOIN LATERAL (
        SELECT p.page_id, p.planned_at, p.next_attempt_at {_OF_KIND.format(kind="kind")}
        ORDER BY p.next_attempt_at LIMIT kind.most
    ) one
    WINDOW of_kind AS (PARTITION BY kind.target, kind.urgency, kind.tenant)
), turn AS (
    SELECT page_id, more FROM due WHERE nth <= $7::int OR target <> ALL($5::text[])
    ORDER BY due.turn * (ARRAY[{_STRIDES}])[urgency], urgency, planned_at LIMIT $9::int
), chosen AS (
    SELECT locked.*, turn.more FROM turn CROSS JOIN LATERAL (
        SELECT p.page_id, p.leased_by IS NOT NULL AND p.leased_by <> $2::text AS taken_over
        FROM notifier.page p WHERE p.page_id = turn.page_id AND {_FREE} FOR UPDATE SKIP LOCKED
    ) locked
)
UPDATE notifier.page p
SET attempt = p.attempt + CASE WHEN p.state = 'planned' OR c.taken_over THEN 1 ELSE 0 END,
    state = 'sending', leased_by = $2::text, leased_until = $8::timestamptz
FROM chosen c WHERE p.page_id = c.page_id
RETURNING {", ".join(f"p.{name}" for name in columns)}, p.late, c.more
"""  # noqa: S608 - names of the notifier's own
