"""One clock's course and where it stands: the state machine of domain.md 1.5. Pure.

A course says when a clock started, what it was promised, when it stood still and how it ended; ``settle`` turns that
into a clock as of an instant. Which facts make a course is ``fold``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tandem.model.events import ClockName, ClockState, SlaClock
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_sla_clock import due as arithmetic
from tandem_sla_clock.clauses import Clause
from tandem_sla_clock.due import Pause, Reach, Rule

THRESHOLDS = (50, 75, 90)
"""Percent of the time allowed, in counted time, at which a clock warns (R-C15)."""


class Term(NamedTuple):
    """A promise that holds from ``at`` on; ``upgrade`` None where the calendar and not the priority changed."""

    at: datetime
    clause: Clause
    priority: Priority
    upgrade: bool | None = None


class Finish(NamedTuple):
    """How it ended: stopped (met if in time), or cancelled (which a breach before it outlives)."""

    at: datetime
    cancels: bool
    flags: tuple[str, ...] = ()


class Mark(NamedTuple):
    """An instant at which the clock warns, if nothing happens before."""

    percent: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is known of one clock cycle."""

    incident_id: UUID
    clock: ClockName
    cycle: int
    party_at: Callable[[datetime], Party]
    """Whom it obliges; asked for the instant at which it is decided."""
    start: datetime
    terms: Sequence[Term]
    """At least one; later ones re-target."""
    pauses: tuple[Pause, ...] = ()
    finish: Finish | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A clock as of an instant and the warnings that lie on its way; ``marks`` is empty when it does not run."""

    clock: SlaClock
    marks: tuple[Mark, ...] = ()


def settle(course: Course, as_of: datetime) -> Run:
    """The clock as of ``as_of``; what was decided before stays decided."""
    finish = course.finish
    limit = finish.at if finish else max(as_of, course.start)
    rule, term = _terms_until(course, limit)
    known = (pause for pause in course.pauses if pause[0] <= limit)
    pauses = arithmetic.until(course.pauses, finish.at) if finish else tuple(known)
    due = arithmetic.due_at(rule, pauses)
    state = _state(due, finish, limit)
    breached_at = due if state is ClockState.BREACHED else None
    marks = _marks(course.start, term, due, pauses) if state is ClockState.RUNNING and due else ()
    clock = SlaClock(
        incident_id=course.incident_id,
        clock=course.clock,
        party=course.party_at(min(limit, due) if due else limit),
        cycle=course.cycle,
        priority=term.priority,
        start=course.start,
        target=term.clause.length,
        due=due,
        state=state,
        stop=finish.at if finish else None,
        counted=arithmetic.counted(term.clause.calendar, course.start, limit, pauses),
        breached_at=breached_at,
        calendar=term.clause.calendar.name,
        warned=tuple(mark.percent for mark in marks if mark.at <= limit),
        flags=tuple(dict.fromkeys((*course.flags, *(finish.flags if finish else ())))),
    )
    return Run(clock, marks)


def _state(due: datetime | None, finish: Finish | None, limit: datetime) -> ClockState:
    if finish is not None:
        if due is not None and due < finish.at:
            return ClockState.BREACHED
        return ClockState.CANCELLED if finish.cancels else ClockState.MET
    if due is None:
        return ClockState.PAUSED
    # A stop at the due instant itself would still be in time; until one is known it has passed.
    return ClockState.BREACHED if due <= limit else ClockState.RUNNING


def _terms_until(course: Course, limit: datetime) -> tuple[Rule, Term]:
    """The rule and term in force at ``limit``; a clock that has breached keeps what it breached (R-C14)."""
    term = course.terms[0]
    rule = arithmetic.first_rule(course.start, term.clause)
    if term.at > course.start:  # a clock the old priority did not have
        rule = arithmetic.upgraded((), course.start, term.clause, term.at)
    for following in course.terms[1:]:
        too_late = following.at >= limit if course.finish else following.at > limit
        pauses = arithmetic.until(course.pauses, following.at)
        due = arithmetic.due_at(rule, pauses)
        if too_late or (due is not None and due < following.at):
            break
        rule = _retargeted(rule, course.start, following, pauses)
        term = following
    return rule, term


def _retargeted(rule: Rule, start: datetime, term: Term, pauses: tuple[Pause, ...]) -> Rule:
    anew = arithmetic.first_rule(start, term.clause)
    upgrade = term.upgrade
    if upgrade is None:
        old_due, new_due = arithmetic.due_at(rule, pauses), arithmetic.due_at(anew, pauses)
        upgrade = old_due is not None and new_due is not None and new_due < old_due
    return arithmetic.upgraded(rule, start, term.clause, term.at) if upgrade else anew


def _marks(start: datetime, term: Term, due: datetime, pauses: tuple[Pause, ...]) -> tuple[Mark, ...]:
    calendar = term.clause.calendar
    allowed = arithmetic.counted(calendar, start, due, arithmetic.until(pauses, due))
    marks = []
    for percent in THRESHOLDS:
        at = arithmetic.reached(Reach(start, allowed * percent / 100, calendar), pauses)
        if at is not None:
            marks.append(Mark(percent, min(at, due)))
    return tuple(marks)
