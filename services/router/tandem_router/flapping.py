"""Conditions that change all the time (R-P9): noticed per condition, recorded only, over after a quiet time.

Pure. A flapping incident neither resolves nor re-opens: each clear has to hold for the quiet time. Its page, its
acknowledgement and its clocks stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from tandem.agreement.schema.fields import format_duration
from tandem.agreement.schema.joining import FlappingSpec
from tandem.model.incident import Incident, StateChange

FLAPPING = "flapping"
OVER = "flapping_over"
KEPT = 64
"""State changes an incident remembers; more than any threshold, so that other conditions do not hide one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a condition's change makes of the incident that holds it."""

    changes: tuple[StateChange, ...]
    flapping: bool
    """It flaps now."""
    begins: bool
    """With this change."""
    calm_at: datetime | None
    """When it is over unless there is another change; the incident's own when it does not flap."""
    text: str = ""
    """What to say when it begins."""


def mark(incident: Incident, condition: str, at: datetime, now: datetime, spec: FlappingSpec) -> Mark:
    """Count a change of ``condition`` at ``at``; the quiet time runs from ``now``."""
    digest = digest_of(condition)
    recent = [change for change in incident.changes if change.at > at - spec.window]
    changes = (*recent[1 - KEPT :], StateChange(condition=digest, at=at))
    was = FLAPPING in incident.flags
    count = sum(change.condition == digest for change in changes)
    flapping = bool(spec.changes) and (was or count >= spec.changes)
    return Mark(
        changes=changes,
        flapping=flapping,
        begins=flapping and not was,
        calm_at=now + spec.quiet if flapping else incident.calm_at,
        text=f"{count} state changes within {format_duration(spec.window)}: further ones are recorded only,"
        f" until {format_duration(spec.quiet)} pass without one",
    )


def digest_of(condition: str) -> str:
    """A condition in few letters: enough to tell those of one incident apart."""
    return sha256(condition.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def hold(length: timedelta, spec: FlappingSpec) -> timedelta:
    """How long a clear has to hold while its incident flaps."""
    return max(length, spec.quiet)
