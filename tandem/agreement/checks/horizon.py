"""How far ahead it is proven that somebody is reachable, and what is too much to prove."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.business_hours import build_calendars
from tandem.agreement.checks.context import Context
from tandem.agreement.coverage.roster import Roster
from tandem.agreement.escalation_paths import all_paths
from tandem.agreement.oncall.restriction import instant
from tandem.agreement.schema.documents import ProviderDocument, SharedParts, TenantDocument
from tandem.agreement.schema.people import Layer
from tandem.errors import Problem

PROVEN = timedelta(weeks=8)
"""Within it a gap is an error."""
LOOKED_AT = timedelta(days=400)
"""Within it a gap is a warning: both changes of the clocks are in it, wherever one begins."""
MOST_TURNS = 400_000
"""Turns and windows of all layers within ``LOOKED_AT``; two or three seconds. More is not proven."""
_HOURS = {"hour": 1, "day": 24, "week": 168, "month": 720}


def roster_of(parts: SharedParts, on: datetime) -> Roster | None:
    """Who is reachable in the time that is looked at; None when the schedules turn too often to be proven."""
    if _too_many(parts) or not _known_calendars(parts):
        return None
    zone, until = "UTC", on + LOOKED_AT
    if isinstance(parts, ProviderDocument):
        zone = parts.provider.zone
    elif isinstance(parts, TenantDocument):
        zone = parts.tenant.zone
        if parts.tenant.ends_at is not None:  # from then on nobody is paged (D18)
            until = min(until, instant(parts.tenant.ends_at, ZoneInfo(zone)))
    return Roster(parts, all_paths(parts), zone, (on, until)) if on < until else None


def check_turns(context: Context) -> Iterator[Problem]:
    """What turns too often to be looked at is not proven, and that is said."""
    if turns := _too_many(context.whole):
        message = (
            f"not proven that somebody is reachable at every minute: the schedules have {turns:,} turns in "
            f"{LOOKED_AT.days} days, more than {MOST_TURNS:,}; use longer turns or fewer layers"
        )
        yield context.problem(("schedules",), message)


def _too_many(parts: SharedParts) -> int:
    """The number of turns when there are more than can be looked at, else 0."""
    turns = sum(_turns(layer) for schedule in parts.schedules for layer in schedule.layers)
    # At each edge of an override all of them are looked at.
    turns += sum(len(schedule.overrides) ** 2 // 8 for schedule in parts.schedules)
    return turns if turns > MOST_TURNS else 0


def _known_calendars(parts: SharedParts) -> bool:
    """False when a country's holidays are not known; the document that names it is told so."""
    try:
        build_calendars(parts.calendars)
    except ValueError:
        return False
    return True


def _turns(layer: Layer) -> int:
    turns = LOOKED_AT / timedelta(hours=_HOURS[layer.unit] * layer.length)
    return int(turns) + LOOKED_AT.days * len(layer.restrict) + 1
