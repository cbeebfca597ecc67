"""The bus and the router behind it in one: a command that is appended is done or refused at once, or left unanswered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.bus.port import Record
from tandem.bus.topics import SIGNALS
from tandem.errors import Unavailable
from tandem.model.events import Command, CommandKind
from tandem.model.incident import Acknowledgement, Incident, IncidentState
from tandem.model.ownership import Party
from tandem.model.signal import Signal, SignalKind
from tandem.wire import codec
from tests.support.console_rows import Rows, incident

_FACT_OF = {
    CommandKind.ACKNOWLEDGE: "acknowledged",
    CommandKind.START: "started",
    CommandKind.JOIN: "joined",
    CommandKind.RESOLVE: "resolved",
    CommandKind.NOTE: "noted",
    CommandKind.REOPEN: "reopened",
    CommandKind.MERGE: "merged",
    CommandKind.LINK: "linked",
}
"""What a command that is done becomes; every other kind is refused."""


class AnsweringBus:
    """Takes commands and answers them as the router would: who is first wins, another version is refused."""

    def __init__(self, rows: Rows, clock: Any) -> None:
        self.rows = rows
        self.clock = clock
        self.commands: list[Command] = []
        self.incidents: dict[UUID, Incident] = {}
        self.answers = True
        self.away = False
        self.raised_tenant = "acme"

    async def add(self, made: Incident, **more: Any) -> Incident:
        """An incident this router knows."""
        made = await self.rows.add(made, **more)
        self.incidents[made.incident_id] = made
        return made

    async def append(self, records: Sequence[Record]) -> None:
        if self.away:
            raise Unavailable("database", "refused")
        for record in records:
            if record.topic == SIGNALS.name:
                await self._heard(codec.decode(Signal, record.value))
                continue
            command = codec.decode(Command, record.value)
            known = command.command_id in {each.command_id for each in self.commands}
            self.commands.append(command)
            if self.answers and not known:
                await self._answer(command)

    async def _heard(self, signal: Signal) -> None:
        """A pause or its end, as the router keeps it."""
        by = {"party": signal.by.party, "person": signal.by.person}
        until = signal.until.isoformat() if signal.until else None
        said = {"paused_by": by, "pause_reason": signal.note, "paused_until": until}
        phase, state = ("paused", said) if signal.kind is SignalKind.PAUSE else ("new", dict.fromkeys(said))
        await self.rows.router.execute(
            "update router.check_state set phase = $3, due_at = null, state = state || $4"
            " where tenant = $1 and check_id = $2", signal.tenant, signal.check, phase, state,
        )  # fmt: skip

    async def _answer(self, command: Command) -> None:
        if command.kind is CommandKind.RAISE:
            made = incident(
                incident_id=command.incident_id,
                tenant=command.tenant,
                title=command.detail.title,
                function=command.detail.function or "servers",
                opened_at=self.clock.now(),
            )
            made = await self.add(made)
            await self._outcome(command, "done", None, made.version)
            return
        made = self.incidents[command.incident_id]
        refusal = self._refusal(made, command)
        if refusal is not None:
            await self._outcome(command, "refused", *refusal)
            return
        made = self._after(made, command)
        self.incidents[made.incident_id] = made
        said = {"text": command.detail.text} if command.detail.text else {}
        fact = _FACT_OF[command.kind]
        await self.rows.update(made, fact, command.at, party=command.by.party, person=command.by.person, detail=said)
        await self._outcome(command, "done", None, made.version)

    def _refusal(self, made: Incident, command: Command) -> tuple[Any, ...] | None:
        wanted = command.detail.expected_version
        if wanted is not None and wanted != made.version:
            return f"the incident is at version {made.version}, not {wanted}", made.version
        if command.kind not in _FACT_OF:
            return f"{command.kind.value} is not supported yet", made.version
        party = command.by.party
        first = made.acknowledged.get(party) if party else None
        if command.kind is CommandKind.ACKNOWLEDGE and first is not None:
            return f"already acknowledged by {first.person}", made.version, party, first.person, first.at
        return None

    def _after(self, made: Incident, command: Command) -> Incident:
        party = command.by.party or Party.INTERNAL
        after = replace(made, version=made.version + 1)
        match command.kind:
            case CommandKind.ACKNOWLEDGE:
                mine = Acknowledgement(person=command.by.person, at=command.at)
                state = IncidentState.ACKNOWLEDGED if party is made.responsible_party else made.state
                return replace(after, acknowledged={**made.acknowledged, party: mine}, state=state)
            case CommandKind.START:
                return replace(after, state=IncidentState.IN_PROGRESS, started_at=command.at)
            case CommandKind.JOIN:
                return replace(after, joined={**made.joined, party: command.at})
            case CommandKind.RESOLVE:
                return replace(after, state=IncidentState.RESOLVED, resolved_at=command.at, resolved_by=party)
            case CommandKind.REOPEN:
                return replace(after, state=IncidentState.OPEN, cycle=made.cycle + 1, resolved_at=None, acknowledged={})
            case CommandKind.MERGE:
                into = command.detail.other_incident
                return replace(after, state=IncidentState.RESOLVED, resolved_at=command.at, merged_into=into)
            case CommandKind.LINK:
                other = command.detail.other_incident
                assert other is not None
                return replace(after, linked=(other,))
            case _:
                return after

    async def _outcome(
        self,
        command: Command,
        outcome: str,
        reason: str | None,
        version: int,
        party: str | None = None,
        person: str | None = None,
        at: datetime | None = None,
    ) -> None:
        await self.rows.router.execute(
            "insert into router.command (command_id, tenant, incident_id, kind, outcome, reason, version, by_party,"
            " by_person, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            command.command_id, command.tenant, command.incident_id, command.kind, outcome, reason, version,
            party or command.by.party, person or command.by.person, at or command.at,
        )  # fmt: skip
