"""The queue as values for its template: rows with their next clock, lanes with what presses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem_console import clocks, faces, words
from tandem_console.access import Principal, Scope, may

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One incident on the queue."""

    incident: Row
    clock: Row | None
    """The ticking clock that is due first."""
    verdict: str
    tone: str
    share: float
    responsible: str
    """Person of the responsible party, empty while nobody acknowledged."""
    may_acknowledge: bool

    @property
    def id(self) -> UUID:
        """The incident's id."""
        identity: UUID = self.incident["id"]
        return identity


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLane:
    """One of the three lanes."""

    owner: str
    name: str
    rows: tuple[BoardRow, ...]
    count: int
    breached: int
    oldest: datetime | None

    @property
    def hidden(self) -> int:
        """How many more there are than rows shown."""
        return self.count - len(self.rows)


def lane(
    owner: str,
    rows: Sequence[Row],
    ticking: Mapping[UUID, list[Row]],
    *,
    count: int,
    oldest: datetime | None,
    now: datetime,
    principal: Principal,
) -> BoardLane:
    """A lane, what is due first at the top; what has no clock follows by priority and age."""
    shown = sorted((row_of(row, ticking.get(row["id"], []), now, principal) for row in rows), key=_pressing)
    breached = sum(1 for row in shown if row.tone == "over")
    return BoardLane(
        owner=owner, name=words.OWNERS[owner], rows=tuple(shown), count=count, breached=breached, oldest=oldest
    )


def row_of(incident: Row, its_clocks: Iterable[Row], now: datetime, principal: Principal) -> BoardRow:
    """One row; clocks of earlier cycles do not count."""
    clock = clocks.next_due(
        each for each in its_clocks if each["cycle"] == incident["cycle"] or each["clock"] == "resolution"
    )
    return BoardRow(
        incident=incident,
        clock=clock,
        verdict=clocks.verdict(clock, now) if clock else "",
        tone=clocks.tone(clock, now) if clock else "off",
        share=clocks.share(clock, now) if clock else 0.0,
        responsible=words.responsible(incident),
        may_acknowledge=may_acknowledge(incident, principal),
    )


def may_acknowledge(incident: Row, principal: Principal) -> bool:
    """Whether an Acknowledge button makes sense: the role may, the party is asked and has not yet."""
    waiting = faces.waiting_for(incident, principal.party.value)
    return may(principal, Scope.ACT) and incident["state"] != "resolved" and bool(waiting)


def _acknowledge(incident: Row, party: str) -> list[tuple[str, str]]:
    """A button for each leg that waits for the party, named by its track where there are two."""
    waiting = faces.waiting_for(incident, party)
    if len(faces.legs(incident)) == 1:
        return [("acknowledge", "Acknowledge")] if waiting else []
    return [(f"acknowledge?track={track}", f"Acknowledge {words.TRACKS.get(track, track)}") for track in waiting]


def actions(incident: Row, its_clocks: Iterable[Row], principal: Principal) -> tuple[tuple[str, str], ...]:
    """(action, label) of the buttons that this person can use on this incident now, the likeliest first."""
    if not may(principal, Scope.ACT):
        return ()
    if incident["state"] == "resolved":
        return (("reopen", "Reopen"), ("note", "Add note"))
    party = principal.party.value
    found = _acknowledge(incident, party)
    # Who was not asked may still say that they know; it does not stop the other party's clock (R-C10).
    answered = party in dict(faces.answers(incident))
    assist = [("acknowledge", "Acknowledge")] if not found and not answered else []
    if incident["started_at"] is None:
        found = [*found, ("start", "Start work")]
    called = any(each["clock"] == "joint_call" for each in its_clocks)
    if called and party not in (incident["joined"] or {}):
        found = [*found, ("join", "Join call")]
    return (*found, ("resolve", "Resolve"), *assist, ("note", "Add note"))


def by_party(rows: Iterable[Row], incident: Row) -> list[tuple[str, list[Row]]]:
    """Clocks as the incident's head shows them: each party's, those that matter now."""
    present = clocks.current(rows, incident["cycle"])
    ordered = sorted(present, key=lambda row: (row["cycle"], _place(row["clock"]), row["start_at"]))
    return [(party, [row for row in ordered if row["party"] == party]) for party in ("internal", "msp")]


def _place(clock: str) -> int:
    """Clocks in the order in which they end when all goes well."""
    known = list(words.CLOCKS)
    return known.index(clock) if clock in known else len(known)


def _pressing(row: BoardRow) -> tuple[bool, datetime, str, datetime]:
    opened: datetime = row.incident["opened_at"]
    due: datetime = row.clock["due_at"] if row.clock else opened
    return row.clock is None, due, row.incident["priority"], opened
