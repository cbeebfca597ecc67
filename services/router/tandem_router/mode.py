"""How much is relied on us: the row's mode, unless it is a test or the agreement has ended (D18, R73)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.agreement.duty import ends_at, has_ended
from tandem.model.alert import Alert
from tandem.model.ownership import Mode
from tandem_router.routing import Routing
from tandem_router.scope import Scope


def mode_of(alert: Alert, row: Scope, agreement: Agreement, now: datetime) -> tuple[Mode, tuple[str, ...]]:
    """The mode of a decision, and what there is to say about it."""
    if alert.test:
        return Mode.OBSERVE, ("a test: nobody is paged",)
    if has_ended(agreement, now):
        return Mode.OBSERVE, (ended_words(agreement),)
    if row.mode is Mode.OVERLAP:
        return row.mode, ("mode overlap: both parties are told",)
    return row.mode, ("mode observe: nobody is paged",) if row.mode is Mode.OBSERVE else ()


def in_mode_of(routing: Routing, in_force: Routing) -> Routing:
    """The same decision, with the mode of the one in the version in force: it says how much is relied on us now."""
    if in_force.mode is routing.mode:
        return routing
    why = f"mode {in_force.mode.value} in agreement version {in_force.agreement_version}, which is in force"
    return replace(routing, mode=in_force.mode, because=(*routing.because, why))


def ended_words(agreement: Agreement) -> str:
    """Why nobody is paged any more."""
    end = ends_at(agreement)
    return f"the agreement ended {end:%Y-%m-%d %H:%M}Z: nobody is paged" if end is not None else ""
