"""A person takes an incident: acknowledges it, starts work on it, or takes it back in overlap mode (R-E2, R73)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.events import Command, FactDetail, FactKind
from tandem.model.incident import Acknowledgement, Incident, IncidentState
from tandem.model.ownership import Mode
from tandem.model.priority import Priority
from tandem_router import answers
from tandem_router.audience import redecide_audience
from tandem_router.incident.change import happen
from tandem_router.outcome import Outcome, Refusal, granted, said
from tandem_router.scope import AFTER_HOURS, OVERFLOW


def acknowledge(incident: Incident, command: Command, agreement: Agreement, _now: datetime) -> Outcome:
    """A party's acknowledgement; the incident is acknowledged when its responsible party has (R-E2).

    One that has timed out pages again (domain.md 3.6) and may be renewed, by whoever takes it now; the response clock
    counts the first. Of two page legs it stops those that ``answers`` says.
    """
    party = command.by.party
    if party is None:
        return Refusal("an acknowledgement needs a party")
    tracks = answers.legs(incident, command, agreement)
    known = answers.first(incident, tracks, party)
    standing = {track for track, first in known.items() if not _timed_out(first, incident, agreement, command.at)}
    if standing == tracks:
        first = min(known.values(), key=lambda each: each.at)
        who = first.person or party.value
        return Refusal(f"already acknowledged by {who}", party, first.person, first.at)
    tracks -= standing
    answer = Acknowledgement(person=command.by.person, at=command.at)
    after = answers.state_after(incident, tracks, party, IncidentState.ACKNOWLEDGED)
    return granted(
        incident,
        FactKind.ACKNOWLEDGED,
        command,
        detail=said(command, **answers.said(incident, tracks)),
        **answers.given(incident, tracks, party, answer),
        state=after if incident.state is IncidentState.OPEN else incident.state,
    )


def start(incident: Incident, command: Command, agreement: Agreement, _now: datetime) -> Outcome:
    """Work begins. Who works has acknowledged; the state moves when it is the responsible party."""
    party = command.by.party
    if party is None:
        return Refusal("starting work needs a party")
    if incident.state is IncidentState.IN_PROGRESS:
        return Refusal("work has already started", incident.responsible_party, None, incident.started_at)
    tracks = answers.legs(incident, command, agreement)
    new = tracks - answers.first(incident, tracks, party).keys()
    answer = Acknowledgement(person=command.by.person, at=command.at)
    return granted(
        incident,
        FactKind.STARTED,
        command,
        detail=said(command, **answers.said(incident, tracks)),
        **answers.given(incident, new, party, answer),
        state=answers.state_after(incident, tracks, party, IncidentState.IN_PROGRESS),
        started_at=incident.started_at or command.at,
    )


def take_back(incident: Incident, command: Command, agreement: Agreement, now: datetime) -> Outcome:
    """In overlap the old owner takes back what the new one acts on (R73); whoever takes it has acknowledged it."""
    party = command.by.party
    if party is None:
        return Refusal("taking it back needs a party")
    if incident.mode is not Mode.OVERLAP:
        return Refusal("only in overlap mode is an incident taken back")
    if command.detail.to_party not in {None, party}:
        return Refusal("take it back for your own party")
    if party is incident.responsible_party:
        return Refusal(f"{party.value} has it already", party, None, None)
    flags = tuple(flag for flag in incident.flags if flag not in {AFTER_HOURS, OVERFLOW})
    taken = replace(incident, responsible_party=party, flags=flags)
    heard = redecide_audience(taken, agreement, incident.priority, now)
    moved = granted(
        incident,
        FactKind.REOWNED,
        command,
        detail=said(command, reason="taken back", from_party=incident.responsible_party, to_party=party),
        responsible_party=party,
        must_acknowledge=heard.paged,
        informed=heard.informed,
        paths={**incident.paths, **heard.paths},
        flags=flags,
    )
    answered = happen(
        moved.incident,
        FactKind.ACKNOWLEDGED,
        command.at,
        by=command.by,
        detail=FactDetail(command_id=command.command_id),
        acknowledged={party: Acknowledgement(person=command.by.person, at=command.at), **incident.acknowledged},
        state=IncidentState.ACKNOWLEDGED if incident.state is IncidentState.OPEN else incident.state,
    )
    return moved.then(answered)


def _timed_out(first: Acknowledgement, incident: Incident, agreement: Agreement, at: datetime) -> bool:
    """Whether an acknowledgement is as old as the agreement lets it become without activity."""
    timing = agreement.timing
    limits = {Priority.P1: timing.acknowledge_timeout_p1, Priority.P2: timing.acknowledge_timeout_p2}
    limit = limits.get(incident.priority)
    return limit is not None and incident.state is not IncidentState.IN_PROGRESS and at - first.at >= limit
