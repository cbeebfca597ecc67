"""Absences: the days on which somebody is off every rotation. Local dates, both inclusive. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.oncall.restriction import FIRST_YEAR, LAST_YEAR, MIDNIGHT
from tandem.agreement.oncall.stretches import Stretch, union
from tandem.agreement.schema.people import PersonSpec
from tandem.model.calendar import instant_of

_DAY = timedelta(days=1)

Absent = Callable[[str, datetime], bool]
"""(person, instant) -> whether an absence takes them off the rotation."""


def nobody_absent(_person: str, _at: datetime) -> bool:
    """The rotation as planned."""
    return False


def absences(people: Mapping[str, PersonSpec], zone: str = "UTC") -> Absent:
    """Absences as the agreement has them: local dates of the person's zone (else ``zone``), both inclusive."""

    def absent(person: str, at: datetime) -> bool:
        spec = people.get(person)
        if spec is None or not spec.absences:
            return False
        today = at.astimezone(ZoneInfo(spec.zone or zone)).date()
        return any(absence.first <= today <= absence.last for absence in spec.absences)

    return absent


def absent_stretches(person: PersonSpec, zone: str = "UTC") -> list[Stretch]:
    """The person's absences as instants: from the first midnight of their zone (else ``zone``) to the last one."""
    local = ZoneInfo(person.zone or zone)
    return union(
        (_midnight(absence.first, local), _midnight(absence.last, local, days=1)) for absence in person.absences
    )


def _midnight(day: date, zone: ZoneInfo, *, days: int = 0) -> datetime:
    """The day's first instant, or that of some days later; "for ever" is as far as zones can be computed."""
    within = min(max(day, date(FIRST_YEAR, 1, 1)), date(LAST_YEAR, 1, 1))
    return instant_of(within + days * _DAY, MIDNIGHT, zone)
