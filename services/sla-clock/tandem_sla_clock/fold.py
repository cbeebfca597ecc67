"""The fold: facts of one incident and its clauses -> its clocks (domain.md 1.3 to 1.5). Pure.

Every clock is worked out from the facts each time (R-C5); nothing that was stored before is looked at. What changed
since, and what to tell about it, is ``diff``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from tandem.model.events import ClockName, Fact, SlaClock
from tandem_sla_clock import clocks
from tandem_sla_clock.clauses import Clauses
from tandem_sla_clock.course import Course, Run, settle
from tandem_sla_clock.reading import read
from tandem_sla_clock.timeline import Profile, Timeline

CLEAR_PENDING = "clear_pending"
BREACHED_BEFORE = "breached_before"
"""The resolution clock of a re-opened incident that was breached in an earlier cycle: counted there, not again."""

_ASKED = {ClockName.HANDOFF_ACCEPT, ClockName.OBLIGATION_APPROVAL, ClockName.OBLIGATION_INFORMATION}


def fold(facts: Iterable[Fact], clauses: Clauses, profile: Profile, now: datetime) -> tuple[SlaClock, ...]:
    """The clocks of one incident as of ``now``: detect, response, joint calls, resolution, then the requests.

    Args:
        facts: of one incident, in any order; a version that comes twice counts once.
        clauses: of the agreement version the incident was opened under.
        now: aware UTC; facts later than it are taken as known.

    Raises:
        PoisonRecord: no fact opens the incident.
    """
    return tuple(run.clock for run in runs(facts, clauses, profile, now))


def runs(facts: Iterable[Fact], clauses: Clauses, profile: Profile, now: datetime) -> tuple[Run, ...]:
    """As ``fold``, with the warnings that lie on each clock's way."""
    timeline = read(facts, profile)
    as_of = now
    if timeline.pending_since is not None:
        # R-P12: while a clear is pending nothing is breached and nobody is warned; a re-fire folds on as if it
        # had never cleared, so time stands still only for this look.
        as_of = min(now, timeline.pending_since)
    settled = [settle(course, as_of) for course in _courses(timeline, clauses, profile)]
    return tuple(_marked(run, timeline) for run in _latest(settled, timeline))


def _courses(timeline: Timeline, clauses: Clauses, profile: Profile) -> Iterator[Course]:
    subject = clocks.Subject(profile.incident_id, timeline, clauses)
    detect = clocks.detect(subject, profile.monitoring_owner)
    if detect is not None:
        yield detect
    for cycle in timeline.cycles:
        yield from clocks.response(subject, cycle)
        for party in clauses.parties:
            yield from clocks.joint_call(subject, cycle, party)
        yield from clocks.resolution(subject, cycle)
    yield from clocks.obligations(subject)
    yield from clocks.handoffs(subject)


def _latest(found: list[Run], timeline: Timeline) -> Iterable[Run]:
    """A clock that was lost by a downgrade and came back is one clock: its last stretch."""
    if len(timeline.priorities) == 1:
        return found
    return {identity(run.clock): run for run in found}.values()


def _marked(run: Run, timeline: Timeline) -> Run:
    """Flags that are seen only from outside a course, and no warnings while a clear is pending."""
    clock = run.clock
    began = timeline.cycles[clock.cycle - 1].start
    if clock.breached_at is not None and clock.cycle > 1 and clock.breached_at < began:
        return replace(run, clock=replace(clock, flags=(*clock.flags, BREACHED_BEFORE)))
    if timeline.pending_since is not None and clock.stop is None:
        return Run(replace(clock, flags=(*clock.flags, CLEAR_PENDING)))
    return run


def identity(clock: SlaClock) -> str:
    """What tells the clocks of one incident apart, also when the obliged party changes: ``joint_call/1/msp``."""
    name = f"{clock.clock.value}/{clock.cycle}"
    if clock.clock is ClockName.JOINT_CALL:
        return f"{name}/{clock.party.value}"
    if clock.clock in _ASKED:
        return "/".join([name, *(flag for flag in clock.flags if flag.startswith("about="))])
    return name
