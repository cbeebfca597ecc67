"""Whom a step's targets reach at an instant, and on which channels (R-E3, R-E4, domain.md 3.4).

Pure. Persons are looked up when a step is due, never frozen. A person without a usable contact is nobody (R-S7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from tandem.agreement.compiled import Agreement
from tandem.agreement.oncall.absence import absences
from tandem.agreement.oncall.named import named_path
from tandem.agreement.oncall.named import senior_of as named_senior
from tandem.agreement.oncall.timeline import on_call
from tandem.agreement.schema.people import Contact, PathSpec, PersonSpec
from tandem.model.ownership import Party, Track

SAME_CHANNEL = timedelta(seconds=60)
"""A rule that repeats a channel sooner is merged with the one before it."""
NOBODY: Mapping[Party, str] = MappingProxyType({})
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


def resolve(
    agreement: Agreement,
    path: PathSpec,
    targets: Iterable[str],
    at: datetime,
    accountable: Mapping[Party, str] = NOBODY,
) -> Reached:
    """People and paths behind ``targets`` of a step of ``path`` at ``at``; unreachable people are left out.

    ``accountable``: whom the incident's row names, where it does (R-RACI2).
    """
    people: dict[str, None] = {}
    paths: dict[str, None] = {}
    for target in targets:
        kind, _, name = target.partition(":")
        if kind == "path":
            other = agreement.paths.get(name)
            if other is not None and other.track is not path.track:
                continue  # never the other track's people, whatever a document says (R-A2)
            if other is not None and other.party is not path.party:
                paths[name] = None
            elif other is not None and other.steps:
                own = [t for t in other.steps[0].page if not t.startswith("path:")]
                people |= dict.fromkeys(resolve(agreement, other, own, at, accountable).people)
            continue
        people |= dict.fromkeys(_people(agreement, path.track, kind, name, at, accountable))
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
    """The path of a leg, of its own track only; a party without one has its named people, then the Accountable."""
    path = agreement.paths.get(path_id or "")
    return path if path is not None and path.track is track else named_path(agreement.parties.get(party), party, track)


def senior_of(agreement: Agreement, party: Party, track: Track) -> str | None:
    """The named senior of a track (R-A2): never the other track's."""
    return named_senior(agreement.parties.get(party), track)


def accountable_of(agreement: Agreement, party: Party, named: Mapping[Party, str] = NOBODY) -> str | None:
    """Who answers for a party: whom the incident's row names, else the party's own; the first who can be reached."""
    spec = agreement.parties.get(party)
    candidates = (named.get(party), spec.accountable if spec else None)
    return next((name for name in candidates if name and reachable(agreement, name)), None)


def _people(
    agreement: Agreement, track: Track, kind: str, name: str, at: datetime, accountable: Mapping[Party, str]
) -> tuple[str, ...]:
    if kind == "schedule":
        schedule = agreement.schedules.get(name)
        if schedule is not None and schedule.track not in {None, track}:
            return ()
        return on_call(schedule, at, absences(agreement.people, agreement.tenant.zone)) if schedule else ()
    if kind == "fallback":
        return (name,)
    if kind == "person":
        return () if absences(agreement.people, agreement.tenant.zone)(name, at) else (name,)
    if name not in _PARTIES:
        return ()
    # Whoever stands at the end of a path is called on holiday too: there is nobody after them.
    party = Party(name)
    found = senior_of(agreement, party, track) if kind == "senior" else accountable_of(agreement, party, accountable)
    return (found,) if found else ()


def _keyed(contacts: tuple[Contact, ...]) -> Iterator[tuple[str, Contact]]:
    seen: dict[str, int] = {}
    for contact in contacts:
        number = seen[contact.channel] = seen.get(contact.channel, 0) + 1
        yield (contact.channel if number == 1 else f"{contact.channel}.{number}"), contact
