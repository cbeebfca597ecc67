"""What the agreement promises for one incident: a length of time and the calendar it counts in, per clock.

Pure. Reads a compiled agreement and nothing of the incident's history; when a clock starts and stops is ``fold``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.fields import Target
from tandem.model.calendar import ALWAYS, Calendar
from tandem.model.events import ClockName
from tandem.model.ownership import Party, TenantKind
from tandem.model.priority import Priority

STANDARD = "standard"
"""The profile every compiled agreement has."""

_FIELDS = {
    ClockName.OBLIGATION_APPROVAL: "approval",
    ClockName.OBLIGATION_INFORMATION: "information",
}
"""Where the name in a profile is not the clock's own."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A promise: ``length`` (positive or zero), counted in ``calendar``."""

    length: timedelta
    calendar: Calendar = ALWAYS


class Clauses(Protocol):
    """What the fold asks of an agreement."""

    @property
    def parties(self) -> tuple[Party, ...]:
        """Who takes part: both, or only the MSP for a managed tenant."""
        ...

    def clause(self, clock: ClockName, priority: Priority, party: Party) -> Clause | None:
        """The promise of ``party``, the obliged one; None when there is no such clock at this priority."""
        ...


class AgreementClauses:
    """The clauses of one agreement version and one of its SLA profiles."""

    def __init__(self, agreement: Agreement, profile: str) -> None:
        """A profile the agreement does not have is taken as ``standard``: an incident always has its clocks."""
        managed = agreement.tenant.kind is TenantKind.MANAGED
        self._parties: tuple[Party, ...] = (Party.MSP,) if managed else (Party.INTERNAL, Party.MSP)
        self._agreement = agreement
        self._profile = agreement.sla.get(profile) or agreement.sla[STANDARD]

    @property
    def parties(self) -> tuple[Party, ...]:
        """See ``Clauses``."""
        return self._parties

    def clause(self, clock: ClockName, priority: Priority, party: Party) -> Clause | None:
        """See ``Clauses``; business hours are those of ``party``."""
        targets = self._profile.priorities.get(priority)
        if targets is None:
            return None
        target: Target | None = getattr(targets, _FIELDS.get(clock, clock.value))
        if target is None:
            return None
        return Clause(target.length, self._agreement.calendar_of(party) if target.business else ALWAYS)
