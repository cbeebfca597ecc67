"""A token bucket: how much one integration may post over a longer time. Pure, time is an argument."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """Holds ``burst`` tokens at most and gains ``rate`` of them a second; an alert is one."""

    rate: float
    burst: float
    level: float
    at: float

    @classmethod
    def full(cls, rate: float, burst: float, now: float) -> Bucket:
        """A bucket nobody has taken from."""
        return cls(rate, burst, burst, now)

    def take(self, alerts: int, now: float) -> bool:
        """Whether ``alerts`` are within the rate, and take them if so.

        A post of more than the burst is within it when the bucket is full, and is paid off afterwards: refused, it
        would be refused for ever.
        """
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        within = self.level >= min(alerts, self.burst)
        if within:
            self.level -= alerts
        return within
