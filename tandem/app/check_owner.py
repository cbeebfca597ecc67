"""Whose a check's alert would be, for the console: the router's decision about the alert it would raise now."""

from __future__ import annotations

from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.policy.book import AgreementBook
from tandem_console.signals import Whose
from tandem_router.checks.raising import alert_of
from tandem_router.checks.state import Phase, Said, State, Trouble
from tandem_router.decide import NOTHING_OPEN, decide

MOST = 5_000
"""Answers that are remembered; beyond that all are forgotten."""


class CheckOwners:
    """Answers ``(tenant, check, instant)``; remembered per version of the agreement, to the hour."""

    def __init__(self, book: AgreementBook) -> None:
        """``book`` holds the agreements in force."""
        self._book = book
        self._known: dict[tuple[str, int, str, datetime], Whose] = {}

    def __call__(self, tenant: str, check_id: str, now: datetime) -> Whose | None:
        """None where no agreement declares the check: nobody can say."""
        agreement = self._book.active(tenant)
        if agreement is None or check_id not in agreement.expected.checks:
            return None
        key = (tenant, agreement.version, check_id, now.replace(minute=0, second=0, microsecond=0))
        if key not in self._known:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = _decided(agreement, check_id, now)
        return self._known[key]


def _decided(agreement: Agreement, check_id: str, now: datetime) -> Whose:
    """By the same code that places the real one."""
    check = agreement.expected.checks[check_id]
    state = State(phase=Phase.UP, since=now, integration=check.spec.integration or "expected")
    said = Said(trouble=Trouble.MISSING, firing=True, at=now, due_at=now)
    routing = decide(alert_of(agreement, check_id, check, state, said, now), agreement, NOTHING_OPEN, now)
    return Whose(routing.owner.value, routing.responsible_party.value, routing.priority.value)
