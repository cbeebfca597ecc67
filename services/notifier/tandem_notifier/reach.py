"""Whom a step's targets reach at an instant, and on which channels (R-E3, R-E4, domain.md 3.4).

Pure. Persons are looked up when a step is due, never frozen. A person without a usable contact is nobody (R-S7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.people import Contact, PartySpec, PathSpec, PersonSpec, Step
from tandem.model.ownership import Party, Track
from tandem_notifier.oncall import absences, on_call

SAME_CHANNEL = timedelta(seconds=60)
"""A rule that repeats a channel sooner is merged with the one before it."""
DEFAULT_STEP = timedelta(minutes=10)
_PARTIES = frozenset(party.value for party in Party)


@dataclass(frozen=True, slots=True)
class Reached:
    """What one rung comes to: people in order, and paths of the other party to start."""

    people: tuple[str, ...]
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One way to a person: ``key`` tells two contacts of one channel apart and is part of the page's id."""

    key: str
    contact: Contact
    after: timedelta


def resolve(agreement: Agreement, path: PathSpec, targets: Iterable[str], at: datetime) -> Reached:
    """People and paths behind ``targets`` of a step of ``path`` at ``at``; unreachable people are left out."""
    people: dict[str, None] = {}
    paths: dict[str, None] = {}
    for target in targets:
        kind, _, name = target.partition(":")
        if kind == "path":
            other = agreement.paths.get(name)
            if other is not None and other.party is not path.party:
                paths[name] = None
            elif other is not None and other.steps:
                own = [t for t in other.steps[0].page if not t.startswith("path:")]
                people |= dict.fromkeys(resolve(agreement, other, own, at).people)
            continue
        people |= dict.fromkeys(_people(agreement, path.track, kind, name, at))
    return Reached(tuple(p for p in people if reachable(agreement, p)), tuple(paths))


def reachable(agreement: Agreement, person: str) -> bool:
    """Whether there is any way to page them."""
    spec = agreement.people.get(person)
    return spec is not None and bool(spec.contacts)


def routes(person: PersonSpec) -> tuple[Route, ...]:
    """The ways of a page to a person by their rules for high urgency, soonest first; never empty with a contact."""
    contacts = tuple(_keyed(person.contacts))
    rules = sorted(person.high, key=lambda rule: rule.after)
    found: list[Route] = []
    last: dict[str, timedelta] = {}
    for rule in rules:
        for key, contact in contacts:
            repeat = last.get(key)
            if contact.channel != rule.channel or (repeat is not None and rule.after - repeat < SAME_CHANNEL):
                continue
            suffix = "" if repeat is None else f"+{int(rule.after.total_seconds())}s"
            found.append(Route(key + suffix, contact, rule.after))
            last[key] = rule.after
    # Rules that name only channels without a contact must not make somebody unreachable.
    return tuple(found) or tuple(Route(key, contact, timedelta()) for key, contact in contacts)


def path_of(agreement: Agreement, party: Party, track: Track, path_id: str | None) -> PathSpec:
    """The path of a leg; a party without one has its named people, then whoever is accountable."""
    path = agreement.paths.get(path_id or "")
    if path is not None:
        return path
    first = [f"person:{name}" for name in _named(agreement.parties.get(party), party, track)]
    steps = [Step(page=(first[0],))] if first else []
    steps.append(Step(after=DEFAULT_STEP if first else timedelta(), page=(f"accountable:{party.value}",)))
    return PathSpec(id=f"{party.value}-{track.value}", party=party, track=track, steps=tuple(steps))


def senior_of(agreement: Agreement, party: Party, track: Track) -> str | None:
    """The named senior of a track (R-A2): never the other track's."""
    spec = agreement.parties.get(party)
    if spec is None:
        return None
    return spec.senior_soc if track is Track.SOC else spec.senior_ops


def accountable_of(agreement: Agreement, party: Party) -> str | None:
    """Who answers for a party, if they can be reached."""
    spec = agreement.parties.get(party)
    return spec.accountable if spec and spec.accountable and reachable(agreement, spec.accountable) else None


def _people(agreement: Agreement, track: Track, kind: str, name: str, at: datetime) -> tuple[str, ...]:
    if kind == "schedule":
        schedule = agreement.schedules.get(name)
        return on_call(schedule, at, absences(agreement.people, agreement.tenant.zone)) if schedule else ()
    if kind == "fallback":
        return (name,)
    if kind == "person":
        return () if absences(agreement.people, agreement.tenant.zone)(name, at) else (name,)
    if name not in _PARTIES:
        return ()
    # Whoever stands at the end of a path is called on holiday too: there is nobody after them.
    found = senior_of(agreement, Party(name), track) if kind == "senior" else accountable_of(agreement, Party(name))
    return (found,) if found else ()


def _named(spec: PartySpec | None, party: Party, track: Track) -> list[str]:
    if spec is None:
        return []
    if track is Track.SOC:
        ordered = [spec.security_contact if party is Party.INTERNAL else None, spec.senior_soc]
    else:
        ordered = [spec.senior_ops]
    return [name for name in ordered if name]


def _keyed(contacts: tuple[Contact, ...]) -> Iterator[tuple[str, Contact]]:
    seen: dict[str, int] = {}
    for contact in contacts:
        number = seen[contact.channel] = seen.get(contact.channel, 0) + 1
        yield (contact.channel if number == 1 else f"{contact.channel}.{number}"), contact
