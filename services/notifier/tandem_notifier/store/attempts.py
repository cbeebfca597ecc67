"""How attempts ended: rows of ``notifier.attempt``, and what becomes of the page."""

from __future__ import annotations

from tandem.db.timers import set_timer
from tandem.db.write import Statement, Writes
from tandem_notifier.attempt import Result
from tandem_notifier.batch import FAILED
from tandem_notifier.store import SCHEMA

# A commit that was not heard is written again, and meanwhile another process may have had its attempt: what arrived has
# arrived, whoever tried last; a failure is news only while no later attempt was begun.
RESULT = Statement(
    name="notifier_result",
    width=7,
    sql="UPDATE notifier.page p SET state = CASE WHEN p.state IN ('planned', 'sending') THEN r.state ELSE p.state END,"
    " attempt = greatest(p.attempt, r.attempt), next_attempt_at = r.next_attempt_at, leased_by = NULL,"
    " leased_until = NULL, sent_at = coalesce(p.sent_at, r.sent_at), failure = r.failure, late = p.late OR r.late"
    " FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::bool[])"
    " AS r(page_id, state, attempt, next_attempt_at, sent_at, failure, late) WHERE p.page_id = r.page_id"
    " AND (r.state = 'delivered' OR p.state <> 'delivered' AND p.attempt <= r.attempt)",
)
"""Columns: page, its state unless it was closed meanwhile, attempt, next attempt, sent at, failure, gave way."""

ATTEMPT = Statement(
    name="notifier_attempt",
    width=7,
    sql="INSERT INTO notifier.attempt (page_id, attempt, tenant, started_at, ended_at, result, detail)"
    " SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[],"
    " $7::text[]) ON CONFLICT (page_id, attempt) DO NOTHING",
)


def put_result(writes: Writes, result: Result) -> None:
    """The rows of one attempt; a page that gives way sets a timer that is due at once."""
    page = result.page
    state = "delivered" if result.delivered else "planned" if result.retry_at else "failed"
    sent_at = result.ended_at if result.delivered else None
    row = (state, page.attempt, result.retry_at, sent_at, result.reason, result.give_way)
    writes.put(RESULT, page.page_id, (page.page_id, *row))
    word = "delivered" if result.delivered else result.reason or "failed"
    attempt = (page.page_id, page.attempt, page.tenant, result.started_at, result.ended_at, word, result.detail)
    writes.put(ATTEMPT, (page.page_id, page.attempt), attempt)
    if result.give_way:
        kind = f"{FAILED}{page.page_id}"
        set_timer(writes, SCHEMA, tenant=page.tenant, key=str(page.incident_id), kind=kind, due_at=result.ended_at)
