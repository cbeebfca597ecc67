"""What people may wish of an incident: each command is granted as a ``Change`` or refused with who was first.

The transitions of the one state machine (``incident``) that only people cause. Who may give which command is the
console's affair; which version of the agreement counts is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tandem.agreement.compiled import Agreement
from tandem.model.events import Command, CommandKind, FactDetail, FactKind
from tandem.model.incident import Acknowledgement, Incident, IncidentState
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_router import incident as machine
from tandem_router.decide import redecide_audience
from tandem_router.incident import Change, happen

LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command changes nothing and, when somebody was faster, who and when."""

    reason: str
    party: Party | None = None
    person: str | None = None
    at: datetime | None = None


Outcome = Change | Refusal


def apply_command(incident: Incident, command: Command, agreement: Agreement, now: datetime) -> Outcome:
    """Do what ``command`` asks for, if the incident allows it.

    Args:
        incident: its state with an expired hold-down already acted on.
        command: of this incident; ``command.at`` is when what a person did takes effect (R-T2).
        agreement: the version that the incident was opened with.
        now: aware UTC; decides hours where the audience changes.
    """
    wish = _WISHES.get(command.kind)
    if wish is None:
        return Refusal(f"{command.kind.value} is not supported yet")
    expected = command.detail.expected_version
    if expected is not None and expected != incident.version:
        return Refusal(f"the incident is at version {incident.version}, not {expected}")
    if incident.state is IncidentState.RESOLVED and command.kind not in _WHEN_RESOLVED:
        return _already_resolved(incident)
    return wish(incident, command, agreement, now)


def _already_resolved(incident: Incident) -> Refusal:
    who = incident.resolved_by.value if incident.resolved_by else "its source's clear"
    return Refusal(f"already resolved by {who}", incident.resolved_by, None, incident.resolved_at)


def _acknowledge(incident: Incident, command: Command, agreement: Agreement, _now: datetime) -> Outcome:
    """A party's acknowledgement; the incident is acknowledged when its responsible party has (R-E2).

    One that has timed out pages again (domain.md 3.6) and may be renewed, by whoever takes it now; the response clock
    counts the first.
    """
    party = command.by.party
    if party is None:
        return Refusal("an acknowledgement needs a party")
    first = incident.acknowledged.get(party)
    if first is not None and not _timed_out(first, incident, agreement, command.at):
        who = first.person or party.value
        return Refusal(f"already acknowledged by {who}", party, first.person, first.at)
    responds = party is incident.responsible_party and incident.state is IncidentState.OPEN
    return _granted(
        incident,
        FactKind.ACKNOWLEDGED,
        command,
        acknowledged={**incident.acknowledged, party: Acknowledgement(person=command.by.person, at=command.at)},
        state=IncidentState.ACKNOWLEDGED if responds else incident.state,
    )


def _start(incident: Incident, command: Command, _agreement: Agreement, _now: datetime) -> Outcome:
    """Work begins. Who works has acknowledged; the state moves when it is the responsible party."""
    party = command.by.party
    if party is None:
        return Refusal("starting work needs a party")
    if incident.state is IncidentState.IN_PROGRESS:
        return Refusal("work has already started", incident.responsible_party, None, incident.started_at)
    responds = party is incident.responsible_party
    return _granted(
        incident,
        FactKind.STARTED,
        command,
        acknowledged=_acknowledged_by(incident, command, party),
        state=IncidentState.IN_PROGRESS if responds else incident.state,
        started_at=incident.started_at or command.at,
    )


def _timed_out(first: Acknowledgement, incident: Incident, agreement: Agreement, at: datetime) -> bool:
    """Whether an acknowledgement is as old as the agreement lets it become without activity."""
    timing = agreement.timing
    limits = {Priority.P1: timing.acknowledge_timeout_p1, Priority.P2: timing.acknowledge_timeout_p2}
    limit = limits.get(incident.priority)
    return limit is not None and incident.state is not IncidentState.IN_PROGRESS and at - first.at >= limit


def _acknowledged_by(incident: Incident, command: Command, party: Party) -> Mapping[Party, Acknowledgement]:
    first = incident.acknowledged.get(party) or Acknowledgement(person=command.by.person, at=command.at)
    return {**incident.acknowledged, party: first}


def _join(incident: Incident, command: Command, _agreement: Agreement, _now: datetime) -> Outcome:
    """A participant joins the call; each party's first one counts, and every one is a fact."""
    party = command.by.party
    if party is None:
        return Refusal("joining needs a party")
    return _granted(incident, FactKind.JOINED, command, joined={party: command.at, **incident.joined})


def _resolve(incident: Incident, command: Command, _agreement: Agreement, _now: datetime) -> Outcome:
    return _granted(
        incident,
        FactKind.RESOLVED,
        command,
        detail=_said(command, auto=False, cycle=incident.cycle),
        **machine.ended(incident, command.at, command.by.party),
    )


def _reopen(incident: Incident, command: Command, agreement: Agreement, _now: datetime) -> Outcome:
    if incident.state is not IncidentState.RESOLVED:
        return Refusal("it is not resolved")
    if not machine.may_reopen(incident, command.at, agreement):
        return Refusal(
            "it was resolved too long ago: raise a new one", incident.resolved_by, None, incident.resolved_at
        )
    return machine.reopen(incident, command)


def _note(incident: Incident, command: Command, _agreement: Agreement, _now: datetime) -> Outcome:
    if not clean(command.detail.text):
        return Refusal("a note needs a text")
    return _granted(incident, FactKind.NOTED, command)


def _prioritise(incident: Incident, command: Command, agreement: Agreement, now: datetime) -> Outcome:
    """A person's priority; who is paged follows it, who is responsible does not."""
    level = command.detail.priority
    if level is None:
        return Refusal("which priority?")
    if level is incident.priority:
        return Refusal(f"it already is {level.value}")
    heard = redecide_audience(incident, agreement, level, now)
    return _granted(
        incident,
        FactKind.REPRIORITISED,
        command,
        detail=_said(command, from_priority=incident.priority, to_priority=level),
        priority=level,
        must_acknowledge=heard.paged,
        informed=heard.informed,
        paths={**incident.paths, **heard.paths},
    )


def _granted(
    incident: Incident,
    kind: FactKind,
    command: Command,
    *,
    detail: FactDetail | None = None,
    **changes: Any,  # noqa: ANN401 - fields of Incident
) -> Change:
    event = happen(incident, kind, command.at, by=command.by, detail=detail or _said(command), **changes)
    return Change(event.incident, (event,))


def _said(command: Command, **more: Any) -> FactDetail:  # noqa: ANN401 - fields of FactDetail
    """What a person wrote, as far as it can be kept."""
    detail = command.detail
    known: dict[str, Any] = {
        "text": clean(detail.text),
        "reason": clean(detail.reason),
        "command_id": command.command_id,
    }
    return FactDetail(**{**known, **more})


def clean(text: str | None) -> str | None:
    """A person's text without what no database holds (NUL, lone surrogates), cut; None when nothing is left."""
    if not text:
        return None
    kept = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    return kept.strip()[:LONGEST_TEXT] or None


_WHEN_RESOLVED = frozenset({CommandKind.REOPEN, CommandKind.NOTE})

_WISHES: Mapping[CommandKind, Callable[[Incident, Command, Agreement, datetime], Outcome]] = {
    CommandKind.ACKNOWLEDGE: _acknowledge,
    CommandKind.START: _start,
    CommandKind.JOIN: _join,
    CommandKind.RESOLVE: _resolve,
    CommandKind.REOPEN: _reopen,
    CommandKind.NOTE: _note,
    CommandKind.PRIORITY: _prioritise,
}
