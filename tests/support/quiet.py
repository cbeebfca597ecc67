"""The hour at which an installation under test lives, whatever the machine's clock says. Pure.

At an opening or a close incidents change hands, so a run across one would meet pages of the party that had them before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tandem.agreement.compiled import Agreement
from tandem.agreement.duty import duty, next_boundary

STILL = timedelta(hours=6)
"""Longer than a run takes."""
_SETTLED = timedelta(minutes=1)
_MOST_BOUNDARIES = 400


def until_a_quiet_hour(agreement: Agreement, now: datetime) -> timedelta:
    """From ``now`` (aware UTC) to the next opening of the internal party after which nothing changes for ``STILL``."""
    at: datetime | None = now
    for _ in range(_MOST_BOUNDARIES):
        at = next_boundary(agreement, at) if at is not None else None
        assert at is not None, "the hours never change"
        then = next_boundary(agreement, at)
        if duty(agreement, at).on_duty and (then is None or then - at >= STILL + _SETTLED):
            return at + _SETTLED - now
    raise AssertionError("no day is long enough")
