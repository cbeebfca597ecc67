"""Hours at run time: whether the internal party has somebody on duty, and when that may change (R-A4, R-A5). Pure.

Calendar, holidays and absences count together: one absence of two people is no night. The same question over months,
for ``check``, is asked in ``coverage/duty.py``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.compiled import Agreement
from tandem.agreement.oncall.restriction import instant
from tandem.agreement.schema.people import PersonSpec
from tandem.model.calendar import instant_of
from tandem.model.ownership import Party

_MIDNIGHT = time()
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Whether the internal party has somebody on duty at an instant (R-A4)."""

    on_duty: bool
    calendar: str
    zone: str
    local: str
    """The instant on the internal party's wall clock."""
    because: str


def duty(agreement: Agreement, now: datetime, people: Collection[str] = ()) -> Duty:
    """Calendar, holidays and absences of the internal party together.

    Args:
        agreement: the version that counts.
        now: aware UTC.
        people: who does the function at hand, where a row names them (RACI R); empty: the party's responders.
    """
    # Hours, days, absences, zones' offsets (since 1972) and what is shown of the instant are whole minutes.
    key, minute = ("duty", tuple(people)), now.replace(second=0, microsecond=0)
    kept: tuple[datetime, Duty] | None = agreement.kept.get(key)
    if kept is not None and kept[0] == minute:
        return kept[1]
    found = _duty(agreement, now, people)
    agreement.kept[key] = minute, found
    return found


def _duty(agreement: Agreement, now: datetime, people: Collection[str]) -> Duty:
    calendar = agreement.calendar_of(Party.INTERNAL)
    local = now.astimezone(calendar.zone)
    is_open = calendar.is_open(now)
    team = _internal(agreement, people)
    absent = is_open and bool(team) and all(_absent(person, local.date()) for person in team)
    zone = str(calendar.zone)
    shown = local.strftime("%a %Y-%m-%d %H:%M")
    if absent:
        who = "everybody of the internal team" if not people else _and(team)
        why = f"{who} {'is' if len(team) == 1 or not people else 'are'} absent on {local.date().isoformat()}"
    else:
        why = f"internal hours are {'open' if is_open else 'closed'} ({shown} {zone})"
    return Duty(on_duty=is_open and not absent, calendar=calendar.name, zone=zone, local=shown, because=why)


def next_boundary(agreement: Agreement, at: datetime) -> datetime | None:
    """The first instant after ``at`` at which hours may change: opening, close, an absence, the agreement's end."""
    calendar = agreement.calendar_of(Party.INTERNAL)
    moments = [calendar.next_change(at), ends_at(agreement)]
    for person in agreement.people.values():
        if person.party is Party.INTERNAL:
            for absence in person.absences:
                moments += [instant_of(day, _MIDNIGHT, calendar.zone) for day in (absence.first, absence.last + _DAY)]
    return min((moment for moment in moments if moment is not None and moment > at), default=None)


def ends_at(agreement: Agreement) -> datetime | None:
    """When the agreement ends, as an instant; without an offset it is wall time of the tenant's zone."""
    said = agreement.tenant.ends_at
    return instant(said, ZoneInfo(agreement.tenant.zone)) if said is not None else None


def has_ended(agreement: Agreement, now: datetime) -> bool:
    """Whether nobody is paged any more (D18): the end instant itself counts."""
    end = ends_at(agreement)
    return end is not None and now >= end


def _internal(agreement: Agreement, people: Collection[str]) -> list[PersonSpec]:
    """The named people of the internal party, else its responders, else everybody of it."""
    for names in (people, agreement.responders):
        named = [agreement.people[name] for name in sorted(names) if name in agreement.people]
        if found := [person for person in named if person.party is Party.INTERNAL]:
            return found
    return [person for person in agreement.people.values() if person.party is Party.INTERNAL]


def _absent(person: PersonSpec, day: date) -> bool:
    return any(absence.first <= day <= absence.last for absence in person.absences)


def _and(people: list[PersonSpec]) -> str:
    return " and ".join(person.name for person in people)
