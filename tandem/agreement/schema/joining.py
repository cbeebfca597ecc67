"""What makes one incident of many alerts: storms, flapping conditions, and conditions nobody hears of any more.

Thresholds only; how they are counted is the router's (``storm.py``, ``flapping.py``, ``stale.py``). Defaults are those
of domain.md 2.4 and 2.5.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from tandem.agreement.schema.fields import Duration, Part, as_list

MOST_CHANGES = 30
"""An incident remembers this many state changes; a threshold beyond it could never be reached."""


class StormSpec(Part):
    """When so many incidents begin at one source or site that they are one: an alert storm (R-P10)."""

    incidents: int = Field(default=30, ge=0, le=100_000)
    """More new incidents than this within ``window`` make a storm; 0 switches storms off."""
    window: Duration = Field(default="5m", validate_default=True)
    """Incidents that begin within it count."""
    calm_below: int = Field(default=5, ge=1, le=100_000)
    """Fewer new alerts than this within ``window`` are calm."""
    calm_after: Duration = Field(default="10m", validate_default=True)
    """So long calm, and the storm is over: what comes then opens incidents of its own again."""
    by: Annotated[tuple[Literal["source", "site"], ...], BeforeValidator(as_list)] = ("source", "site")
    """What is counted apart: an integration (source), a site, or both."""

    @model_validator(mode="after")
    def _can_end(self) -> StormSpec:
        if self.incidents and self.calm_below > self.incidents:
            raise ValueError("calm_below must not be above incidents, or a storm would be over before it begins")
        if self.incidents and not self.window:
            raise ValueError("window must be longer than nothing; write incidents: 0 to switch storms off")
        return self


class FlappingSpec(Part):
    """When a condition changes so often that its changes are recorded only (R-P9)."""

    changes: int = Field(default=5, ge=0, le=MOST_CHANGES)
    """So many state changes of one condition within ``window`` are flapping; 0 switches it off."""
    window: Duration = Field(default="15m", validate_default=True)
    """Changes within it count."""
    quiet: Duration = Field(default="15m", validate_default=True)
    """So long without a change, and it is over; a clear has to hold as long before it resolves."""

    @model_validator(mode="after")
    def _at_least_two(self) -> FlappingSpec:
        if self.changes == 1:
            raise ValueError("one change is no flapping; write at least 2, or 0 to switch it off")
        return self


class StaleSpec(Part):
    """When a firing alert that nobody repeats is marked (R-P13). It is never resolved in silence."""

    after: Duration = Field(default="24h", validate_default=True)
    """So long after its last alert an incident is ``stale``; 0s: never."""
    close: bool = False
    """Whether a stale P3 or P4 is closed in the end."""
    close_after: Duration = Field(default="7d", validate_default=True)
    """So long after it became stale."""
