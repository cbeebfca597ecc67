"""Pages by person, by day and by night: what an agreement costs the people behind it. Pure and bounded."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tandem.agreement.compiled import Agreement

NIGHT_BEGINS, NIGHT_ENDS = 22, 7
"""Hours of a person's own zone between which a page wakes; the night is called by the day on which it began."""
MOST_NIGHTS = 5000
"""Nights of persons that are kept; further ones are counted in the totals only."""


class Pages:
    """Pages of one agreement by person, by day and night."""

    def __init__(self, agreement: Agreement) -> None:
        """``agreement`` knows the people's zones; a person without one is in the tenant's."""
        self._agreement = agreement
        self._zones: dict[str, ZoneInfo] = {}
        self.day: Counter[str] = Counter()
        self.night: Counter[str] = Counter()
        self.nights: Counter[tuple[str, date]] = Counter()
        self.left_out = 0

    def count(self, people: tuple[str, ...], at: datetime) -> None:
        """``people`` were paged ``at`` an instant."""
        for person in people:
            night = night_of(at, self._zone(person))
            if night is None:
                self.day[person] += 1
                continue
            self.night[person] += 1
            if (person, night) in self.nights or len(self.nights) < MOST_NIGHTS:
                self.nights[person, night] += 1
            else:
                self.left_out += 1

    def _zone(self, person: str) -> ZoneInfo:
        if person not in self._zones:
            spec = self._agreement.people.get(person)
            self._zones[person] = ZoneInfo((spec.zone if spec else None) or self._agreement.tenant.zone)
        return self._zones[person]


def night_of(at: datetime, zone: ZoneInfo) -> date | None:
    """The day on whose evening the night of ``at`` began on the wall clock of ``zone``; None by day."""
    local = at.astimezone(zone)
    if local.hour >= NIGHT_BEGINS:
        return local.date()
    return local.date() - timedelta(days=1) if local.hour < NIGHT_ENDS else None


def pages_report(before: Pages, after: Pages) -> dict[str, Any]:
    """Both sides: in all, by person, and night by night."""
    people = sorted({*before.day, *before.night, *after.day, *after.night})
    nights = sorted({*before.nights, *after.nights})
    return {
        "baseline": before.day.total() + before.night.total(),
        "candidate": after.day.total() + after.night.total(),
        "people": [
            {
                "person": person,
                "baseline": {"day": before.day[person], "night": before.night[person]},
                "candidate": {"day": after.day[person], "night": after.night[person]},
            }
            for person in people
        ],
        "nights": [
            {
                "person": person,
                "night": night.isoformat(),
                "baseline": before.nights[key],
                "candidate": after.nights[key],
            }
            for key in nights
            for person, night in [key]
        ],
        "nights_not_listed": before.left_out + after.left_out,
    }
