"""Instants that people type: ``--at 2026-11-20T03:00:00Z``, ``--at 2027-01-01``, or now."""

from __future__ import annotations

from datetime import UTC, datetime

from tandem.clock import SystemClock
from tandem.errors import Reason, Refused

FIRST_YEAR, LAST_YEAR = 1970, 2400
"""What is typed outside of them is a slip, and some zones could not be computed there."""


def moment(text: str | None, option: str) -> datetime:
    """Aware UTC; without an offset it is taken as UTC, without a text it is now.

    Raises:
        Refused: it is no time; names ``option``.
    """
    if text is None:
        return SystemClock().now()
    try:
        said = datetime.fromisoformat(text)
        at = (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        at = None
    if at is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise Refused(Reason.INVALID, f"{option} {text[:40]!r} should be a time like 2026-11-20T03:00:00Z")
    return at
