"""Which facts start, re-target, pause and end each clock (the table of domain.md 1.4). Pure.

One function per clock turns the timeline into courses; what a course comes to is ``course.settle``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tandem.model.events import ClockName, ClockState
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_sla_clock import endings
from tandem_sla_clock.clauses import Clause, Clauses
from tandem_sla_clock.course import Course, Finish, Term, settle
from tandem_sla_clock.due import Pause, merged
from tandem_sla_clock.timeline import Cycle, Obligation, Offer, Timeline

ClauseAt = Callable[[datetime, Priority], Clause | None]


@dataclass(slots=True)
class Subject:
    """One incident, as every clock looks at it."""

    incident_id: UUID
    timeline: Timeline
    clauses: Clauses
    standstills: tuple[Pause, ...] = field(init=False)
    """Lifted suppressions, which stop every clock."""
    waits: tuple[Pause, ...] = field(init=False)
    """What stops the resolution clock: blocking requests to the other party and the time between cycles (R-C3)."""

    def __post_init__(self) -> None:
        timeline = self.timeline
        self.standstills = merged(timeline.suppressions)
        asked = [(o.start, o.end) for o in timeline.obligations if self._blocks(o)]
        between = [
            (before.end.at, after.start)
            for before, after in zip(timeline.cycles, timeline.cycles[1:], strict=False)
            if before.end
        ]
        self.waits = merged([*asked, *between, *timeline.suppressions])

    def _blocks(self, obligation: Obligation) -> bool:
        # Waiting on one's own party is never a pause.
        return obligation.blocking and obligation.asked is not self.timeline.responsible_at(obligation.start)


def detect(subject: Subject, monitoring_owner: Party) -> Course | None:
    """From the onset to our durable accept; one shot, judged when we learn of it."""
    timeline = subject.timeline
    priority = timeline.priorities[0][1]
    clause = subject.clauses.clause(ClockName.DETECT, priority, monitoring_owner)
    if clause is None:
        return None
    return Course(
        incident_id=subject.incident_id,
        clock=ClockName.DETECT,
        cycle=1,
        party_at=lambda _at: monitoring_owner,
        start=timeline.occurred_at,
        terms=(Term(timeline.occurred_at, clause, priority),),
        finish=Finish(timeline.received_at, cancels=False),
        flags=timeline.detect_flags,
    )


def response(subject: Subject, cycle: Cycle) -> Iterator[Course]:
    """The responsible party's first human reaction, anew in every cycle (R-C8 to R-C12)."""
    timeline = subject.timeline
    obliged = timeline.responsible_at(cycle.start)

    def clause_at(_at: datetime, priority: Priority) -> Clause | None:
        return subject.clauses.clause(ClockName.RESPONSE, priority, obliged)

    finish = endings.first(endings.reaction(timeline, cycle), endings.response_end(timeline, cycle))
    for terms, lost in _spans(timeline, cycle.start, cycle, clause_at):
        course = Course(
            incident_id=subject.incident_id,
            clock=ClockName.RESPONSE,
            cycle=cycle.number,
            party_at=timeline.responsible_at,
            start=cycle.start,
            terms=terms,
            pauses=subject.standstills,
            finish=endings.first(finish, lost),
            flags=endings.assisted(timeline, cycle, finish),
        )
        yield course
        if _decided(course):
            return


def joint_call(subject: Subject, cycle: Cycle, party: Party) -> Iterator[Course]:
    """``party``'s own join. A re-opened incident has no second call; one that becomes P1 later has its first."""
    timeline = subject.timeline

    def clause_at(_at: datetime, priority: Priority) -> Clause | None:
        return subject.clauses.clause(ClockName.JOINT_CALL, priority, party)

    finish = endings.first(endings.join(timeline, cycle, party), endings.call_end(cycle))
    for terms, lost in _spans(timeline, cycle.start, cycle, clause_at):
        if cycle.number > 1 and terms[0].at == cycle.start:
            continue
        course = Course(
            incident_id=subject.incident_id,
            clock=ClockName.JOINT_CALL,
            cycle=cycle.number,
            party_at=lambda _at: party,
            start=cycle.start,
            terms=terms,
            pauses=subject.standstills,
            finish=endings.first(finish, lost),
        )
        yield course
        if _decided(course):
            return


def resolution(subject: Subject, cycle: Cycle) -> Iterator[Course]:
    """Time to restore, counted from detection through every cycle, without the time in between (R-C12)."""
    timeline = subject.timeline

    def clause_at(at: datetime, priority: Priority) -> Clause | None:
        return subject.clauses.clause(ClockName.RESOLUTION, priority, timeline.responsible_at(at))

    for terms, lost in _spans(timeline, timeline.detected_at, cycle, clause_at, moves=True):
        course = Course(
            incident_id=subject.incident_id,
            clock=ClockName.RESOLUTION,
            cycle=cycle.number,
            party_at=timeline.responsible_at,
            start=timeline.detected_at,
            terms=terms,
            pauses=subject.waits,
            finish=endings.first(endings.resolution_end(cycle), lost),
        )
        yield course
        if _decided(course):
            return


def obligations(subject: Subject) -> Iterator[Course]:
    """One clock per request, of the party asked."""
    for obligation in subject.timeline.obligations:
        approval = obligation.kind == "approval"
        clock = ClockName.OBLIGATION_APPROVAL if approval else ClockName.OBLIGATION_INFORMATION
        yield from _asked(subject, clock, obligation.asked, obligation)


def handoffs(subject: Subject) -> Iterator[Course]:
    """One clock per offer, of the receiver; a refusal answers it too."""
    for offer in subject.timeline.offers:
        yield from _asked(subject, ClockName.HANDOFF_ACCEPT, offer.receiver, offer)


def _asked(subject: Subject, clock: ClockName, party: Party, asked: Obligation | Offer) -> Iterator[Course]:
    clause = subject.clauses.clause(clock, asked.priority, party)
    if clause is None:
        return
    finish = None
    if asked.end is not None:
        finish = Finish(asked.end, cancels=asked.withdrawn, flags=("withdrawn",) if asked.withdrawn else ())
    yield Course(
        incident_id=subject.incident_id,
        clock=clock,
        cycle=subject.timeline.cycle_at(asked.start).number,
        party_at=lambda _at: party,
        start=asked.start,
        terms=(Term(asked.start, clause, asked.priority),),
        finish=finish,
        flags=(f"about={asked.key}",),
    )


def _spans(
    timeline: Timeline, start: datetime, cycle: Cycle, clause_at: ClauseAt, *, moves: bool = False
) -> Iterator[tuple[list[Term], Finish | None]]:
    """The stretches of time in which the priority has such a clock, each with its terms and what ended it.

    Args:
        moves: hand-offs change the terms too (the resolution clock counts in the receiver's calendar).
    """
    changes = [at for at, _ in timeline.priorities[1:]] + ([at for at, _ in timeline.parties[1:]] if moves else [])
    last = cycle.end.at if cycle.end else None
    terms: list[Term] = []
    for at in [start, *sorted({at for at in changes if at > start and (last is None or at < last)})]:
        priority = timeline.priority_at(at)
        clause = clause_at(at, priority)
        if clause is None:
            if terms:
                yield terms, Finish(at, cancels=True, flags=("downgraded",))
            terms = []
        elif not terms or (clause, priority) != (terms[-1].clause, terms[-1].priority):
            terms.append(Term(at, clause, priority, _is_upgrade(terms, priority)))
    if terms:
        yield terms, None


def _is_upgrade(terms: list[Term], priority: Priority) -> bool | None:
    if not terms or terms[-1].priority is priority:
        return None
    return priority.rank < terms[-1].priority.rank


def _decided(course: Course) -> bool:
    """Whether a later stretch of the clock cannot matter: it was met or breached, not lost by a downgrade."""
    finish = course.finish
    return finish is not None and settle(course, finish.at).clock.state is not ClockState.CANCELLED
