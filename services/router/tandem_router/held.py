"""What waits: a held alert as a value, what becomes of it, and the rows and timers of it.

A hold is a row with one outcome. Pure: plans put its rows, the store reads them (``store/lookup.py``). Why an alert
is held is ``suppress``'s; opening and joining is the batch's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tandem.db.timers import cancel_timer, set_timer
from tandem.db.write import Statement, Writes
from tandem.ids import uuid8
from tandem.model.alert import Alert, Severity
from tandem.model.suppression import HoldOutcome, SuppressionKind
from tandem_router.grouping import condition_of
from tandem_router.routing import Routing
from tandem_router.suppress import Hold

HELD, LET_GO = "held", "let_go"
"""Timers: of one hold (key: its id), and of all that something held (key: ``window:ID`` or ``incident:UUID``)."""
HOLDS_OTHERS = "holds_others"
"""Flag of an incident to which alerts are attached: its end lets them go."""
LOOK_AGAIN = timedelta(hours=1)
"""A hold without an end of its own is looked at this often, so that nothing waits for a word that never comes."""
AT_ONCE = 200
"""Holds that one end of a window lets go in one batch; the rest follow."""
MOST_IDS = 100

_WORST_FIRST = {word.value: rank for rank, word in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One condition that something holds; ``outcome`` None while it waits."""

    held_id: UUID
    tenant: str
    condition: str
    alert: Alert
    """The latest one, without its raw body."""
    occurred_at: datetime
    """Of the first one: the original onset (R-C17)."""
    kind: SuppressionKind
    by: str
    why: str
    since: datetime
    first_since: datetime
    """When anything began to hold it."""
    until: datetime | None
    parent: UUID | None
    last_seen_at: datetime
    count: int
    """Alerts that this hold held; 0 when it took over from another hold and nothing came since."""
    worst: str
    priority: str
    """It would have had."""
    function: str
    alert_ids: tuple[UUID, ...]
    agreement_version: int
    outcome: HoldOutcome | None = None
    outcome_at: datetime | None = None
    incident_id: UUID | None = None
    note: str | None = None
    """What the outcome says: what holds it now, what let it go."""

    @property
    def key(self) -> tuple[str, str]:
        """(tenant, condition)."""
        return self.tenant, self.condition

    def is_by(self, hold: Hold) -> bool:
        """Whether ``hold`` is what holds it already."""
        return (self.kind, self.by, self.parent) == (hold.kind, hold.by, hold.parent)

    def ends_at(self, now: datetime) -> datetime:
        """When the hold is over: its own end if that has passed, else now."""
        return self.until if self.until is not None and self.until <= now else now

    def waiting(self, at: datetime) -> Alert:
        """The alert as it is looked at again: accepted ``at`` (the window's end), with its original onset."""
        return replace(self.alert, received_at=at, occurred_at=self.occurred_at)

    def released_words(self) -> str:
        """For the timeline: what held it, since when, how much."""
        many = f"{self.count} alerts" if self.count != 1 else "1 alert"
        return (f"held by {self.why} since {self.first_since:%Y-%m-%d %H:%M} UTC: {many}, worst severity {self.worst}")[
            :1000
        ]


@dataclass(slots=True)
class Holds:
    """The holds of one batch: those that wait, and those that were changed."""

    waiting: dict[tuple[str, str], Held] = field(default_factory=dict)
    changed: dict[UUID, Held] = field(default_factory=dict)
    linked: dict[UUID, UUID] = field(default_factory=dict)
    """Alert -> the incident it came to after all."""

    def of(self, alert: Alert) -> Held | None:
        """The hold in which this condition waits."""
        return self.waiting.get((alert.tenant, condition_of(alert)))

    def begin(self, alert: Alert, routing: Routing, hold: Hold) -> Held:
        """Hold an alert that nothing held."""
        held = Held(
            held_id=uuid8("held", alert.alert_id.bytes),
            tenant=alert.tenant,
            condition=condition_of(alert),
            alert=replace(alert, raw=b""),
            occurred_at=min(alert.occurred_at or alert.received_at, alert.received_at),
            since=alert.received_at,
            first_since=alert.received_at,
            last_seen_at=alert.received_at,
            count=1,
            worst=alert.severity.value,
            alert_ids=(alert.alert_id,),
            **_by(routing, hold),
        )
        return self._keep(held)

    def again(self, held: Held, alert: Alert, routing: Routing, hold: Hold) -> Held:
        """The same condition fires again while it is held."""
        if not held.is_by(hold):
            held = self.hold_on(held, routing, hold, alert.received_at)
        seen = replace(
            held,
            alert=replace(alert, raw=b""),
            last_seen_at=max(alert.received_at, held.last_seen_at),
            count=held.count + 1,
            worst=min(held.worst, alert.severity.value, key=lambda word: _WORST_FIRST.get(word, 9)),
            alert_ids=(*held.alert_ids, alert.alert_id)[-MOST_IDS:],
            until=hold.until,
            why=hold.why,
            priority=routing.priority.value,
        )
        return self._keep(seen)

    def hold_on(self, held: Held, routing: Routing, hold: Hold, at: datetime) -> Held:
        """At its end something else holds it: the old hold says so, a new one begins."""
        if held.is_by(hold):
            return self._keep(replace(held, until=hold.until, why=hold.why))
        self.settle(held, HoldOutcome.HELD_ON, at, note=f"now held by {hold.why}")
        taken_over = replace(
            held,
            held_id=uuid8("held on", held.held_id.bytes, hold.kind.value, hold.by),
            since=at,
            count=0,
            outcome=None,
            outcome_at=None,
            note=None,
            **_by(routing, hold),
        )
        return self._keep(taken_over)

    def settle(
        self,
        held: Held,
        outcome: HoldOutcome,
        at: datetime,
        *,
        incident_id: UUID | None = None,
        note: str | None = None,
    ) -> None:
        """Give a hold its outcome."""
        self.waiting.pop(held.key, None)
        self.changed[held.held_id] = replace(
            held, outcome=outcome, outcome_at=max(at, held.since), incident_id=incident_id, note=note
        )
        if incident_id is not None:
            self.linked |= dict.fromkeys(held.alert_ids, incident_id)

    def _keep(self, held: Held) -> Held:
        self.waiting[held.key] = self.changed[held.held_id] = held
        return held


def _by(routing: Routing, hold: Hold) -> dict[str, Any]:
    return {
        "kind": hold.kind,
        "by": hold.by,
        "why": hold.why,
        "until": hold.until,
        "parent": hold.parent,
        "priority": routing.priority.value,
        "function": routing.function,
        "agreement_version": routing.agreement_version,
    }


def _plain(value: object) -> object:
    """What msgspec has no form for: read-only mappings."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode
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

PUT_HELD = Statement(
    name="router_held",
    width=len(_COLUMNS),
    # Rows go in the order in which they were put: a hold that ends comes before the one that takes over from it.
    sql=f"insert into router.held as h ({_NAMES}) select {_NAMES.removesuffix('state')} state::jsonb from unnest("  # noqa: S608 - names of this file
    + ", ".join(f"${number}::{type_}[]" for number, (_, type_) in enumerate(_COLUMNS, 1))
    + f") as r({_NAMES}) on conflict (id) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in (*_MOVES, "note", "state")),
)

LINK_ALERT = Statement(
    name="router_alert_link",
    width=2,
    sql="update router.alert a set incident_id = r.incident_id from unnest($1::uuid[], $2::uuid[])"
    " as r(id, incident_id) where a.id = r.id",
)

LINK_DECISION = Statement(
    name="router_decision_link",
    width=2,
    sql="update router.decision d set incident_id = r.incident_id from unnest($1::uuid[], $2::uuid[])"
    " as r(id, incident_id) where d.alert_id = r.id",
)

WAITING = """
select h.id, h.state::text from router.held h where h.outcome is null and h.id = any ($1::uuid[])
"""
"""Holds whose own timers are due."""

LET_GO_OF = """
select id, state::text from router.held h where h.outcome is null and h.tenant = $1
    and ((h.kind = $2 and h.by_id = $3) or ($2 = 'incident' and h.parent_incident::text = $3)) and h.id > $4
order by h.id limit $5
"""
"""Holds of one window, silence or incident, after an id."""

OPEN_OTHERS = """
select i.id from router.incident i where i.state <> 'resolved' and i.tenant = any ($1::text[])
union
select i.id from unnest($2::text[], $3::text[]) as a(tenant, asset) join router.incident i using (tenant)
where i.state <> 'resolved' and i.snapshot ->> 'incident_class' = 'outage' and (
    exists (select from jsonb_each(i.snapshot -> 'firing') f where f.value ->> 'asset' = a.asset)
    or (i.snapshot ->> 'detected_at')::timestamptz >= $4)
limit 500
"""
"""Ids of open incidents that may mute an alert: every one of tenants with inhibitions, outages of named assets."""


REARM = """
insert into router.timer (tenant, key, kind, due_at) select h.tenant, h.id::text, 'held', $1 from router.held h
where h.outcome is null and not exists (
    select from router.timer t where t.tenant = h.tenant and t.key = h.id::text and t.kind = 'held')
on conflict do nothing
"""
"""A hold whose timer was lost (it went to quarantine, say) is looked at again: nothing waits for ever."""


def put(writes: Writes, holds: Holds, schema: str, now: datetime) -> datetime | None:
    """The rows and timers of a batch's holds; the earliest instant at which one of them is looked at again."""
    earliest: datetime | None = None
    for held in holds.changed.values():
        writes.put(PUT_HELD, held.held_id, _row(held))
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
            writes.put(LINK_ALERT, alert_id, (alert_id, incident_id))
            writes.put(LINK_DECISION, alert_id, (alert_id, incident_id))


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
        _encode(held).decode(),
    )


def holder_of(timer_key: str) -> tuple[str, str, UUID]:
    """``window:ID#UUID`` -> (kind, id, the hold after which to go on)."""
    kind, _, rest = timer_key.partition(":")
    name, _, after = rest.partition("#")
    return kind, name, UUID(after) if after else UUID(int=0)
