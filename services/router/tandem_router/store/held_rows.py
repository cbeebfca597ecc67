"""A hold as a row: its JSON form, its writes and its timer, and the alerts that came to an incident after all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from tandem.db.timers import cancel_timer, set_timer
from tandem.db.write import Statement, Writes
from tandem_router.fold.holds import Holds
from tandem_router.held import HELD, LOOK_AGAIN, Held


def _plain(value: object) -> object:
    """What msgspec has no form for: read-only mappings."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


encode = msgspec.json.Encoder(enc_hook=_plain).encode
read = msgspec.json.Decoder(Held).decode
"""A hold from the text of its row."""

_COLUMNS = (
    *(("id", "uuid"), ("tenant", "text"), ("condition", "text"), ("alert_id", "uuid"), ("kind", "text")),
    *(("by_id", "text"), ("reason", "text"), ("since", "timestamptz"), ("until", "timestamptz")),
    *(("last_seen_at", "timestamptz"), ("count", "int"), ("worst", "text"), ("priority", "text")),
    *(("function", "text"), ("title", "text"), ("parent_incident", "uuid"), ("outcome", "text")),
    *(("outcome_at", "timestamptz"), ("incident_id", "uuid"), ("note", "text"), ("state", "text")),
)
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_MOVES = ("until", "reason", "last_seen_at", "count", "worst", "priority", "outcome", "outcome_at", "incident_id")
_PUT_HELD = Statement(
    name="router_held",
    width=len(_COLUMNS),
    # Rows go in the order in which they were put: a hold that ends comes before the one that takes over from it.
    sql=f"insert into router.held as h ({_NAMES}) select {_NAMES.removesuffix('state')} state::jsonb from unnest("  # noqa: S608 - names of this file
    + ", ".join(f"${number}::{type_}[]" for number, (_, type_) in enumerate(_COLUMNS, 1))
    + f") as r({_NAMES}) on conflict (id) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in (*_MOVES, "note", "state")),
)
_LINK_ALERT = Statement(
    name="router_alert_link",
    width=2,
    sql="update router.alert a set incident_id = r.incident_id from unnest($1::uuid[], $2::uuid[])"
    " as r(id, incident_id) where a.id = r.id",
)
_LINK_DECISION = Statement(
    name="router_decision_link",
    width=2,
    sql="update router.decision d set incident_id = r.incident_id from unnest($1::uuid[], $2::uuid[])"
    " as r(id, incident_id) where d.alert_id = r.id",
)


def put_holds(writes: Writes, holds: Holds, schema: str, now: datetime) -> datetime | None:
    """The rows and timers of a batch's holds; the earliest instant at which one of them is looked at again."""
    earliest: datetime | None = None
    for held in holds.changed.values():
        writes.put(_PUT_HELD, held.held_id, _row(held))
        name = {"tenant": held.tenant, "key": str(held.held_id), "kind": HELD}
        if held.outcome is not None:
            cancel_timer(writes, schema, **name)
            continue
        due_at = held.until or now + LOOK_AGAIN
        set_timer(writes, schema, **name, due_at=due_at)
        earliest = due_at if earliest is None else min(earliest, due_at)
    return earliest


def put_links(writes: Writes, linked: Mapping[UUID, UUID], fresh: Iterable[UUID]) -> None:
    """Alerts that were held belong to the incident they came to; those of this batch are written with it already."""
    written = set(fresh)
    for alert_id, incident_id in linked.items():
        if alert_id not in written:
            writes.put(_LINK_ALERT, alert_id, (alert_id, incident_id))
            writes.put(_LINK_DECISION, alert_id, (alert_id, incident_id))


def _row(held: Held) -> tuple[object, ...]:
    return (
        held.held_id,
        held.tenant,
        held.condition,
        held.alert.alert_id,
        held.kind.value,
        held.by,
        held.why,
        held.since,
        held.until,
        held.last_seen_at,
        held.count,
        held.worst,
        held.priority,
        held.function,
        held.alert.title,
        held.parent,
        held.outcome.value if held.outcome else None,
        held.outcome_at,
        held.incident_id,
        held.note,
        encode(held).decode(),
    )
