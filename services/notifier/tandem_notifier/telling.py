"""What is told and not paged: informed parties, queues of P3 and P4, breaches of the other side (R-RACI1, R-E6).

Pure. Told means: the team's address, else the Accountable; once per reason and cycle, without an answer asked for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.people import Contact
from tandem.model.events import Fact, FactKind
from tandem.model.incident import IncidentState
from tandem.model.ownership import Mode, Party, Track
from tandem.model.priority import Priority
from tandem_notifier.case import Brief, Case, Later
from tandem_notifier.reach import Route, accountable_of, reachable
from tandem_notifier.wants import Call, Wants

TEAM = "team"
OPENED, QUEUE, RESOLVED = "open", "queue", "resolved"
REASONS = {
    OPENED: "for your information",
    QUEUE: "in your queue",
    RESOLVED: "resolved",
    "offered": "a hand-off is offered to you",
    "requested": "something is asked of you",
}


def inform(case: Case, fact: Fact | None, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """Everything the incident as it now is makes us tell."""
    brief = case.brief
    if brief.resolved:
        case.later.clear()
        for party in Party:
            if _key(brief, OPENED, party) in case.told:
                wants.tell(party, RESOLVED)
    elif not brief.held:
        _opened(case, agreement, now, wants)
    if fact is not None and fact.detail.to_party is not None:
        why = {FactKind.HANDOFF_OFFERED: "offered", FactKind.REQUESTED: "requested"}.get(fact.kind)
        if why:
            wants.tell(fact.detail.to_party, f"{why}:{fact.version}")


def tell_due(case: Case, now: datetime, wants: Wants) -> None:
    """What waited for a party's opening."""
    due = [later for later in case.later if later.at <= now]
    case.later = [later for later in case.later if later.at > now]
    if case.brief.resolved:
        return
    for later in due:
        if later.why != QUEUE or _still_queued(case.brief):
            wants.tell(later.party, later.why)


def deliver(case: Case, agreement: Agreement, wants: Wants) -> None:
    """Turn tellings into pages without an answer; each reason once per party and cycle."""
    brief = case.brief
    for party, why in wants.tellings:
        key = _key(brief, why, party)
        if key in case.told:
            continue
        case.told.append(key)
        target = _target(agreement, brief, party)
        if target is None:
            wants.gap(party, f"tell:{why}", 0, f"{party.value} has no team address and no Accountable")
            continue
        person, contact = target
        call = Call(
            party, person, f"tell:{why}", brief.cycle, 0, REASONS.get(why.partition(":")[0], why.replace(":", " "))
        )
        wants.inform(call, Route(contact.channel, contact, timedelta()))
    wants.tellings.clear()


def _opened(case: Case, agreement: Agreement, now: datetime, wants: Wants) -> None:
    brief = case.brief
    if brief.priority is Priority.P5:
        return
    paged = set(brief.must_acknowledge) if brief.priority.pages else set()
    told = set(brief.informed) - paged
    if brief.mode is Mode.OVERLAP:
        told |= set(Party) - paged
    queues = set() if brief.priority.pages else {brief.responsible_party}
    for party in sorted(told | queues):
        why = QUEUE if party in queues else OPENED
        waits = not brief.priority.pages or _sleeps(brief, party)
        _say(case, party, why, now if not waits else _opening(agreement, party, now), now, wants)


def _still_queued(brief: Brief) -> bool:
    """Nobody has taken it and nobody was paged for it meanwhile."""
    return brief.state is IncidentState.OPEN and not brief.priority.pages


def _sleeps(brief: Brief, party: Party) -> bool:
    """R-P5: below P1 the internal security contact hears of a finding at opening, unless paged."""
    return brief.track is Track.SOC and party is Party.INTERNAL and brief.priority is not Priority.P1


def _opening(agreement: Agreement, party: Party, now: datetime) -> datetime:
    try:
        return agreement.calendar_of(party).next_open(now)
    except ValueError:
        return now  # a party that never opens again is told at once, or it would never be


def _say(case: Case, party: Party, why: str, at: datetime, now: datetime, wants: Wants) -> None:
    waiting = any(later.party is party and later.why == why for later in case.later)
    if _key(case.brief, why, party) in case.told:
        return
    if at <= now:
        case.later = [later for later in case.later if (later.party, later.why) != (party, why)]
        wants.tell(party, why)
    elif not waiting:
        case.later.append(Later(at=at, party=party, why=why))


def _target(agreement: Agreement, brief: Brief, party: Party) -> tuple[str, Contact] | None:
    """(who, where): the security contact for the SOC track, the team's address, or the Accountable."""
    spec = agreement.parties.get(party)
    if spec is None:
        return None
    contact = spec.security_contact
    if brief.track is Track.SOC and party is Party.INTERNAL and contact and reachable(agreement, contact):
        return contact, agreement.people[contact].contacts[0]
    if spec.team is not None:
        return TEAM, spec.team
    person = accountable_of(agreement, party)
    if person is None:
        return None
    quiet = [c for c in agreement.people[person].contacts if c.channel != "ntfy"]
    return person, (quiet or list(agreement.people[person].contacts))[0]


def _key(brief: Brief, why: str, party: Party) -> str:
    return f"{why}:{brief.cycle}:{party.value}"
