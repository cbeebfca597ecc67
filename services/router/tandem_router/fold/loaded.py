"""What a batch begins with: the agreements in memory, and what the database knew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.errors import PoisonRecord
from tandem.model.alert import Alert
from tandem.model.incident import Incident
from tandem_router.checks.batch import LoadedChecks
from tandem_router.classify import Classified, classify
from tandem_router.expiry import Expired
from tandem_router.grouping import group_key
from tandem_router.held import Held
from tandem_router.overflow import Queue
from tandem_router.standing import Known
from tandem_router.storm import Openings, Scope
from tandem_router.together.early import EarlyClear
from tandem_router.together.work import Membership


class Agreements(Protocol):
    """The agreements in memory (``tandem/policy/book.py``)."""

    async def ensure(self, pairs: Iterable[tuple[str, int | None]]) -> None:
        """Load what is missing; version None is the active one."""
        ...

    def active(self, tenant: str) -> Agreement | None:
        """The active version, None when the tenant has none."""
        ...

    def at(self, tenant: str, version: int) -> Agreement:
        """A version that was ensured."""
        ...


@dataclass(slots=True, kw_only=True)
class Loaded:
    """What the database knew when the batch began, and the classification that the look-up needed."""

    incidents: list[Incident] = field(default_factory=list)
    """Locked: of the alerts' groups the latest, and those of commands and timers."""
    members: dict[Membership, UUID] = field(default_factory=dict)
    """Incident of a dedup key that was grouped with others."""
    seen: set[UUID] = field(default_factory=set)
    """Alert ids that were routed before."""
    done: set[UUID] = field(default_factory=set)
    """Command ids that were answered before."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Last incident number per tenant."""
    classified: dict[UUID, tuple[Classified, str]] = field(default_factory=dict)
    """Alert id -> classification and group key by the active agreement."""
    held: dict[Membership, Held] = field(default_factory=dict)
    """Conditions that something holds, locked."""
    let_go: dict[str, tuple[UUID, ...]] = field(default_factory=dict)
    """Key of a timer -> the holds that it lets go."""
    unkept: set[Membership] = field(default_factory=set)
    """Members whose condition fires beyond those that its incident keeps."""
    early: dict[Membership, EarlyClear] = field(default_factory=dict)
    """The latest clear of a condition that nobody waited for."""
    openings: dict[Scope, Openings] = field(default_factory=dict)
    """New incidents per source and site, where storms are counted."""
    conditions: dict[UUID, set[str]] = field(default_factory=dict)
    """Memberships of incidents that may be merged into others."""
    next_looks: list[tuple[str, datetime]] = field(default_factory=list)
    """(tenant, last alert) of the incident that may be the next to become stale."""
    told: dict[str, Known] = field(default_factory=dict)
    """Tenant -> what was told of its windows, where they are to be looked at."""
    queues: dict[str, Queue] = field(default_factory=dict)
    """Tenant -> the internal party's queue, where rows may overflow (R-A6)."""
    rolled: dict[str, UUID] = field(default_factory=dict)
    """Key of a day roll's timer -> the last incident it looked at, when there are more."""
    expired: Expired = field(default_factory=dict)
    """Conditions whose alert has expired, as far as the database knows."""
    checks: LoadedChecks = field(default_factory=LoadedChecks)
    """Checks that are heard of, or looked at."""


def active(agreements: Agreements, tenant: str) -> Agreement:
    """The tenant's active agreement.

    Raises:
        PoisonRecord: it has none, so nobody can be told who is responsible; the record goes to quarantine.
    """
    agreement = agreements.active(tenant)
    if agreement is None:
        raise PoisonRecord(f"tenant {tenant[:64]!r} has no active agreement")
    return agreement


def place(alert: Alert, agreement: Agreement) -> tuple[Classified, str]:
    """Classification and group key of an alert: what the look-up of its incident needs."""
    found = classify(alert, agreement)
    return found, group_key(alert, found)
