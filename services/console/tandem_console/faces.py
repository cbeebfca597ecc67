"""The page legs of an incident: whom each of its tracks asks, and who has answered there (R-A3). Pure.

Most incidents have one; one with both faces has two, with one set of clocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLeg:
    """What one track has of an incident."""

    track: str
    priority: str
    asked: tuple[str, ...]
    """Parties that are paged on it."""
    acknowledged: Mapping[str, Row]
    """By party: who, and when as a text."""

    def people(self, pages: Iterable[Row]) -> list[str]:
        """Who was paged on this track, each once, in order; told ones left out."""
        mine = (page["person"] for page in pages if page["track"] == self.track and not page["told"])
        return [person for person in dict.fromkeys(mine) if person]


def legs(incident: Row) -> tuple[PageLeg, ...]:
    """The track of the first alert, then the other one, if the incident has both faces."""
    face = incident.get("second_face")
    first = PageLeg(
        track=incident["track"],
        priority=incident.get("own_priority") or incident["priority"],
        asked=tuple(incident["must_acknowledge"] or ()),
        acknowledged=incident["acknowledged"] or {},
    )
    if not isinstance(face, Mapping):
        return (first,)
    second = PageLeg(
        track=face["track"],
        priority=face["priority"],
        asked=tuple(face["must_acknowledge"] or ()),
        acknowledged=face["acknowledged"] or {},
    )
    return first, second


def waiting_for(incident: Row, party: str) -> tuple[str, ...]:
    """Tracks that ask ``party`` and that it has not answered on."""
    found = []
    for index, leg in enumerate(legs(incident)):
        asked = party in leg.asked or (index == 0 and party == incident["responsible_party"])
        if asked and party not in leg.acknowledged:
            found.append(leg.track)
    return tuple(found)


def answers(incident: Row) -> list[tuple[str, Row]]:
    """(party, acknowledgement) of every leg."""
    return [each for leg in legs(incident) for each in leg.acknowledged.items()]
