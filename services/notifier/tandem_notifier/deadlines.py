"""What a clock's warnings and breaches do: force the next step, call who is accountable (R-E8, R-RACI1). Pure.

They act on the track that leads: the clocks are the incident's, and run once.
"""

from __future__ import annotations

from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.events import ClockName, SlaEvent, SlaEventKind
from tandem_notifier.case import Case, LegState
from tandem_notifier.climb import climb
from tandem_notifier.reach import accountable_of, routes
from tandem_notifier.wants import Call, Wants

FORCES_STEP = 75
CALLS_ACCOUNTABLE = 90


def on_sla(case: Case, event: SlaEvent, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """R-E8: 75 % of the response without an answer forces the next step, 90 % and a breach call the Accountable."""
    brief, clock = case.brief, event.clock
    if brief.resolved or brief.held or clock.cycle < brief.cycle:
        return
    leads = brief.leads
    leg = case.leg(clock.party, leads)
    unanswered = leg is not None and leg.state is LegState.PAGING
    if event.kind is SlaEventKind.BREACHED and clock.clock is not ClockName.DETECT:
        _call_accountable(case, event, agreement, wants)
        wants.tell(clock.party.other, leads, f"breached:{clock.clock.value}")
    elif event.kind is not SlaEventKind.WARNED or clock.clock is not ClockName.RESPONSE or leg is None:
        return
    elif event.threshold == FORCES_STEP and unanswered:
        climb(case, leg, agreement, now, wants, "75 % of the response time is over without an acknowledgement")
    elif event.threshold == CALLS_ACCOUNTABLE and unanswered:
        _call_accountable(case, event, agreement, wants)


def _call_accountable(case: Case, event: SlaEvent, agreement: Agreement, wants: Wants) -> None:
    """Page the Accountable of the obliged party; where nobody is to be reached, the other party's."""
    clock, brief = event.clock, case.brief.on(case.brief.leads)
    what = f"{clock.clock.value} of {clock.party.value} " + (
        "is breached"
        if event.kind is SlaEventKind.BREACHED
        else f"is at {event.threshold} % without an acknowledgement"
    )
    threshold = 100 if event.kind is SlaEventKind.BREACHED else CALLS_ACCOUNTABLE
    path = f"sla:{clock.clock.value}"
    for party in (clock.party, clock.party.other):
        person = accountable_of(agreement, party, brief.accountable)
        if person is None:
            wants.gap(party, brief.track, path, threshold, f"no Accountable of {party.value} to call")
            continue
        if not brief.priority.pages:
            wants.tell(party, brief.track, f"breached:{clock.clock.value}")
            return
        call = Call(party, brief.track, person, path, clock.cycle, threshold, what)
        for way in routes(agreement.people[person]):
            wants.page(None, call, way)
        return
