"""How much the router has before it, and how much it should: about a seventh of a second of its own work. Pure.

More in its log would not be routed sooner, and whatever comes next would stand behind it.
"""

from __future__ import annotations

WORTH_S = 0.15
LEAST = 100
MOST = 5_000
AT_FIRST = 250
"""Records before the router: that many seconds of its work within these bounds; the last until its rate is known."""
STILL_S = 1.0
"""A batch of a busy router takes less."""
_SMOOTH = 0.5


class Room:
    """What is known between two samples of the router's backlog."""

    def __init__(self) -> None:
        """Nothing was sampled."""
        self.target = AT_FIRST
        self._backlog = 0
        self._done = 0
        self._at = float("-inf")
        self._put = 0
        self._put_before = 0
        self._rate = 0.0
        self._moved_at = float("inf")

    @property
    def ahead(self) -> int:
        """Records before the router, as far as it is known here."""
        return self._backlog + self._put - self._put_before

    @property
    def free(self) -> int:
        """How many more it should get; 0 or more."""
        return max(0, self.target - self.ahead)

    @property
    def behind(self) -> bool:
        """More waits in the log than the router does in a while, or was put there since it was looked at."""
        return self._backlog > self.target or self.ahead > 2 * self.target

    @property
    def overfull(self) -> bool:
        """Even small tenants' alerts would stand behind too much."""
        return self.ahead > 4 * self.target

    @property
    def still(self) -> bool:
        """At the last sample the router had done nothing for a second, though there was something to do."""
        return self._at - self._moved_at >= STILL_S

    @property
    def worth_a_look(self) -> bool:
        """Enough was put that a new sample would say something."""
        return self.ahead > self.target

    def put(self, records: int) -> None:
        """So many went into the log."""
        self._put += records

    def began(self) -> int:
        """A sample begins; what is put from now on may not be in it."""
        return self._put

    def sampled(self, mark: int, backlog: int, done: int, now: float) -> None:
        """A sample said how much is before the router and how much it has done, over all partitions."""
        if self._backlog > 0 and backlog > 0 and now > self._at:
            rate = (done - self._done) / (now - self._at)
            self._rate += _SMOOTH * (rate - self._rate) if self._rate else rate
            self.target = min(MOST, max(LEAST, round(self._rate * WORTH_S)))
        if not backlog or done != self._done or self._moved_at > now:
            self._moved_at = now
        self._backlog, self._done, self._at, self._put_before = backlog, done, now, mark
