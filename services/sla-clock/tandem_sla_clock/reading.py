"""Reads an incident's facts into its ``Timeline``. Pure; a fact kind that no clock cares about is passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from tandem.model.alert import AlertStatus
from tandem.model.events import Fact, FactKind
from tandem_sla_clock.order import by_version, in_effect
from tandem_sla_clock.timeline import Action, Cycle, End, EndKind, Obligation, Offer, Profile, Timeline

IMPLAUSIBLE = timedelta(days=30)
"""An onset longer ago than this is a wrong clock, not a slow monitoring (R-T4)."""


def read(facts: Iterable[Fact], profile: Profile) -> Timeline:
    """The timeline of one incident's facts, in any order, duplicates allowed.

    Raises:
        PoisonRecord: no fact opens the incident.
    """
    ordered = by_version(facts)
    timeline = _opened(next(fact for fact in ordered if fact.kind is FactKind.OPENED), profile)
    for at, fact in in_effect(ordered, timeline.detected_at):
        reader = _READERS.get(fact.kind)
        if reader is not None:
            reader(timeline, at, fact)
    _end_suppressed(timeline)
    timeline.pending_since = _pending_since(ordered, timeline)
    return timeline


def _opened(fact: Fact, profile: Profile) -> Timeline:
    learned = fact.alert.received_at if fact.alert and fact.alert.received_at else fact.received_at
    detected = profile.detected_at or max(fact.effective_at, learned)
    occurred = profile.occurred_at or (fact.alert.occurred_at if fact.alert else None)
    occurred, flags = _onset(occurred, detected, profile.detect_flags)
    return Timeline(
        detected_at=detected,
        received_at=detected,
        occurred_at=occurred,
        detect_flags=flags,
        priorities=[(detected, fact.priority)],
        parties=[(detected, fact.responsible_party)],
        cycles=[Cycle(1, detected)],
    )


def _onset(occurred: datetime | None, detected: datetime, known: tuple[str, ...]) -> tuple[datetime, tuple[str, ...]]:
    """R-T4: the onset as far as it can be believed, and the flags that keep it out of MTTD."""
    flags = list(known)
    if occurred is None:
        occurred = detected
        flags.append("estimated")
    elif occurred > detected:
        occurred = detected
        flags.append("skew")
    elif detected - occurred > IMPLAUSIBLE:
        flags.append("implausible")
    return occurred, tuple(dict.fromkeys(flags))


def _pending_since(ordered: list[Fact], timeline: Timeline) -> datetime | None:
    """The first clear of a hold-down that still runs.

    Goes by version: whether the router holds a clear is a matter of what it had seen, not of the sources' instants.
    """
    since: datetime | None = None
    for fact in ordered:
        if fact.kind is FactKind.ALERT_CLEARED and fact.detail.hold_until is not None:
            since = since or max(fact.effective_at, timeline.cycles[-1].start)
        elif fact.kind in {FactKind.RESOLVED, FactKind.REOPENED} or _fires(fact):
            since = None
    return since if timeline.cycles[-1].end is None else None


def _fires(fact: Fact) -> bool:
    again = fact.alert is None or fact.alert.status is not AlertStatus.RESOLVED
    return fact.kind is FactKind.ALERT_JOINED and again


def _answered_by_person(timeline: Timeline, at: datetime, fact: Fact) -> None:
    """An answer for the face that does not lead stops nothing: it is another track's (R-A3)."""
    if fact.by.party is not None and not fact.detail.assists:
        timeline.answers.append(Action(at, fact.by.party))


def _joined(timeline: Timeline, at: datetime, fact: Fact) -> None:
    if fact.by.party is not None:
        timeline.joins.append(Action(at, fact.by.party))


def _resolved(timeline: Timeline, at: datetime, fact: Fact) -> None:
    by_person = fact.by.party is not None and fact.detail.auto is not True
    kind = EndKind.RESOLVED if by_person else EndKind.CLEARED
    _end(timeline, End(at, kind, fact.by.party if by_person else None))


def _merged(timeline: Timeline, at: datetime, _fact: Fact) -> None:
    _end(timeline, End(at, EndKind.MERGED))


def _end(timeline: Timeline, end: End) -> None:
    cycle = timeline.cycles[-1]
    if cycle.end is not None:
        return
    cycle.end = end
    open_ones: list[Obligation | Offer] = [*timeline.obligations, *timeline.offers]
    for asked in open_ones:
        if asked.end is None:
            asked.end, asked.withdrawn = end.at, True


def _reopened(timeline: Timeline, at: datetime, fact: Fact) -> None:
    last = timeline.cycles[-1]
    if last.end is None:
        return
    timeline.cycles.append(Cycle(last.number + 1, at))
    timeline.priorities.append((at, fact.priority))
    timeline.parties.append((at, fact.responsible_party))


def _reprioritised(timeline: Timeline, at: datetime, fact: Fact) -> None:
    timeline.priorities.append((at, fact.detail.to_priority or fact.priority))


def _responsibility_moved(timeline: Timeline, at: datetime, fact: Fact) -> None:
    timeline.parties.append((at, fact.detail.to_party or fact.responsible_party))


def _offered(timeline: Timeline, at: datetime, fact: Fact) -> None:
    receiver = fact.detail.to_party or timeline.responsible_at(at).other
    timeline.offers.append(Offer(f"v{fact.version}", receiver, timeline.priority_at(at), at))


def _accepted(timeline: Timeline, at: datetime, fact: Fact) -> None:
    _offer_ended(timeline, at, fact)
    _responsibility_moved(timeline, at, fact)


def _offer_ended(timeline: Timeline, at: datetime, fact: Fact) -> None:
    for offer in timeline.offers:
        if offer.end is None:
            offer.end, offer.withdrawn = at, fact.kind is FactKind.HANDOFF_WITHDRAWN
            return


def _requested(timeline: Timeline, at: datetime, fact: Fact) -> None:
    asked = fact.detail.to_party or (fact.by.party or timeline.responsible_at(at)).other
    key = fact.detail.obligation_id or f"v{fact.version}"
    taken = sum(1 for obligation in timeline.obligations if obligation.key.split("#")[0] == key)
    timeline.obligations.append(
        Obligation(
            key=f"{key}#{taken + 1}" if taken else key,
            kind=fact.detail.obligation or "information",
            asked=asked,
            priority=timeline.priority_at(at),
            blocking=fact.detail.blocking is True,
            start=at,
        )
    )


def _answered(timeline: Timeline, at: datetime, fact: Fact) -> None:
    wanted = fact.detail.obligation_id
    for obligation in timeline.obligations:
        if obligation.end is None and wanted in {None, obligation.key.split("#")[0]}:
            obligation.end = at
            return


def _linked(timeline: Timeline, _at: datetime, fact: Fact) -> None:
    """R-C16, on the parent: a merged child that was detected earlier moves the start back."""
    earlier = fact.alert.received_at if fact.alert else None
    if fact.detail.reason == "merged" and earlier is not None and earlier < timeline.detected_at:
        timeline.detected_at = timeline.cycles[0].start = earlier


def _suppressed(timeline: Timeline, at: datetime, _fact: Fact) -> None:
    if not timeline.suppressions or timeline.suppressions[-1][1] is not None:
        timeline.suppressions.append((at, None))


def _released(timeline: Timeline, at: datetime, _fact: Fact) -> None:
    if timeline.suppressions and timeline.suppressions[-1][1] is None:
        timeline.suppressions[-1] = timeline.suppressions[-1][0], at


def _end_suppressed(timeline: Timeline) -> None:
    """A suppression that was not lifted ends the cycle; a lifted one only stops the clocks meanwhile."""
    if timeline.suppressions and timeline.suppressions[-1][1] is None:
        at = timeline.suppressions.pop()[0]
        cycle = timeline.cycle_at(at)
        if cycle.end is None or cycle.end.at > at:
            cycle.end = End(at, EndKind.SUPPRESSED)


_READERS: Mapping[FactKind, Callable[[Timeline, datetime, Fact], None]] = {
    FactKind.ACKNOWLEDGED: _answered_by_person,
    FactKind.STARTED: _answered_by_person,
    FactKind.JOINED: _joined,
    FactKind.RESOLVED: _resolved,
    FactKind.REOPENED: _reopened,
    FactKind.REPRIORITISED: _reprioritised,
    FactKind.REOWNED: _responsibility_moved,
    FactKind.HANDOFF_OFFERED: _offered,
    FactKind.HANDOFF_ACCEPTED: _accepted,
    FactKind.HANDOFF_REFUSED: _offer_ended,
    FactKind.HANDOFF_WITHDRAWN: _offer_ended,
    FactKind.HANDOFF_EXPIRED: _offer_ended,
    FactKind.REQUESTED: _requested,
    FactKind.ANSWERED: _answered,
    FactKind.MERGED: _merged,
    FactKind.LINKED: _linked,
    FactKind.SUPPRESSED: _suppressed,
    FactKind.RELEASED: _released,
}
