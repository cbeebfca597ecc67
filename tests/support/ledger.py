"""The ledger of a crash test: what was sent and how it ended. ``checker.py`` holds it against what came of it.

The sender writes an intent before each post and an outcome after it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

WINDOW_S = 600
"""Without a delivery id a post that comes again over this boundary of ingest's clock is another delivery (its README)."""


class Outcome(StrEnum):
    """How one try of a post ended, as its sender sees it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """Nothing came back: it may be durable or not."""


@dataclass
class Try:
    """One try of a post; without an outcome it is an intent."""

    intended_at: float
    """Unix seconds."""
    ended_at: float | None = None
    """Between the two it may have reached us at any instant: a starting process lets connections wait."""
    outcome: Outcome | None = None
    status: int | None = None
    alert_ids: tuple[UUID, ...] = ()


@dataclass
class Post:
    """One delivery of a tool; every try of it has the same bytes."""

    tenant: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    dedup_key: str
    firing: bool = True
    own_id: bool = True
    """The tool gives its deliveries ids."""
    ahead_s: float = 0.0
    """How far the clock of the installation it is for is ahead of ours."""
    tries: list[Try] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        return any(each.outcome is Outcome.ACCEPTED for each in self.tries)

    @property
    def alert_ids(self) -> set[UUID]:
        return {alert_id for each in self.tries for alert_id in each.alert_ids}

    @property
    def may_be_two(self) -> bool:
        """Whether its tries may count as two deliveries."""
        ends = [at for each in self.tries for at in (each.intended_at, each.ended_at) if at is not None]
        windows = {int((at + self.ahead_s) // WINDOW_S) for at in ends}
        return not self.own_id and len(windows) > 1

    def intend(self) -> Try:
        """Write down that it will be sent now."""
        self.tries.append(Try(time.time()))
        return self.tries[-1]


@dataclass
class Ledger:
    """Everything that was sent."""

    posts: list[Post] = field(default_factory=list)

    def add(self, post: Post) -> Post:
        self.posts.append(post)
        return post
