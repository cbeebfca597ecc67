"""All SQL of the notifier. Decides nothing: what a row should be is ``batch.py``'s and ``sender.py``'s to say.

Two writers touch ``notifier.page``: the batch inserts and closes pages, the sender claims them and records outcomes.
Both may lose a deadlock to the other and are run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tandem.db.pool import unavailable
from tandem.db.timers import cancel_timer, set_timer
from tandem.db.write import Statement, Writes
from tandem.model.ownership import Party, Track
from tandem_notifier.batch import ANSWERED, DUE, FAILED, Outcome
from tandem_notifier.case import Case, with_tracks
from tandem_notifier.claim import claim_sql
from tandem_notifier.lanes import Kind, kind_of
from tandem_notifier.links import AckLink
from tandem_notifier.opening import OPENING
from tandem_notifier.paging import LEASE, SENDING, WOULD_HAVE_PAGED, Page
from tandem_notifier.urgency import Urgency

SCHEMA = "notifier"

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

_PAGE_COLUMNS = (
    ("page_id", "uuid"),
    ("tenant", "text"),
    ("incident_id", "uuid"),
    ("cycle", "int"),
    ("party", "text"),
    ("answers_for", "text"),
    ("track", "text"),
    ("person", "text"),
    ("key", "text"),
    ("channel", "text"),
    ("target", "text"),
    ("path", "text"),
    ("pass", "int"),
    ("step", "int"),
    ("told", "bool"),
    ("urgency", "smallint"),
    ("state", "text"),
    ("attempt", "int"),
    ("planned_at", "timestamptz"),
    ("deadline_at", "timestamptz"),
    ("next_attempt_at", "timestamptz"),
    ("leased_by", "text"),
    ("leased_until", "timestamptz"),
    ("alert_at", "timestamptz"),
    ("reason", "text"),
    ("content", "bytea"),
)
_NAMES = ", ".join(name for name, _ in _PAGE_COLUMNS)

PAGE = Statement(
    name="notifier_page",
    width=len(_PAGE_COLUMNS),
    sql=f"INSERT INTO notifier.page ({_NAMES}) SELECT * FROM unnest("  # noqa: S608 - names of this file
    + ", ".join(f"${number}::{type_}[]" for number, (_, type_) in enumerate(_PAGE_COLUMNS, 1))
    + ") ON CONFLICT (page_id) DO NOTHING",
)

CLOSE = Statement(
    name="notifier_close",
    width=5,
    sql="UPDATE notifier.page p SET state = CASE WHEN p.person = r.person AND p.state <> 'planned'"
    " THEN 'acknowledged' ELSE 'cancelled' END,"
    " acknowledged_at = CASE WHEN p.person = r.person AND p.state <> 'planned' THEN r.at END"
    " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])"
    " AS r(incident_id, party, track, person, at)"
    " WHERE p.incident_id = r.incident_id AND p.party = r.party AND p.track = r.track AND NOT p.told"
    " AND (p.state IN ('planned', 'sending') OR (p.state = 'delivered' AND p.person = r.person))",
)
"""Columns: incident, party, track, who acknowledged (null: nobody did), when. Told pages go on, asking nothing."""

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

ANSWER = Statement(
    name="notifier_answer",
    width=8,
    sql="INSERT INTO notifier.answer (command_id, tenant, incident_id, page_id, party, person, via, at)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],"
    " $8::timestamptz[]) ON CONFLICT (command_id) DO NOTHING",
)

_LOAD = (
    "SELECT state::text FROM notifier.escalation WHERE incident_id = ANY($1::uuid[]) ORDER BY incident_id FOR UPDATE"
)
_NIGHTS = "SELECT incident_id FROM notifier.night WHERE tenant = ANY($1::text[]) ORDER BY incident_id LIMIT $2::int"
MOST_OF_A_NIGHT = 1000
"""Incidents of an opening list that are loaded at once."""
_READ = "SELECT state::text FROM notifier.escalation WHERE incident_id = $1"

CLAIM = claim_sql([name for name, _ in _PAGE_COLUMNS])

# A page that nobody began to send keeps its attempt; of one whose attempt was cut, the next one counts up.
_GIVE_BACK = """
UPDATE notifier.page
SET leased_by = CASE WHEN page_id = ANY($2::uuid[]) THEN leased_by END,
    leased_until = CASE WHEN page_id = ANY($2::uuid[]) THEN $3::timestamptz END
WHERE state = 'sending' AND leased_by = $1::text
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one attempt ended."""

    page: Page
    started_at: datetime
    ended_at: datetime
    delivered: bool
    retry_at: datetime | None
    """When it is tried again; None with ``delivered`` false: given up."""
    give_way: bool
    """The escalation goes on now."""
    reason: str | None
    """A word of a closed set, None when delivered."""
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a process may claim now."""

    boot: str
    sole: bool
    """No other process sends: leases of older boots are nobody's."""
    in_memory: Sequence[UUID]
    ailing: Sequence[str]
    """Targets whose last attempt failed."""
    least: Urgency
    """The least urgent that is wanted."""
    places: int
    """Pages at most."""
    places_per_kind: int
    places_per_ailing_target: int
    """Of each urgency."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim got."""

    pages: list[Page]
    more: frozenset[Kind]
    """Of these kinds more may wait."""


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


def put_outcome(writes: Writes, outcome: Outcome, *, boot: str, now: datetime) -> None:
    """The rows of one case after a batch."""
    brief = outcome.case.brief
    state = msgspec.json.encode(outcome.case).decode()
    row = (brief.tenant, brief.version, brief.agreement_version, not brief.resolved, outcome.next_due, state)
    writes.put(ESCALATION, brief.incident_id, (brief.incident_id, *row))
    for page in outcome.pages:
        writes.put(PAGE, page.page_id, _page_row(page, boot))
    if outcome.night is not None:
        night = (brief.tenant, brief.incident_id)
        writes.put(NIGHT if outcome.night else NIGHT_OVER, night, night)
    if outcome.opens_at is not None:
        put_opening(writes, brief.tenant, outcome.opens_at)
    for (party, track), person in outcome.closed.items():
        closing = (brief.incident_id, party.value, track.value, person, now)
        writes.put(CLOSE, (brief.incident_id, party, track), closing)
    key = str(brief.incident_id)
    if outcome.next_due is not None:
        set_timer(writes, SCHEMA, tenant=brief.tenant, key=key, kind=DUE, due_at=outcome.next_due)
    elif brief.version > 1:
        cancel_timer(writes, SCHEMA, tenant=brief.tenant, key=key, kind=DUE)


def put_opening(writes: Writes, tenant: str, due_at: datetime) -> None:
    """Let the opening list of ``tenant`` be due at ``due_at``."""
    set_timer(writes, SCHEMA, tenant=tenant, key=tenant, kind=OPENING, due_at=due_at)


def put_page(writes: Writes, page: Page, *, boot: str) -> None:
    """A page that belongs to no case: a notice."""
    writes.put(PAGE, page.page_id, _page_row(page, boot))


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


def put_answer(writes: Writes, link: AckLink, *, command_id: UUID, via: str, at: datetime) -> None:
    """Somebody answered ``link``'s page; the timer lets a run go still whose acknowledgement the router has already."""
    row = (link.tenant, link.incident_id, link.page_id, link.party.value, link.person, via, at)
    writes.put(ANSWER, command_id, (command_id, *row))
    kind = f"{ANSWERED}{link.page_id}"
    set_timer(writes, SCHEMA, tenant=link.tenant, key=str(link.incident_id), kind=kind, due_at=at)


async def claim(connection: Any, wish: Claim, now: datetime) -> Claimed:  # noqa: ANN401 - connection or proxy
    """Lease due pages to this boot: retries, and what another boot or a full queue left behind."""
    with unavailable():
        rows = await connection.fetch(
            CLAIM,
            now,
            wish.boot,
            wish.sole,
            list(wish.in_memory),
            list(wish.ailing),
            wish.places_per_kind,
            wish.places_per_ailing_target,
            now + LEASE,
            wish.places,
            wish.least,
        )
    pages = [_page(row) for row in rows]
    full = len(pages) >= wish.places
    return Claimed(
        sorted(pages, key=lambda page: page.planned_at),
        frozenset(kind_of(page) for page, row in zip(pages, rows, strict=True) if full or row["more"]),
    )


async def give_back(connection: Any, boot: str, begun: Sequence[UUID], now: datetime) -> None:  # noqa: ANN401 - as claim
    """End the leases of ``boot``, which sends no more; ``begun``: pages whose attempt may have reached somebody.

    Raises:
        Unavailable: the database is away.
    """
    with unavailable():
        await connection.execute(_GIVE_BACK, boot, begun, now)


async def read(connection: Any, incident_id: UUID) -> Case | None:  # noqa: ANN401 - connection or proxy
    """One case, unlocked.

    Raises:
        Unavailable: the database is away.
    """
    with unavailable():
        text = await connection.fetchval(_READ, incident_id)
    return read_case(text) if text is not None else None


def _page_row(page: Page, boot: str) -> tuple[object, ...]:
    sending = page.state == SENDING
    return (
        page.page_id,
        page.tenant,
        page.incident_id,
        page.cycle,
        page.party.value,
        page.answers_for.value,
        page.track.value,
        page.person,
        page.key,
        page.channel,
        page.target,
        page.path,
        page.pass_,
        page.step,
        page.told,
        page.urgency,
        page.state,
        page.attempt if sending else 0,
        page.planned_at,
        page.deadline_at,
        None if page.state == WOULD_HAVE_PAGED else page.planned_at,
        boot if sending else None,
        page.leased_until if sending else None,
        page.alert_at,
        page.reason,
        page.content,
    )


def _page(row: Any) -> Page:  # noqa: ANN401 - an asyncpg record
    return Page(
        page_id=row["page_id"],
        tenant=row["tenant"],
        incident_id=row["incident_id"],
        cycle=row["cycle"],
        party=Party(row["party"]),
        answers_for=Party(row["answers_for"]),
        track=Track(row["track"]),
        person=row["person"],
        key=row["key"],
        channel=row["channel"],
        target=row["target"],
        path=row["path"],
        pass_=row["pass"],
        step=row["step"],
        told=row["told"],
        urgency=Urgency(row["urgency"]),
        state=row["state"],
        attempt=row["attempt"],
        late=row["late"],
        planned_at=row["planned_at"],
        deadline_at=row["deadline_at"],
        leased_until=row["leased_until"],
        alert_at=row["alert_at"],
        reason=row["reason"],
        content=row["content"],
    )
