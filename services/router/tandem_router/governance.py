"""Governance items: what the agreement does not name, one item per gap, for both parties to settle (D13, R-P1).

An alert that no row names and a vendor's word that no table knows are routed all the same; here they are remembered,
counted and given a deadline. Pure; keys are bounded in length and number, whatever a tool writes into its titles.
"""

# ruff: noqa: S608 - SQL with a number and a word that stand in this file
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tandem.agreement.compiled import Agreement
from tandem.db.write import Statement, Writes
from tandem.model.alert import Alert, AlertStatus
from tandem_router.routing import Routing

UNMAPPED, UNKNOWN_WORD = "unmapped", "unknown_word"
MOST_ITEMS = 1000
"""Per tenant; further gaps share one item."""
OTHERS = "(others)"
_LONGEST = 160
_LONGEST_WORD = 60

PUT = Statement(
    name="router_governance",
    width=9,
    # Grouped after the cap: no row may be met twice by one statement.
    sql="insert into router.governance_item as g"
    " (tenant, kind, key, title, count, first_seen, last_seen, alert_id, due_at)"
    " select tenant, kind, capped, min(title), sum(count), min(first_seen), max(last_seen),"
    " (array_agg(alert_id order by last_seen desc))[1], min(due_at) from ("
    "  select r.*, case when exists (select from router.governance_item k"
    "   where (k.tenant, k.kind, k.key) = (r.tenant, r.kind, r.key))"
    f"   or (select count(*) from router.governance_item c where c.tenant = r.tenant) < {MOST_ITEMS}"
    f"   then r.key else '{OTHERS}' end as capped"
    "  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::timestamptz[],"
    "   $8::uuid[], $9::timestamptz[])"
    "  as r(tenant, kind, key, title, count, first_seen, last_seen, alert_id, due_at)"
    " ) s group by tenant, kind, capped"
    " on conflict (tenant, kind, key) do update set count = g.count + excluded.count,"
    " last_seen = greatest(g.last_seen, excluded.last_seen), alert_id = excluded.alert_id, state = 'open'",
)


@dataclass(frozen=True, slots=True)
class Gap:
    """What the agreement does not name, as one alert showed it."""

    kind: str
    key: str
    title: str
    """For people: what is missing, and the alert's words."""


def gaps(alert: Alert, routing: Routing, safety_function: str) -> Iterable[Gap]:
    """What this firing alert shows to be missing; tests show nothing."""
    if alert.status is not AlertStatus.FIRING or alert.test:
        return
    if routing.unmapped:
        yield _unmapped(alert, routing, safety_function)
    if routing.unmapped_word is not None:
        word = routing.unmapped_word[:_LONGEST_WORD]
        key = f"{alert.vendor[:_LONGEST_WORD]}: {word.casefold()}"
        yield Gap(UNKNOWN_WORD, key, f"no table knows the severity {word!r} of {alert.vendor[:_LONGEST_WORD]}")


def put(writes: Writes, decided: Iterable[tuple[Alert, Routing]], in_force: Callable[[str], Agreement | None]) -> None:
    """One row per gap of a batch, counted; ``in_force`` gives a tenant's agreement."""
    found: dict[tuple[str, str, str], list[tuple[Alert, Gap]]] = {}
    for alert, routing in decided:
        agreement = in_force(alert.tenant) if routing.unmapped or routing.unmapped_word is not None else None
        for gap in gaps(alert, routing, agreement.safety.function) if agreement is not None else ():
            found.setdefault((alert.tenant, gap.kind, gap.key), []).append((alert, gap))
    for key, met in found.items():
        (first, gap), (last, _) = met[0], met[-1]
        agreement = in_force(first.tenant)
        due_at = first.received_at + agreement.safety.deadline if agreement is not None else first.received_at
        seen = (first.received_at, last.received_at, last.alert_id)
        writes.put(PUT, key, (*key, gap.title, len(met), *seen, due_at))


def _unmapped(alert: Alert, routing: Routing, safety_function: str) -> Gap:
    source = f"{alert.vendor}/{alert.integration}"[:_LONGEST_WORD]
    if alert.quarantined:
        return Gap(UNMAPPED, f"{source}: unreadable", f"bodies of {source} that cannot be read")
    if routing.function != safety_function:
        where = f" at {routing.site}" if routing.site else ""
        what = f"function {routing.function}{where}" + (f", category {routing.category}" if routing.category else "")
        return Gap(UNMAPPED, what[:_LONGEST], f"no row of the matrix names {what}"[:300])
    shown = shape(alert.title, alert.host)
    said = f"no rule and no asset says what this is: {alert.title}"
    return Gap(UNMAPPED, f"{source}: {shown}"[:_LONGEST], said[:300])


def shape(title: str, host: str | None) -> str:
    """A title without what differs from alert to alert: its host, and every word with a digit in it."""
    hosts = {host.casefold(), host.casefold().partition(".")[0]} if host else set()
    words = (word.strip(".,:;!?()[]'\"") for word in title.casefold().split())
    kept = ["HOST" if word in hosts else "#" if any(char.isdigit() for char in word) else word for word in words]
    return " ".join(word for word in kept if word)[:_LONGEST]
