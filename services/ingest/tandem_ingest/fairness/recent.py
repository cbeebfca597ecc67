"""What each tenant posted of late, as one process saw it. Pure, time is an argument."""

from __future__ import annotations

WINDOW_S = 1.0
"""A count is of this window and the one before."""
PRESENT_S = 60.0
"""A tenant that posted within so long can be disturbed."""


class Recent:
    """Alerts per tenant within the last one or two seconds, and who posted within the last minute."""

    def __init__(self) -> None:
        """Nothing was posted."""
        self._since = 0.0
        self._now: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._seen: dict[str, float] = {}

    def add(self, tenant: str, alerts: int, now: float) -> None:
        """``tenant`` posted."""
        if now - self._since >= WINDOW_S:
            self._turn(now)
        self._now[tenant] = self._now.get(tenant, 0) + alerts

    def of(self, tenant: str) -> int:
        """What ``tenant`` posted."""
        return self._now.get(tenant, 0) + self._before.get(tenant, 0)

    def posting(self) -> int:
        """How many tenants posted, at least one."""
        return max(1, len(self._now.keys() | self._before.keys()))

    def alone(self, tenant: str, now: float) -> bool:
        """Whether nobody but ``tenant`` posted within the last minute."""
        others = (self._now.keys() | self._before.keys()) - {tenant}
        return not others and not any(now - at < PRESENT_S for name, at in self._seen.items() if name != tenant)

    def _turn(self, now: float) -> None:
        self._seen.update(dict.fromkeys(self._now, now))
        if len(self._seen) > len(self._now):
            self._seen = {name: at for name, at in self._seen.items() if now - at < PRESENT_S}
        self._before = self._now if now - self._since < 2 * WINDOW_S else {}
        self._now = {}
        self._since = now
