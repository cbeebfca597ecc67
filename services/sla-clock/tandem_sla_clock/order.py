"""The order in which facts count: by effective instant, then R-C4, then version. Pure.

Arrival order does not matter, except where only it can tell what a fact is about: what is resolved after a re-opening
belongs to the re-opened cycle, whatever instant its source gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from tandem.errors import PoisonRecord
from tandem.model.events import Fact, FactKind

_STOP, _CANCEL, _PAUSE, _RESUME, _RETARGET = range(5)
_BEGINS = -1
_RANK = {
    FactKind.OPENED: _BEGINS,
    FactKind.REOPENED: _BEGINS,
    FactKind.ACKNOWLEDGED: _STOP,
    FactKind.STARTED: _STOP,
    FactKind.JOINED: _STOP,
    FactKind.RESOLVED: _STOP,
    FactKind.HANDOFF_REFUSED: _STOP,
    FactKind.HANDOFF_EXPIRED: _STOP,
    FactKind.MERGED: _CANCEL,
    FactKind.SUPPRESSED: _CANCEL,
    FactKind.HANDOFF_WITHDRAWN: _CANCEL,
    FactKind.REQUESTED: _PAUSE,
    FactKind.HANDOFF_OFFERED: _PAUSE,
    FactKind.ANSWERED: _RESUME,
}
_CORRECTABLE = {
    kind.value: kind for kind in (FactKind.ACKNOWLEDGED, FactKind.STARTED, FactKind.JOINED, FactKind.RESOLVED)
}
_OF_THE_CYCLE = {FactKind.RESOLVED, FactKind.ALERT_CLEARED}


def by_version(facts: Iterable[Fact]) -> list[Fact]:
    """Every version once, in order; a correction is what it says happened (R-T2).

    Raises:
        PoisonRecord: the first of them does not open the incident.
    """
    ordered = sorted({fact.version: _meant(fact) for fact in facts}.values(), key=lambda fact: fact.version)
    if not ordered or not any(fact.kind is FactKind.OPENED for fact in ordered):
        raise PoisonRecord("facts of an incident that was never opened")
    return ordered


def in_effect(ordered: list[Fact], detected_at: datetime) -> list[tuple[datetime, Fact]]:
    """Facts with the instant at which each counts, in that order; none counts before ``detected_at``.

    Args:
        ordered: as ``by_version`` gives them.
    """
    if len(ordered) == 1:
        return [(detected_at, ordered[0])]
    begun_at, begun = detected_at, Counter[datetime]()
    keyed: list[tuple[tuple[datetime, int, int, int], Fact]] = []
    for fact in ordered:
        at = detected_at if fact.kind is FactKind.OPENED else max(fact.effective_at, detected_at)
        if fact.kind is FactKind.REOPENED:
            begun_at = at
            begun[at] += 1
        elif fact.kind in _OF_THE_CYCLE:
            at = max(at, begun_at)
        # One delivery may clear and fire again at one instant: what was decided after the re-opening stays after it.
        keyed.append(((at, begun[at], _RANK.get(fact.kind, _RETARGET), fact.version), fact))
    return [(key[0], fact) for key, fact in sorted(keyed, key=lambda pair: pair[0])]


def _meant(fact: Fact) -> Fact:
    """``corrected`` with the name of a human action as its reason back-dates that action."""
    kind = _CORRECTABLE.get(fact.detail.reason or "") if fact.kind is FactKind.CORRECTED else None
    return replace(fact, kind=kind) if kind else fact
