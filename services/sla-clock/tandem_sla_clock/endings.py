"""What ends a clock: an action of a party, or the end of the cycle, as each clock takes it. Pure."""

from __future__ import annotations

from tandem.model.ownership import Party
from tandem_sla_clock.course import Finish
from tandem_sla_clock.timeline import Cycle, EndKind, Timeline

_CANCEL_FLAGS = {
    EndKind.RESOLVED: "resolved",
    EndKind.CLEARED: "auto_cleared",
    EndKind.MERGED: "merged_into",
    EndKind.SUPPRESSED: "suppressed",
}


def first(*finishes: Finish | None) -> Finish | None:
    """The earliest; at one instant a stop beats a cancel (R-C4)."""
    known = [finish for finish in finishes if finish is not None]
    return min(known, key=lambda finish: (finish.at, finish.cancels), default=None)


def reaction(timeline: Timeline, cycle: Cycle) -> Finish | None:
    """The responsible party's first acknowledgement or start of work in the cycle."""
    for action in timeline.answers:
        if cycle.holds(action.at) and action.party is timeline.responsible_at(action.at):
            return Finish(action.at, cancels=False)
    return None


def assisted(timeline: Timeline, cycle: Cycle, finish: Finish | None) -> tuple[str, ...]:
    """R-C10: the other party's reaction is told, not counted."""
    return tuple(
        f"assisted_by={action.party.value}"
        for action in timeline.answers
        if cycle.holds(action.at)
        and action.party is not timeline.responsible_at(action.at)
        and (finish is None or action.at <= finish.at)
    )


def join(timeline: Timeline, cycle: Cycle, party: Party) -> Finish | None:
    """The party's first join in the cycle."""
    for action in timeline.joins:
        if cycle.holds(action.at) and action.party is party:
            return Finish(action.at, cancels=False)
    return None


def response_end(timeline: Timeline, cycle: Cycle) -> Finish | None:
    """The cycle's end as response takes it: the responsible party's resolve implies a response (R-C9)."""
    end = cycle.end
    if end is None:
        return None
    if end.kind is EndKind.RESOLVED:
        implied = end.party is timeline.responsible_at(end.at)
        return Finish(end.at, not implied, ("implied_by=resolve",) if implied else ("resolved_by_other",))
    return Finish(end.at, cancels=True, flags=(_CANCEL_FLAGS[end.kind],))


def call_end(cycle: Cycle) -> Finish | None:
    """The cycle's end as a joint call takes it: there is nothing left to talk about."""
    return Finish(cycle.end.at, cancels=True, flags=(_CANCEL_FLAGS[cycle.end.kind],)) if cycle.end else None


def resolution_end(cycle: Cycle) -> Finish | None:
    """The cycle's end as resolution takes it: restored, by a person or by itself, or no longer wanted."""
    end = cycle.end
    if end is None:
        return None
    if end.kind is EndKind.RESOLVED:
        return Finish(end.at, cancels=False)
    if end.kind is EndKind.CLEARED:
        return Finish(end.at, cancels=False, flags=("auto",))
    return Finish(end.at, cancels=True, flags=(_CANCEL_FLAGS[end.kind],))
