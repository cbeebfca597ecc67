"""What changed between two looks at an incident's clocks: SLA events, rows to keep, and when to look again. Pure.

The fold knows nothing of what was told before; this does. So a warning goes out once, and a breach that a late fact
undoes is taken back in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tandem.model.events import ClockName, ClockState, SlaClock, SlaEvent, SlaEventKind
from tandem_sla_clock.course import Run
from tandem_sla_clock.fold import BREACHED_BEFORE, CLEAR_PENDING, identity

_FINAL = {ClockState.MET, ClockState.CANCELLED}
Told = tuple[SlaEventKind, datetime, int | None]
"""Kind, instant at which it counts, threshold."""


@dataclass(frozen=True, slots=True)
class Change:
    """The outcome of a look."""

    clocks: tuple[SlaClock, ...]
    """All clocks, each with every threshold that ever was warned or passed over."""
    changed: tuple[SlaClock, ...]
    """Those that differ from before in more than the time counted."""
    events: tuple[SlaEvent, ...]
    next_at: datetime | None
    """When something will happen by itself: the next warning or due instant."""


def diff(
    before: Iterable[SlaClock], after: Sequence[Run], now: datetime, *, tenant: str, incident_version: int
) -> Change:
    """Compare the clocks as last told with those of a new fold.

    Args:
        before: with ``warned`` as this function gave them.
        after: of ``fold.runs`` as of ``now``.
        incident_version: the version up to which the fold had read.
    """
    known = {identity(clock): clock for clock in before}
    vanished = _vanished(known, after, now) if known else ()
    clocks: list[SlaClock] = []
    changed: list[SlaClock] = []
    events: list[SlaEvent] = []
    for run in (*after, *vanished):
        old = known.get(identity(run.clock)) if known else None
        new = _remember(old, run.clock)
        clocks.append(new)
        if old is None or replace(old, counted=new.counted) != new:
            changed.append(new)
        for kind, at, threshold in _told(old, new, run, now):
            told = SlaEvent(
                tenant=tenant,
                incident_version=incident_version,
                kind=kind,
                at=at,
                emitted_at=now,
                threshold=threshold,
                clock=new,
            )
            events.append(told)
    return Change(tuple(clocks), tuple(changed), tuple(events), _next_at(after, now))


def _remember(old: SlaClock | None, new: SlaClock) -> SlaClock:
    """Thresholds once warned stay so, also when a re-target moves the clock back below them."""
    if old is not None and old.breached_at is not None and CLEAR_PENDING in new.flags:
        # Taken back when the clear is final, not while a re-fire may make it true again.
        return replace(old, flags=tuple(dict.fromkeys((*old.flags, CLEAR_PENDING))))
    if old is None or set(old.warned) <= set(new.warned):
        return new
    return replace(new, warned=tuple(sorted({*new.warned, *old.warned})))


def _vanished(known: dict[str, SlaClock], after: Sequence[Run], now: datetime) -> Iterator[Run]:
    """Clocks that a late fact took away: their row stays, cancelled."""
    found = {identity(run.clock) for run in after}
    for key, clock in known.items():
        if key not in found:
            gone = clock.state is ClockState.CANCELLED
            cancelled = replace(clock, state=ClockState.CANCELLED, stop=clock.stop or now, breached_at=None)
            yield Run(clock if gone else cancelled)


def _told(old: SlaClock | None, new: SlaClock, run: Run, now: datetime) -> Iterator[Told]:
    if old is None:
        yield from _begun(new)
    elif _was_final(old) and _outcome(old) != _outcome(new):
        yield from _taken_back(old, new, now)
    elif not _was_final(old):
        yield from _moved(old, new, now)
    yield from _warned(old, new, run)


def _begun(new: SlaClock) -> Iterator[Told]:
    if new.clock is not ClockName.DETECT:  # one shot: over when it is known
        yield SlaEventKind.STARTED, new.start, None
    if BREACHED_BEFORE not in new.flags:
        yield from _ended(new)
    if new.state is ClockState.PAUSED:
        yield SlaEventKind.PAUSED, new.start, None


def _ended(new: SlaClock) -> Iterator[Told]:
    """What a clock that was running has come to."""
    if new.breached_at is not None:
        yield SlaEventKind.BREACHED, new.breached_at, None
        if new.stop is not None:
            yield SlaEventKind.STOPPED, new.stop, None
    elif new.state in _FINAL and new.stop is not None:
        yield SlaEventKind.MET if new.state is ClockState.MET else SlaEventKind.CANCELLED, new.stop, None


def _moved(old: SlaClock, new: SlaClock, now: datetime) -> Iterator[Told]:
    """Old was running, paused, or breached and not stopped."""
    if old.breached_at is not None and old.breached_at != new.breached_at:
        yield from _taken_back(old, new, now)
        return
    if old.state is ClockState.PAUSED and new.state is not ClockState.PAUSED:
        yield SlaEventKind.RESUMED, now, None
    elif old.state is not ClockState.PAUSED and new.state is ClockState.PAUSED:
        yield SlaEventKind.PAUSED, now, None
    elif _promise(old) != _promise(new):
        yield SlaEventKind.RETARGETED, now, None
    if old.breached_at is None:
        yield from _ended(new)
    elif new.stop is not None:
        yield SlaEventKind.STOPPED, new.stop, None


def _taken_back(old: SlaClock, new: SlaClock, now: datetime) -> Iterator[Told]:
    """R-C5: a late fact changed what had been told as final."""
    undone = old.breached_at is not None and new.breached_at is None
    yield SlaEventKind.RETRACTED if undone else SlaEventKind.RESTATED, now, None
    if new.breached_at != old.breached_at or undone:
        yield from _ended(new)


def _warned(old: SlaClock | None, new: SlaClock, run: Run) -> Iterator[Told]:
    """R-C15: of the thresholds passed and not told before, the highest."""
    if new.state is not ClockState.RUNNING:
        return
    told = set(old.warned if old else ())
    fresh = [mark for mark in run.marks if mark.percent in run.clock.warned and mark.percent not in told]
    if fresh:
        yield SlaEventKind.WARNED, fresh[-1].at, fresh[-1].percent


def _was_final(clock: SlaClock) -> bool:
    return clock.state in _FINAL or clock.stop is not None


def _outcome(clock: SlaClock) -> tuple[ClockState, datetime | None, datetime | None]:
    return clock.state, clock.stop, clock.breached_at


def _promise(clock: SlaClock) -> tuple[datetime | None, timedelta, str]:
    return clock.due, clock.target, clock.calendar


def _next_at(after: Sequence[Run], now: datetime) -> datetime | None:
    coming = [at for run in after for at in _instants(run) if at > now]
    return min(coming, default=None)


def _instants(run: Run) -> Iterator[datetime]:
    if run.marks and run.clock.due is not None:
        yield run.clock.due
        yield from (mark.at for mark in run.marks if mark.percent not in run.clock.warned)
