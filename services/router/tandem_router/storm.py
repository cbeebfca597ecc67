"""Alert storms (R-P10): so many new incidents of one source or site that they are one.

Counts openings in slots of time, per source and site and per track, and says when a storm begins and when it is over.
The slots are rows that every replica adds to; nothing counts incidents. Pure. What a storm does to its parent
incident is ``incident``'s and ``batch``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.fields import format_duration
from tandem.agreement.schema.joining import StormSpec
from tandem.db.write import Statement, Writes
from tandem.model.alert import Alert
from tandem.model.incident import Incident
from tandem.model.ownership import Mode, Party
from tandem.model.priority import Priority, most_urgent
from tandem_router import scope, tracks
from tandem_router.routing import Routing
from tandem_router.tracks import Case

STORM = "storm"
OVER = "storm_over"
SLOT = timedelta(seconds=15)
MOST_KEPT = 200
"""Firing alerts of unknown assets that a storm's parent keeps; those beyond are counted."""
_PREFIX = "storm:"


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """What is counted apart. Tracks never mix, nor what pages with what does not."""

    tenant: str
    place: str
    """``source:NAME`` or ``site:ID``."""
    variant: str = ""
    """Track, and whether anybody is paged: ``ops``, ``soc-quiet``."""

    @property
    def group_key(self) -> str:
        """Of the storm's parent incident: at most one runs at a time."""
        return f"{_PREFIX}{self.place}:{self.variant}"

    @property
    def title(self) -> str:
        """The place in words."""
        kind, _, name = self.place.partition(":")
        return f"from {name}" if kind == "source" else f"at site {name}"


@dataclass(slots=True)
class Openings:
    """New incidents per slot of one scope; ``added`` is what this batch counts."""

    slots: dict[int, int] = field(default_factory=dict)
    """As the database knows them."""
    added: dict[int, int] = field(default_factory=dict)

    def add(self, at: datetime) -> None:
        """Count one at ``at``."""
        slot = slot_of(at)
        self.added[slot] = self.added.get(slot, 0) + 1

    def within(self, at: datetime, window: timedelta) -> int:
        """How many in ``window`` up to ``at``; a slot that began before it does not count."""
        first, last = at - window, slot_of(at)
        return sum(number for slot, number in self._all() if slot <= last and start_of(slot) >= first)

    def calm_at(self, at: datetime, spec: StormSpec) -> datetime:
        """When the storm is over if nothing more comes: ``calm_after`` after fewer than ``calm_below`` are left."""
        left = spec.calm_below
        for slot, number in sorted(self._all(), reverse=True):
            left -= number
            if left <= 0:
                return max(at, start_of(slot) + SLOT + spec.window) + spec.calm_after
        return at + spec.calm_after

    def old(self, spec: StormSpec) -> list[int]:
        """Slots of the database that nobody will ask for again; by what was accepted, not by when we get to it."""
        if not self.added:
            return []
        horizon = start_of(min(self.added)) - spec.window - spec.calm_after
        return [slot for slot in self.slots if start_of(slot) < horizon]

    def _all(self) -> list[tuple[int, int]]:
        return [*self.slots.items(), *self.added.items()]


def put(writes: Writes, counted: Mapping[Scope, Openings], specs: Callable[[str], StormSpec]) -> None:
    """Add this batch's openings to the slots, and drop slots that are over; ``specs`` by tenant."""
    for scope_, openings in counted.items():
        row = (scope_.tenant, scope_.place, scope_.variant)
        for slot, number in openings.added.items():
            writes.put(ADD_OPENINGS, (*row, slot), (*row, slot, number))
        for slot in openings.old(specs(scope_.tenant)) if openings.added else ():
            writes.put(DROP_OPENINGS, (*row, slot), (*row, slot))


ADD_OPENINGS = Statement(
    name="router_opening",
    width=5,
    sql="insert into router.opening as o (tenant, place, variant, slot, opened)"
    " select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[])"
    " on conflict (tenant, place, variant, slot) do update set opened = o.opened + excluded.opened",
)

DROP_OPENINGS = Statement(
    name="router_opening_over",
    width=4,
    sql="delete from router.opening o using unnest($1::text[], $2::text[], $3::text[], $4::int[])"
    " as r(tenant, place, variant, slot)"
    " where (o.tenant, o.place, o.variant, o.slot) = (r.tenant, r.place, r.variant, r.slot)",
)


def slot_of(at: datetime) -> int:
    """Number of the slot that holds ``at``."""
    return int(at.timestamp() // SLOT.total_seconds())


def start_of(slot: int) -> datetime:
    """Where a slot begins; aware UTC."""
    return datetime.fromtimestamp(slot * SLOT.total_seconds(), UTC)


def places(alert: Alert, site: str | None, spec: StormSpec) -> tuple[str, ...]:
    """Source and site of an alert, as far as storms are counted by them; none when storms are off."""
    if not spec.incidents or alert.test:
        return ()
    found = [f"source:{alert.integration}"] if "source" in spec.by else []
    return (*found, f"site:{site}") if site is not None and "site" in spec.by else tuple(found)


def scopes(alert: Alert, routing: Routing, spec: StormSpec) -> tuple[Scope, ...]:
    """Where an alert counts."""
    quiet = "-quiet" if routing.mode is Mode.OBSERVE else ""
    variant = f"{routing.track.value}{quiet}"
    return tuple(Scope(alert.tenant, place, variant) for place in places(alert, routing.site, spec))


def is_parent(incident: Incident) -> bool:
    """Whether it was opened for a storm."""
    return incident.group_key.startswith(_PREFIX)


def rages(incident: Incident) -> bool:
    """Whether further alerts join it: its storm is not over."""
    return STORM in incident.flags


def title(place: Scope, spec: StormSpec) -> str:
    """Of the parent incident."""
    return f"Alert storm: more than {spec.incidents} new incidents in {format_duration(spec.window)} {place.title}"


def parent_routing(routing: Routing, place: Scope, agreement: Agreement, now: datetime) -> Routing:
    """The decision on the alert with which a storm begins, as its parent takes it: at least P2, both parties told."""
    level = most_urgent(routing.priority, Priority.P2)
    matrix = scope.find_by_id(routing.row, agreement)
    matrix = replace(matrix, owner=routing.owner, lead=routing.lead)
    on_duty = scope.duty_of(matrix, agreement, now)
    party = scope.responsible(matrix, level, on_duty)
    case = Case(
        scope=matrix,
        track=routing.track,
        priority=level,
        responsible=party.party,
        took_over=party.took_over,
        internal_on_duty=on_duty.on_duty,
        managed=scope.is_managed(agreement),
    )
    heard = tracks.audience(case, agreement)
    told = () if case.managed else tuple(party for party in Party if party not in heard.paged)
    return replace(
        routing,
        group_key=place.group_key,
        priority=level,
        p1_workflow=False,
        responsible_party=party.party,
        taken_over=party.flag,
        must_acknowledge=heard.paged,
        informed=tuple(dict.fromkeys((*heard.informed, *told))),
        paths=heard.paths,
        because=(*routing.because, f"{level.value}: the parent of an alert storm", party.because, *heard.because),
    )


def attached(routing: Routing, parent: Incident) -> Routing:
    """The decision on an alert that the storm's parent takes instead of an incident of its own."""
    clause = f"attached to #{parent.number}: {parent.title}"
    trace: Mapping[str, object] = {**routing.trace, "storm": {"incident": str(parent.incident_id), "why": clause}}
    return replace(routing, because=(*routing.because, clause), trace=trace)
