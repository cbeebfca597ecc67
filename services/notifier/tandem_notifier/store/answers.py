"""What people answered: rows of ``notifier.answer``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tandem.db.timers import set_timer
from tandem.db.write import Statement, Writes
from tandem_notifier.batch import ANSWERED
from tandem_notifier.links import AckLink
from tandem_notifier.store import SCHEMA

ANSWER = Statement(
    name="notifier_answer",
    width=8,
    sql="INSERT INTO notifier.answer (command_id, tenant, incident_id, page_id, party, person, via, at)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],"
    " $8::timestamptz[]) ON CONFLICT (command_id) DO NOTHING",
)


def put_answer(writes: Writes, link: AckLink, *, command_id: UUID, via: str, at: datetime) -> None:
    """Somebody answered ``link``'s page; the timer lets a run go still whose acknowledgement the router has already."""
    row = (link.tenant, link.incident_id, link.page_id, link.party.value, link.person, via, at)
    writes.put(ANSWER, command_id, (command_id, *row))
    kind = f"{ANSWERED}{link.page_id}"
    set_timer(writes, SCHEMA, tenant=link.tenant, key=str(link.incident_id), kind=kind, due_at=at)
