"""What a source says about time, bounded by what we know: onset (R-T4) and clear (R-C6)."""

from __future__ import annotations

from datetime import datetime, timedelta

OLDEST_ONSET = timedelta(days=30)
OLDEST_CLEAR = timedelta(hours=24)


def onset(said: datetime | None, received_at: datetime) -> tuple[datetime, tuple[str, ...]]:
    """When the fault began, and why that is not to be used for detection times: skew, estimated, implausible."""
    if said is None:
        return received_at, ("estimated",)
    if said > received_at:
        return received_at, ("skew",)
    if received_at - said > OLDEST_ONSET:
        return said, ("implausible",)
    return said, ()


def cleared(said: datetime | None, *, detected_at: datetime, received_at: datetime) -> datetime:
    """When a clear counts: at the source's instant if that is possible and at most a day old, else at ours."""
    if said is not None and detected_at <= said <= received_at and received_at - said <= OLDEST_CLEAR:
        return said
    return received_at
