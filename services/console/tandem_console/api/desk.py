"""Where wishes become commands: appended to the bus, then watched until the router has answered.

The console changes no incident. It says what a person wants and reads what became of it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from tandem.bus.port import Record
from tandem.bus.topics import COMMANDS, incident_key
from tandem.clock import Clock, monotonic, pause
from tandem.errors import Reason, Refused, Unavailable
from tandem.ids import uuid7, uuid8
from tandem.model.events import Command, CommandDetail, CommandKind
from tandem.wire import codec
from tandem_console import faces, words
from tandem_console.access import Principal
from tandem_console.store.incidents import IncidentStore, Row
from tandem_console.store.records import Deed, RecordStore

WATCHED_S = 2.0
"""How long a caller waits for the router before it is told where to look."""
_LOOKS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1)

_log = structlog.stdlib.get_logger(__name__)


class Appends(Protocol):
    """The part of ``tandem.bus.port.Bus`` that the console uses."""

    async def append(self, records: list[Record]) -> None:
        """Make ``records`` durable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants of an incident."""

    kind: CommandKind
    tenant: str
    incident_id: UUID
    detail: CommandDetail
    command_id: UUID
    via: str = "api"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a wish; ``incident`` None while the router has not answered."""

    command_id: UUID
    incident: Row | None


class Desk:
    """Gives commands and waits for their outcome."""

    def __init__(
        self,
        *,
        bus: Appends,
        incidents: IncidentStore,
        records: RecordStore,
        clock: Clock,
        watched_s: float = WATCHED_S,
    ) -> None:
        """``watched_s``: how long ``give`` waits for the router."""
        self._bus = bus
        self._incidents = incidents
        self._records = records
        self._clock = clock
        self._watched_s = watched_s

    def fresh_id(self, *key: str) -> UUID:
        """Id of a command or of an incident that is raised: the same for the same ``key``, else a new one."""
        return uuid8(*key) if key else uuid7(self._clock.now(), secrets.token_bytes(16))

    async def give(self, principal: Principal, wish: Wish) -> Answer:
        """Ask the router.

        Raises:
            Refused: CONFLICT with who was first, PRECONDITION when the expected version is not the present one.
            Unavailable: the bus cannot take it; nothing happened.
        """
        now = self._clock.now()
        command = Command(
            command_id=wish.command_id,
            tenant=wish.tenant,
            incident_id=wish.incident_id,
            kind=wish.kind,
            by=principal.actor,
            at=now,
            via=wish.via,
            detail=wish.detail,
        )
        record = Record(COMMANDS.name, incident_key(wish.tenant, wish.incident_id), codec.encode(command))
        await self._bus.append([record])
        outcome = await self._watched(wish)
        await self._noted(principal, wish, outcome, now)
        if outcome is None:
            return Answer(wish.command_id, None)
        incident = await self._incidents.one([wish.tenant], wish.incident_id)
        if outcome["outcome"] != "done":
            raise refusal(wish, outcome, incident, self._clock.now())
        return Answer(wish.command_id, incident)

    async def _watched(self, wish: Wish) -> Row | None:
        """The router's answer, or None when it takes too long or the database went away meanwhile."""
        until, looks = monotonic() + self._watched_s, iter(_LOOKS_S)
        while True:
            try:
                found = await self._incidents.outcome([wish.tenant], wish.command_id)
            except Unavailable:
                return None  # the command is durable: it will be done, and the caller is told where to look
            if found is not None or monotonic() >= until:
                return found
            await pause(next(looks, _LOOKS_S[-1]))

    async def _noted(self, principal: Principal, wish: Wish, outcome: Row | None, now: datetime) -> None:
        """Write the audit; the fact itself is the router's, so a database that is away now does not undo the deed."""
        deed = Deed(
            at=now,
            who=principal.name,
            party=principal.party.value,
            tenant=wish.tenant,
            action=f"incident.{wish.kind.value}",
            object=str(wish.incident_id),
            outcome=str(outcome["outcome"]) if outcome is not None else "pending",
            detail={"command_id": str(wish.command_id), "person": principal.person, "via": wish.via},
        )
        try:
            await self._records.write_audit(deed)
        except Unavailable as fault:
            _log.warning("audit not written", action=deed.action, object=deed.object, fault=str(fault))


def refusal(wish: Wish, outcome: Row, incident: Row | None, now: datetime) -> Refused:
    """Why not, with who was first."""
    expected, version = wish.detail.expected_version, outcome["version"]
    said = str(outcome["reason"] or "refused")
    if expected is not None and version not in {None, 0, expected} and "version" in said:
        return Refused(Reason.PRECONDITION, f"{said}; read it again", errors=(f"version: {version}",))
    party, person, at = outcome["by_party"], outcome["by_person"], outcome["at"]
    first = _first(wish, incident)
    if first is not None:
        party, person, at = first
        said = f"{words.who(person, party)} acknowledged {words.ago(at, now)}"
    known = {"by_party": party, "by_person": person, "at": at, "version": version}
    errors = tuple(f"{name}: {_text(value)}" for name, value in known.items() if value is not None)
    return Refused(Reason.CONFLICT, said, errors=errors)


def _first(wish: Wish, incident: Row | None) -> tuple[str, str | None, datetime] | None:
    """Who acknowledged first, when that is the question."""
    if wish.kind is not CommandKind.ACKNOWLEDGE or incident is None or incident["state"] == "resolved":
        return None
    found = [(datetime.fromisoformat(each["at"]), party, each.get("person")) for party, each in faces.answers(incident)]
    if not found:
        return None
    at, party, person = min(found, key=lambda each: each[0])
    return party, person, at


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
