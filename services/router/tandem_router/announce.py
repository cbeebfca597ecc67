"""What happens to windows and silences: made, begun, ended, still standing; each told once.

A tenant has one timer for all of them, due at the next boundary; it arms itself again. Pure: known rows in, events,
rows and the next instant out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tandem.agreement.compiled import Agreement
from tandem.agreement.suppression import Suppressor
from tandem.agreement.windows import Span
from tandem.db.write import Statement, Writes
from tandem.model.suppression import SuppressionEvent, SuppressionStep
from tandem_router.standing import Known, Standing

BOUNDARY = "boundary"
"""Kind of the timer; its key is empty, there is one per tenant."""
FIRST_VERSION = 1
_MOMENT = timedelta(microseconds=1)
MOST_AT_ONCE = 100
"""Occurrences of one window that are told after a long standstill; more would be noise."""


@dataclass(slots=True)
class Told:
    """The outcome of one look."""

    events: list[SuppressionEvent] = field(default_factory=list)
    noted: list[SuppressionEvent] = field(default_factory=list)
    """To be remembered and not told: what an agreement's first version says is no news to those who signed it."""
    next_due: datetime | None = None


def look(agreement: Agreement, known: Known, since: datetime, now: datetime) -> Told:
    """What happened until ``now`` and was not told.

    Args:
        agreement: in force, with what people made at run time.
        known: what was told.
        since: when the timer was due; what began and ended before it was told.
        now: aware UTC.
    """
    holders = agreement.suppression.holders
    told = Told(next_due=agreement.suppression.next_change(now))
    begun: list[Standing] = []
    for holder in holders:
        if holder.key not in known.created:
            news = holder.made or agreement.version > FIRST_VERSION
            (told.events if news else told.noted).append(_created(holder, agreement, now))
        for span in _begun(holder, since, now)[-MOST_AT_ONCE:]:
            if (holder.key, span[0]) not in known.started:
                told.events.append(_event(holder, agreement, SuppressionStep.STARTED, span[0], now, span))
                begun.append(_standing(holder, span))
    by_key = {holder.key: holder for holder in holders}
    for standing in (*known.standing, *begun):
        event, again_at = _ended_or_reminded(standing, by_key.get(standing.key), agreement, now)
        told.events += [event] if event is not None else []
        told.next_due = min((at for at in (told.next_due, again_at) if at is not None), default=None)
    return told


def _begun(holder: Suppressor, since: datetime, now: datetime) -> list[Span]:
    return [span for span in holder.recurrence.between(min(since, now), now + _MOMENT) if span[0] <= now]


def _ended_or_reminded(
    each: Standing, holder: Suppressor | None, agreement: Agreement, now: datetime
) -> tuple[SuppressionEvent | None, datetime | None]:
    """What there is to tell of an occurrence that stands, and when to remind its owner next."""
    end, every = _end_of(each, holder, now), agreement.timing.suppression_reminder
    if end <= now:
        return each.event(SuppressionStep.ENDED, agreement, at=end, end=end, now=now), None
    at = each.reminder(every, now)
    reminder = each.event(SuppressionStep.REMINDED, agreement, at=at, end=end, now=now) if at is not None else None
    return reminder, each.next_reminder(every, end, now)


def _end_of(standing: Standing, holder: Suppressor | None, now: datetime) -> datetime:
    """As the window says now: somebody may have ended it, moved it or taken it out of the agreement."""
    if holder is None:
        return min(standing.end, now)
    spans = holder.recurrence.between(standing.start, standing.start + _MOMENT)
    return max((end for start, end in spans if start == standing.start), default=min(standing.end, now))


def _created(holder: Suppressor, agreement: Agreement, now: datetime) -> SuppressionEvent:
    change = holder.recurrence.next_change(now)
    span = holder.active(now) or (holder.active(change) if change is not None else None)
    return _event(holder, agreement, SuppressionStep.CREATED, now, now, span)


def _event(
    holder: Suppressor,
    agreement: Agreement,
    step: SuppressionStep,
    at: datetime,
    now: datetime,
    span: Span | None,
) -> SuppressionEvent:
    return SuppressionEvent(
        tenant=agreement.tenant.id,
        kind=holder.kind,
        suppression_id=holder.id,
        name=holder.name,
        step=step,
        at=at,
        emitted_at=now,
        start=span[0] if span else None,
        end=span[1] if span else None,
        reason=holder.reason,
        owner=holder.owner,
        party=holder.party,
        scope=holder.scope.words[:500],
        holds_p1=holder.holds_p1,
        agreement_version=agreement.version,
    )


def _standing(holder: Suppressor, span: Span) -> Standing:
    return Standing(
        kind=holder.kind,
        suppression_id=holder.id,
        name=holder.name,
        start=span[0],
        end=span[1],
        reason=holder.reason,
        owner=holder.owner,
        scope=holder.scope.words[:500],
        holds_p1=holder.holds_p1,
    )


_COLUMNS = (
    *(("tenant", "text"), ("kind", "text"), ("suppression_id", "text"), ("step", "text"), ("start_at", "timestamptz")),
    *(("end_at", "timestamptz"), ("at", "timestamptz"), ("name", "text"), ("reason", "text"), ("owner", "text")),
    *(("party", "text"), ("scope", "text"), ("holds_p1", "bool"), ("held", "int"), ("conditions", "int")),
    *(("worst", "text"), ("agreement_version", "int")),
)
_NAMES = ", ".join(name for name, _ in _COLUMNS)

PUT = Statement(
    name="router_suppression",
    width=len(_COLUMNS),
    # No "on conflict": what another replica told already must not be told again, so this commit has to fail.
    sql=f"insert into router.suppression ({_NAMES}) select {_NAMES} from unnest("  # noqa: S608 - names of this file
    + ", ".join(f"${number}::{type_}[]" for number, (_, type_) in enumerate(_COLUMNS, 1))
    + f") as r({_NAMES})",
)

CREATED_AND_STARTED = """
select step, kind || ':' || suppression_id as key, start_at from router.suppression
where tenant = $1 and (step = 'created' or (step = 'started' and at > $2))
"""

STANDING = """
select s.kind, s.suppression_id, s.name, s.start_at, s.end_at, s.reason, s.owner, s.scope, s.holds_p1,
    coalesce(h.alerts, 0)::int as held, coalesce(h.conditions, 0)::int as conditions, h.worst,
    (select max(r.at) from router.suppression r where r.tenant = s.tenant and r.kind = s.kind
        and r.suppression_id = s.suppression_id and r.step = 'reminded' and r.start_at = s.start_at) as reminded_at
from router.suppression s
left join lateral (
    select sum(count) as alerts, count(*) as conditions,
        (array_agg(worst order by array_position(array['critical', 'high', 'medium', 'low', 'info', 'unknown'], worst))
        )[1] as worst
    from router.held where tenant = s.tenant and kind = s.kind and by_id = s.suppression_id and since >= s.start_at
) h on true
where s.tenant = $1 and s.step = 'started' and not exists (
    select from router.suppression e where e.tenant = s.tenant and e.kind = s.kind
        and e.suppression_id = s.suppression_id and e.step = 'ended' and e.start_at = s.start_at)
order by s.start_at limit 1000
"""

ARM = """
insert into router.timer as t (tenant, key, kind, due_at) select tenant, '', 'boundary', $2
from unnest($1::text[]) as r(tenant)
on conflict (tenant, key, kind) do update set due_at = least(t.due_at, excluded.due_at)
"""
"""Let tenants' windows be looked at: at the start of a process, and when the agreement or a silence changed."""


def put(writes: Writes, event: SuppressionEvent) -> None:
    """The row of one event."""
    name = (event.tenant, event.kind.value, event.suppression_id, event.step.value, event.start)
    row = (
        *name,
        event.end,
        event.at,
        event.name,
        event.reason,
        event.owner,
        event.party.value if event.party else None,
        event.scope,
        event.holds_p1,
        event.held,
        event.conditions,
        event.worst,
        event.agreement_version,
    )
    writes.put(PUT, (*name, event.at), row)
