"""The fold of commands: each is answered once, granted or refused. What a wish does is ``commands``'s."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tandem.agreement.duty import has_ended
from tandem.model.events import Command, CommandKind
from tandem.model.incident import Incident
from tandem.model.ownership import Mode
from tandem_router.commands import apply_command
from tandem_router.decide import decide_raised
from tandem_router.fold.results import Answered
from tandem_router.fold.working_set import WorkingSet
from tandem_router.holding import answered
from tandem_router.incident.opening import raise_incident
from tandem_router.outcome import Outcome, Refusal, clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Takes commands in order."""

    work: WorkingSet

    def take(self, command: Command) -> None:
        """Apply or refuse; each command is answered once."""
        work = self.work
        if command.command_id in work.loaded.done:
            work.duplicates += 1
            return
        work.loaded.done.add(command.command_id)
        outcome = self._raise(command) if command.kind is CommandKind.RAISE else self._wish(command)
        if isinstance(outcome, Refusal):
            known = self._known(command)
            work.answered.append(Answered(command, outcome, known.version if known is not None else 0))
            return
        work.keep(outcome)
        work.answered.append(Answered(command, None, outcome.incident.version))

    def _raise(self, command: Command) -> Outcome:
        work = self.work
        if command.incident_id in work.incidents:
            return Refusal("an incident of this id exists already")
        agreement = work.in_force(command.tenant)
        detail = replace(command.detail, title=(clean(command.detail.title) or "")[:300] or None)
        command = replace(command, detail=replace(detail, text=clean(detail.text), asset=clean(detail.asset)))
        routing = decide_raised(command, agreement, work.now)
        number = work.next_number(command.tenant)
        return raise_incident(routing, command, number=number, now=work.now)

    def _wish(self, command: Command) -> Outcome:
        work, incident = self.work, self._known(command)
        if incident is None:
            return Refusal("no such incident")
        if command.kind is CommandKind.REOPEN and not work.is_latest(incident):
            return Refusal("a newer incident of the same condition exists")
        incident = answered(work.settled(incident, command.at))
        if command.kind in {CommandKind.MERGE, CommandKind.LINK}:
            return work.merges.with_other(incident, command)
        in_force = work.agreements.active(incident.tenant)
        if command.kind is CommandKind.REOPEN and in_force is not None and has_ended(in_force, work.now):
            incident = replace(incident, mode=Mode.OBSERVE)  # nobody is paged any more, whoever opens it (D18)
        return apply_command(incident, command, work.agreement_of(incident), work.now)

    def _known(self, command: Command) -> Incident | None:
        """The incident of the command, of its own tenant only."""
        incident = self.work.incidents.get(command.incident_id)
        return incident if incident is not None and incident.tenant == command.tenant else None
