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
from tandem_notifier.brief import Brief
from tandem_notifier.case import Case, Later
from tandem_notifier.reach import Route, accountable_of, reachable
from tandem_notifier.wants import Call, Wants

TEAM = "team"
OPENED, QUEUE, RESOLVED, MERGED = "open", "queue", "resolved", "merged"
CONSULTED, INFORMED, CLOSED = "consulted", "informed", "closed"
"""Of a person by name: ``consulted:NAME``."""
PERSONAL = frozenset({CONSULTED, INFORMED, CLOSED})
REASONS = {
    CONSULTED: "you are consulted: say what you know of it",
    INFORMED: "for your information",
    CLOSED: "resolved",
    OPENED: "for your information",
    QUEUE: "in your queue",
    RESOLVED: "resolved",
    MERGED: "now part of another incident: nothing is to be done about this one",
    "offered": "a hand-off is offered to you",
    "requested": "something is asked of you",
}


def inform(case: Case, fact: Fact | None, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """Everything the incident as it now is makes us tell."""
    brief = case.brief
    if brief.resolved:
        case.later.clear()
        for side in brief.sides:
            for party in Party:
                if _key(side, OPENED, party) in case.told:
                    wants.tell(party, side.track, MERGED if brief.merged else RESOLVED)
            _closed(case, side, agreement, wants)
    elif not brief.held:
        for side in brief.sides:
            _opened(case, side, agreement, now, wants)
    if fact is not None and fact.detail.to_party is not None:
        why = {FactKind.HANDOFF_OFFERED: "offered", FactKind.REQUESTED: "requested"}.get(fact.kind)
        if why:
            wants.tell(fact.detail.to_party, brief.track, f"{why}:{fact.version}")


def tell_due(case: Case, now: datetime, wants: Wants) -> None:
    """What waited for a party's opening."""
    due = [later for later in case.later if later.at <= now]
    case.later = [later for later in case.later if later.at > now]
    if case.brief.resolved:
        return
    for later in due:
        side = case.brief.on(later.track or case.brief.track)
        if later.why != QUEUE or _still_queued(side):
            wants.tell(later.party, side.track, later.why)


def deliver(case: Case, agreement: Agreement, wants: Wants) -> None:
    """Turn tellings into pages without an answer; each reason once per party and cycle."""
    for party, track, why in wants.tellings:
        brief = case.brief.on(track)
        key = _key(brief, why, party)
        if key in case.told:
            continue
        case.told.append(key)
        target = _target(agreement, brief, party, why)
        if target is None:
            word, _, name = why.partition(":")
            nobody = (
                f"{name} has no contact"
                if word in PERSONAL
                else f"{party.value} has no team address and no Accountable"
            )
            wants.gap(party, track, f"tell:{why}", 0, nobody)
            continue
        person, contact = target
        call = Call(party, track, person, f"tell:{why}", brief.cycle, 0, _reason(brief, party, why))
        wants.inform(call, Route(contact.channel, contact, timedelta()))
    wants.tellings.clear()


def _opened(case: Case, brief: Brief, agreement: Agreement, now: datetime, wants: Wants) -> None:
    """What one track's parties are told of the incident, ``brief`` being that track's view of it."""
    if brief.urgency is Priority.P5:
        return
    pages = brief.urgency.pages
    paged = set(brief.must_acknowledge) if pages else set()
    told = set(brief.informed) - paged
    if brief.mode is Mode.OVERLAP:
        told |= set(Party) - paged
    queues = set() if pages else {_acting(brief)}
    for party in sorted(told | queues):
        why = QUEUE if party in queues else OPENED
        waits = not pages or _sleeps(brief, party)
        _say(case, brief, party, why, now if not waits else _opening(agreement, party, now), now, wants)
    for name, word in _by_name(brief):
        person = agreement.people.get(name)
        if person is not None and not _was_paged(case, name):
            at = now if pages else _opening(agreement, person.party, now)
            _say(case, brief, person.party, f"{word}:{name}", at, now, wants)


def _acting(brief: Brief) -> Party:
    """Whose queue it waits in: who acts on the track."""
    return brief.acts or brief.responsible_party


def _by_name(brief: Brief) -> list[tuple[str, str]]:
    """(person, word): the row's Informed, and of what pages its Consulted too (R-RACI1)."""
    consulted = brief.consulted if brief.urgency.pages else ()
    return [
        *((name, CONSULTED) for name in consulted),
        *((name, INFORMED) for name in brief.informed_people if name not in consulted),
    ]


def _closed(case: Case, brief: Brief, agreement: Agreement, wants: Wants) -> None:
    """Of a P1 the same people hear the end."""
    for name, word in _by_name(brief) if brief.urgency is Priority.P1 else ():
        person = agreement.people.get(name)
        if person is not None and _key(brief, f"{word}:{name}", person.party) in case.told:
            wants.tell(person.party, brief.track, f"{CLOSED}:{name}")


def _was_paged(case: Case, name: str) -> bool:
    return any(sent.person == name for leg in case.legs.values() for sent in leg.pages)


def _reason(brief: Brief, party: Party, why: str) -> str:
    """In words for whoever reads it; in overlap the old owner is told what to do (R73)."""
    if brief.mode is Mode.OVERLAP and why in {OPENED, QUEUE} and party is not _acting(brief):
        return f"{_acting(brief).value} acts on it; take it back if that is wrong"
    return REASONS.get(why.partition(":")[0], why.replace(":", " "))


def _still_queued(brief: Brief) -> bool:
    """Nobody has taken it and nobody was paged for it meanwhile."""
    return brief.state is IncidentState.OPEN and not brief.urgency.pages


def _sleeps(brief: Brief, party: Party) -> bool:
    """R-P5: below P1 the internal security contact hears of a finding at opening, unless paged."""
    return brief.track is Track.SOC and party is Party.INTERNAL and brief.urgency is not Priority.P1


def _opening(agreement: Agreement, party: Party, now: datetime) -> datetime:
    try:
        return agreement.calendar_of(party).next_open(now)
    except ValueError:
        return now  # a party that never opens again is told at once, or it would never be


def _say(case: Case, brief: Brief, party: Party, why: str, at: datetime, now: datetime, wants: Wants) -> None:
    track = brief.track if brief.is_second else None
    if _key(brief, why, party) in case.told:
        return
    if at <= now:
        case.later = [later for later in case.later if (later.party, later.why, later.track) != (party, why, track)]
        wants.tell(party, brief.track, why)
    elif not any((later.party, later.why, later.track) == (party, why, track) for later in case.later):
        case.later.append(Later(at=at, party=party, why=why, track=track))


def _target(agreement: Agreement, brief: Brief, party: Party, why: str) -> tuple[str, Contact] | None:
    """(who, where): the security contact for the SOC track, the team's address, or the Accountable."""
    word, _, name = why.partition(":")
    if word in PERSONAL:
        return quietly(agreement, name)
    spec = agreement.parties.get(party)
    if spec is None:
        return None
    contact = spec.security_contact
    if brief.track is Track.SOC and party is Party.INTERNAL and contact and reachable(agreement, contact):
        return contact, agreement.people[contact].contacts[0]
    if spec.team is not None:
        return TEAM, spec.team
    return quietly(agreement, accountable_of(agreement, party, brief.accountable))


def quietly(agreement: Agreement, person: str | None) -> tuple[str, Contact] | None:
    """A person with the contact that wakes least."""
    if person is None or not reachable(agreement, person):
        return None
    contacts = agreement.people[person].contacts
    return person, next((contact for contact in contacts if contact.channel != "ntfy"), contacts[0])


def _key(brief: Brief, why: str, party: Party) -> str:
    key = f"{why}:{brief.cycle}:{party.value}"
    return f"{key}:{brief.track.value}" if brief.is_second else key
