"""The call to whoever still holds an incident although their hours are over (R-A5).

Pure. When it is due is the router's, which says so in a fact; a fact calls once, whatever is run again.
"""

from __future__ import annotations

from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.events import Fact, FactKind
from tandem_notifier.case import Case
from tandem_notifier.reach import path_of, reachable, resolve, routes
from tandem_notifier.wants import Call, Wants

STILL_YOURS = "still_yours"
"""Reason of the router's note."""
SAYS = "your hours are over and it is still yours: hand it over, or say what comes next"


def call_holder(case: Case, fact: Fact, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """Page who holds it, once, on their soonest channel, if ``fact`` asks for it."""
    brief = case.brief
    asked = fact.kind is FactKind.NOTED and fact.detail.reason == STILL_YOURS and fact.by.party is None
    if not asked or brief.resolved or brief.held:
        return
    party, track, path = brief.responsible_party, brief.leads, f"hours:{fact.version}"
    people = holders(case, agreement, now)
    if not people:
        wants.gap(party, track, path, 0, f"nobody of {party.value} to call, who hold it although their hours are over")
    for person in people:
        ways = routes(agreement.people[person])
        for way in ways:
            if way.after == ways[0].after:
                wants.page(None, Call(party, track, person, path, 0, 0, SAYS), way)


def holders(case: Case, agreement: Agreement, now: datetime) -> tuple[str, ...]:
    """The person who acknowledged for the responsible party on the track that leads, else its people on call."""
    brief = case.brief.on(case.brief.leads)
    party = brief.responsible_party
    taken = brief.acknowledged.get(party)
    if taken is not None and taken.person is not None and reachable(agreement, taken.person):
        return (taken.person,)
    path = path_of(agreement, party, brief.track, brief.paths.get(party))
    return resolve(agreement, path, path.steps[0].page if path.steps else (), now, brief.accountable).people
