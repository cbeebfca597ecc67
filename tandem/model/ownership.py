"""Who: parties, owners, tracks, modes and actors. No behaviour beyond what the words mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Party(StrEnum):
    """One of the two sides of an agreement."""

    INTERNAL = "internal"
    MSP = "msp"

    @property
    def other(self) -> Party:
        """The opposite side."""
        return Party.MSP if self is Party.INTERNAL else Party.INTERNAL


class Owner(StrEnum):
    """What a row of the scope matrix says; ``shared`` always comes with a lead party."""

    INTERNAL = "internal"
    MSP = "msp"
    SHARED = "shared"


class Track(StrEnum):
    """The two after-hours tracks that never merge."""

    SOC = "soc"
    OPS = "ops"


class Mode(StrEnum):
    """How much a tenant or function relies on us."""

    OBSERVE = "observe"
    """Decided, clocked, explained; nobody is paged."""
    OVERLAP = "overlap"
    """Both parties are told, the new owner acts."""
    LIVE = "live"


class TenantKind(StrEnum):
    """Whether the client has an internal team."""

    CO_MANAGED = "co-managed"
    MANAGED = "managed"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something. ``party`` None: the system or a tool; ``person``: an id of the agreement or a user name."""

    party: Party | None = None
    person: str | None = None


SYSTEM = Actor()
"""Done by a rule, a timer or a tool, not by a person."""
