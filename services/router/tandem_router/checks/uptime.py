"""Since when signals can be heard: what ingest writes of itself, read. Pure.

A deadline that passes while nobody could have heard the signal says nothing about the job.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

PATIENCE = timedelta(seconds=60)
"""Ingest says every ten seconds that it hears; one that has not for so long does not."""
TOUCHING = timedelta(seconds=2)
"""Two stretches this near are one: a replica that is replaced by another."""
LONGEST_SETTLE = timedelta(hours=1)
SHORTEST_SETTLE = timedelta(minutes=1)
MARGIN = timedelta(seconds=5)
"""What was accepted a moment before a deadline is read a moment after it."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """``since`` None: not now."""

    since: datetime | None = None
    blind_from: datetime | None = None
    """When the stretch before ended."""


def uptime(stretches: Iterable[tuple[datetime, datetime]], now: datetime) -> Uptime:
    """Since when some ingest has heard without a gap, from (began, last seen) of every process."""
    known = sorted(stretches, key=lambda each: each[1], reverse=True)
    alive = [began for began, seen in known if seen >= now - PATIENCE]
    if not alive:
        return Uptime(None, known[0][1] if known else None)
    since = min(alive)
    for began, seen in known:
        if seen < since - TOUCHING:
            return Uptime(since, seen)
        since = min(since, began)
    return Uptime(since)


def judged_at(due_at: datetime, grace: timedelta, up: Uptime) -> datetime | None:
    """From when a deadline may be called missed; None: not while nobody hears.

    After a time without ears a grace in which ingest was up has to pass (at least a minute, at most an hour), so that
    a sender which tries again, or the next round of a frequent job, is heard first.
    """
    if up.since is None:
        return None
    settle = min(max(grace, SHORTEST_SETTLE), LONGEST_SETTLE)
    return max(due_at + grace, up.since + settle) + MARGIN
