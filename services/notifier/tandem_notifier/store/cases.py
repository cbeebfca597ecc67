"""Cases and what a batch wants of them: ``notifier.escalation``, ``notifier.night``, and the timers due next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tandem.db.pool import unavailable
from tandem.db.timers import cancel_timer, set_timer
from tandem.db.write import Statement, Writes
from tandem_notifier.batch import DUE, Outcome
from tandem_notifier.case import Case, with_tracks
from tandem_notifier.opening import OPENING
from tandem_notifier.store import SCHEMA
from tandem_notifier.store.pages import close_pages, put_page

ESCALATION = Statement(
    name="notifier_escalation",
    width=7,
    sql="INSERT INTO notifier.escalation AS e"
    " (incident_id, tenant, version, agreement_version, open, next_at, state)"
    " SELECT r.incident_id, r.tenant, r.version, r.agreement_version, r.open, r.next_at, r.state::jsonb"
    " FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::bool[], $6::timestamptz[], $7::text[])"
    " AS r(incident_id, tenant, version, agreement_version, open, next_at, state)"
    " ON CONFLICT (incident_id) DO UPDATE SET version = excluded.version, open = excluded.open,"
    " agreement_version = excluded.agreement_version, next_at = excluded.next_at, state = excluded.state"
    " WHERE e.version <= excluded.version",
)

NIGHT = Statement(
    name="notifier_night",
    width=2,
    sql="INSERT INTO notifier.night (tenant, incident_id) SELECT * FROM unnest($1::text[], $2::uuid[])"
    " ON CONFLICT DO NOTHING",
)

NIGHT_OVER = Statement(
    name="notifier_night_over",
    width=2,
    sql="DELETE FROM notifier.night n USING unnest($1::text[], $2::uuid[]) AS r(tenant, incident_id)"
    " WHERE (n.tenant, n.incident_id) = (r.tenant, r.incident_id)",
)

_LOAD = (
    "SELECT state::text FROM notifier.escalation WHERE incident_id = ANY($1::uuid[]) ORDER BY incident_id FOR UPDATE"
)
_NIGHTS = "SELECT incident_id FROM notifier.night WHERE tenant = ANY($1::text[]) ORDER BY incident_id LIMIT $2::int"
MOST_OF_A_NIGHT = 1000
"""Incidents of an opening list that are loaded at once."""
_READ = "SELECT state::text FROM notifier.escalation WHERE incident_id = $1"


async def load(connection: Any, incident_ids: Iterable[UUID]) -> list[str]:  # noqa: ANN401 - connection or proxy
    """The cases as JSON texts, their rows locked in order of the id until the transaction ends."""
    rows = await connection.fetch(_LOAD, sorted(incident_ids))
    return [row[0] for row in rows]


async def load_nights(connection: Any, tenants: Iterable[str]) -> list[UUID]:  # noqa: ANN401 - as load
    """Incidents that the MSP took over by the hours and no opening list has told of."""
    rows = await connection.fetch(_NIGHTS, sorted(tenants), MOST_OF_A_NIGHT)
    return [row[0] for row in rows]


def read_case(text: str) -> Case:
    """A case from its row."""
    return with_tracks(msgspec.json.decode(text, type=Case))


async def read(connection: Any, incident_id: UUID) -> Case | None:  # noqa: ANN401 - connection or proxy
    """One case, unlocked.

    Raises:
        Unavailable: the database is away.
    """
    with unavailable():
        text = await connection.fetchval(_READ, incident_id)
    return read_case(text) if text is not None else None


def put_outcome(writes: Writes, outcome: Outcome, *, boot: str, now: datetime) -> None:
    """The rows of one case after a batch."""
    _put_case(writes, outcome)
    for page in outcome.pages:
        put_page(writes, page, boot=boot)
    _put_night(writes, outcome)
    for (party, track), person in outcome.closed.items():
        close_pages(writes, outcome.case.brief.incident_id, party, track, person=person, now=now)
    _put_due(writes, outcome)


def _put_case(writes: Writes, outcome: Outcome) -> None:
    brief = outcome.case.brief
    state = msgspec.json.encode(outcome.case).decode()
    row = (brief.tenant, brief.version, brief.agreement_version, not brief.resolved, outcome.next_due, state)
    writes.put(ESCALATION, brief.incident_id, (brief.incident_id, *row))


def _put_night(writes: Writes, outcome: Outcome) -> None:
    """What the opening list tells of, or has told of, and when it is due."""
    brief = outcome.case.brief
    if outcome.night is not None:
        night = (brief.tenant, brief.incident_id)
        writes.put(NIGHT if outcome.night else NIGHT_OVER, night, night)
    if outcome.opens_at is not None:
        put_opening(writes, brief.tenant, outcome.opens_at)


def _put_due(writes: Writes, outcome: Outcome) -> None:
    """The case's one timer; a case that has just begun has none to cancel."""
    brief = outcome.case.brief
    key = str(brief.incident_id)
    if outcome.next_due is not None:
        set_timer(writes, SCHEMA, tenant=brief.tenant, key=key, kind=DUE, due_at=outcome.next_due)
    elif brief.version > 1:
        cancel_timer(writes, SCHEMA, tenant=brief.tenant, key=key, kind=DUE)


def put_opening(writes: Writes, tenant: str, due_at: datetime) -> None:
    """Let the opening list of ``tenant`` be due at ``due_at``."""
    set_timer(writes, SCHEMA, tenant=tenant, key=tenant, kind=OPENING, due_at=due_at)
