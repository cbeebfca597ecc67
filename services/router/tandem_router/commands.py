"""What people may wish of an incident: each command is granted as a ``Change`` or refused with who was first.

The transitions of the one state machine (``incident``) that only people cause; those by which somebody takes it are
``taking``. Who may give which command is the console's affair; which version of the agreement counts is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.events import Command, CommandKind, FactKind
from tandem.model.incident import Incident, IncidentState
from tandem_router import taking
from tandem_router.audience import redecide_audience
from tandem_router.incident import faces
from tandem_router.incident.clearing import ended
from tandem_router.incident.cycle import may_reopen, reopen
from tandem_router.outcome import Outcome, Refusal, already_resolved, clean, granted, refused_version, said


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
    refusal = refused_version(incident, command)
    if refusal is not None:
        return refusal
    if incident.state is IncidentState.RESOLVED and command.kind not in _WHEN_RESOLVED:
        return already_resolved(incident)
    return wish(incident, command, agreement, now)


def _join(incident: Incident, command: Command, _agreement: Agreement, _now: datetime) -> Outcome:
    """A participant joins the call; each party's first one counts, and every one is a fact."""
    party = command.by.party
    if party is None:
        return Refusal("joining needs a party")
    return granted(incident, FactKind.JOINED, command, joined={party: command.at, **incident.joined})


def _resolve(incident: Incident, command: Command, _agreement: Agreement, _now: datetime) -> Outcome:
    return granted(
        incident,
        FactKind.RESOLVED,
        command,
        detail=said(command, auto=False, cycle=incident.cycle),
        **ended(incident, command.at, command.by.party),
    )


def _reopen(incident: Incident, command: Command, agreement: Agreement, _now: datetime) -> Outcome:
    if incident.state is not IncidentState.RESOLVED:
        return Refusal("it is not resolved")
    if incident.merged_into is not None:
        return already_resolved(incident)
    if not may_reopen(incident, command.at, agreement):
        return Refusal(
            "it was resolved too long ago: raise a new one", incident.resolved_by, None, incident.resolved_at
        )
    return reopen(incident, command)


def _note(incident: Incident, command: Command, _agreement: Agreement, _now: datetime) -> Outcome:
    if not clean(command.detail.text):
        return Refusal("a note needs a text")
    return granted(incident, FactKind.NOTED, command)


def _prioritise(incident: Incident, command: Command, agreement: Agreement, now: datetime) -> Outcome:
    """A person's priority, of both faces; who is paged follows it, who is responsible does not."""
    level = command.detail.priority
    if level is None:
        return Refusal("which priority?")
    if level is incident.priority:
        return Refusal(f"it already is {level.value}")
    heard = redecide_audience(incident, agreement, level, now)
    return granted(
        incident,
        FactKind.REPRIORITISED,
        command,
        detail=said(command, from_priority=incident.priority, to_priority=level),
        **faces.at_priority(incident, level, agreement, now),
        must_acknowledge=heard.paged,
        informed=heard.informed,
        paths={**incident.paths, **heard.paths},
    )


_WHEN_RESOLVED = frozenset({CommandKind.REOPEN, CommandKind.NOTE})

_WISHES: Mapping[CommandKind, Callable[[Incident, Command, Agreement, datetime], Outcome]] = {
    CommandKind.ACKNOWLEDGE: taking.acknowledge,
    CommandKind.START: taking.start,
    CommandKind.JOIN: _join,
    CommandKind.RESOLVE: _resolve,
    CommandKind.REOPEN: _reopen,
    CommandKind.NOTE: _note,
    CommandKind.PRIORITY: _prioritise,
    CommandKind.REASSIGN: taking.take_back,
}
