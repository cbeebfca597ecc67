"""What a source says about time, bounded by what we know: onset (R-T4) and clear (R-C6)."""

from __future__ import annotations

from datetime import datetime, timedelta

OLDEST_ONSET = timedelta(days=30)
OLDEST_CLEAR = timedelta(hours=24)
LATEST_TRIGGER = timedelta(minutes=10)


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


def came_after_its_clear(
    said: datetime | None, received_at: datetime, *, cleared_at: datetime | None, clear_received_at: datetime
) -> bool:
    """Whether a trigger is over already, because its clear overtook it: before our door (R-C7), or behind it.

    Args:
        said: when the source says the trigger's fault began; unknown means at its accept.
        received_at: our accept of the trigger. Before that of the clear: it was overtaken behind our door, as the
            spool allows when the broker comes back. Else at most ten minutes after it, and ``said`` must be known.
        cleared_at: when the source says it was over; unknown means when we had the clear.
        clear_received_at: our accept of the clear.
    """
    late = received_at - clear_received_at
    over = cleared_at if cleared_at is not None and cleared_at <= clear_received_at else clear_received_at
    if late < timedelta():
        return over >= (received_at if said is None else said)
    return said is not None and late <= LATEST_TRIGGER and over >= said
