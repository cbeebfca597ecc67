"""Rows of ``notifier.page``: planned and closed, written from a page and read as one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.db.write import Statement, Writes
from tandem.model.ownership import Party, Track
from tandem_notifier.paging import SENDING, WOULD_HAVE_PAGED, Page
from tandem_notifier.urgency import Urgency

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
COLUMNS = tuple(name for name, _ in _PAGE_COLUMNS)

PAGE = Statement(
    name="notifier_page",
    width=len(_PAGE_COLUMNS),
    sql=f"INSERT INTO notifier.page ({', '.join(COLUMNS)}) SELECT * FROM unnest("  # noqa: S608 - names of this file
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


def put_page(writes: Writes, page: Page, *, boot: str) -> None:
    """A page as it was planned; one that is sending is leased to ``boot``."""
    writes.put(PAGE, page.page_id, _row(page, boot))


def close_pages(
    writes: Writes, incident_id: UUID, party: Party, track: Track, *, person: str | None, now: datetime
) -> None:
    """No more pages of this leg; ``person`` acknowledged."""
    writes.put(CLOSE, (incident_id, party, track), (incident_id, party.value, track.value, person, now))


def _row(page: Page, boot: str) -> tuple[object, ...]:
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


def page_of(row: Any) -> Page:  # noqa: ANN401 - an asyncpg record
    """The page of a row with ``COLUMNS`` and ``late``."""
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
