"""The notifier's memory of one incident: what pages say about it, and where each party's path run stands.

Values that the store keeps as JSON. ``escalation.py`` moves them, ``paging.py`` makes pages of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tandem.model.events import IncidentEvent
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import Mode, Owner, Party, Track
from tandem.model.priority import Priority

ALERTS_KEPT = 20
"""Alert ids a page lists at most; the newest say what happens now."""
BECAUSE_KEPT = 5
QUIET_FLAGS = frozenset({"test", "drill"})


@dataclass(slots=True, kw_only=True)
class Taken:
    """A party's acknowledgement."""

    person: str | None
    at: datetime


@dataclass(slots=True, kw_only=True)
class Brief:
    """What pages and paths need to know of an incident, after its latest fact."""

    incident_id: UUID
    tenant: str
    version: int
    cycle: int
    number: int
    state: IncidentState
    title: str
    priority: Priority
    owner: Owner
    responsible_party: Party
    must_acknowledge: tuple[Party, ...]
    informed: tuple[Party, ...]
    function: str
    track: Track
    mode: Mode
    paths: dict[Party, str]
    agreement_version: int
    opened_at: datetime
    detected_at: datetime
    cycle_at: datetime
    """When this cycle began: opened, or re-opened."""
    site: str | None = None
    host: str | None = None
    acknowledged: dict[Party, Taken] = field(default_factory=dict)
    clear_pending: bool = False
    merged: bool = False
    suppressed: bool = False
    flags: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    alert_ids: tuple[UUID, ...] = ()

    @property
    def resolved(self) -> bool:
        """Nothing is left to respond to."""
        return self.merged or self.state is IncidentState.RESOLVED

    @property
    def held(self) -> bool:
        """Paging stands still: a clear is pending (R-P12), or a maintenance window holds."""
        return self.clear_pending or self.suppressed

    @property
    def quiet(self) -> bool:
        """Pages are recorded as ``would_have_paged`` and never sent."""
        return self.mode is Mode.OBSERVE or not QUIET_FLAGS.isdisjoint(self.flags)


class LegState(StrEnum):
    """Where one party's path run stands."""

    PAGING = "paging"
    ACKNOWLEDGED = "acknowledged"
    STOPPED = "stopped"
    EXHAUSTED = "exhausted"


@dataclass(slots=True, kw_only=True)
class Pending:
    """A further channel of a person whose personal rule says to wait."""

    at: datetime
    person: str
    key: str
    path: str
    pass_: int
    step: int


@dataclass(slots=True, kw_only=True)
class Sent:
    """A page of a leg: enough to know it when its outcome or its answer comes."""

    page_id: UUID
    person: str
    channel: str
    path: str
    pass_: int
    step: int


@dataclass(slots=True, kw_only=True)
class Leg:
    """One party's run through its path in one cycle.

    ``pass_`` counts up over restarts, so that a page of a later run never has the id of an earlier one.
    """

    party: Party
    path: str
    state: LegState
    called: bool = False
    """Started by another party's step (``path:ID``), not because the incident needs this party's answer."""
    pass_: int = 0
    first_pass: int = 0
    step: int = 0
    """The rung that is paged next: the path's steps, then its fallback."""
    next_at: datetime | None = None
    """When that is; of an acknowledged leg, when the acknowledgement runs out."""
    reached: bool = False
    """Somebody was paged in the pass at hand."""
    ended: bool = False
    """The fallback was paged too; what comes at ``next_at`` is the end of the path."""
    repaged: bool = False
    """The run goes on although the party has acknowledged: its acknowledgement ran out."""
    standing: int = 0
    """Pages of the pass at hand that have not failed."""
    pending: list[Pending] = field(default_factory=list)
    live: list[Sent] = field(default_factory=list)
    """Pages of the last rung that have not failed."""
    pages: list[Sent] = field(default_factory=list)
    """The latest pages, newest last, bounded."""


@dataclass(slots=True, kw_only=True)
class Later:
    """Something that is told when the party opens."""

    at: datetime
    party: Party
    why: str


@dataclass(slots=True, kw_only=True)
class Case:
    """Everything the notifier remembers of one incident."""

    brief: Brief
    legs: dict[Party, Leg] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    """What was told already, as ``why:cycle:party``."""
    later: list[Later] = field(default_factory=list)


def brief_of(event: IncidentEvent, before: Brief | None) -> Brief:
    """The brief after ``event``; alert ids and the suppression gather over facts."""
    incident = event.incident
    return Brief(
        incident_id=incident.incident_id,
        tenant=incident.tenant,
        version=incident.version,
        cycle=incident.cycle,
        number=incident.number,
        state=incident.state,
        title=incident.title,
        priority=incident.priority,
        owner=incident.owner,
        responsible_party=incident.responsible_party,
        must_acknowledge=incident.must_acknowledge,
        informed=incident.informed,
        function=incident.function,
        track=incident.track,
        mode=incident.mode,
        paths=dict(incident.paths),
        agreement_version=incident.agreement_version,
        opened_at=incident.opened_at,
        detected_at=incident.detected_at,
        cycle_at=incident.reopened_at or incident.opened_at,
        site=incident.site,
        host=incident.host,
        acknowledged={party: Taken(person=ack.person, at=ack.at) for party, ack in incident.acknowledged.items()},
        clear_pending=incident.clear_pending_at is not None and incident.state is not IncidentState.RESOLVED,
        merged=incident.merged_into is not None,
        suppressed=_suppressed(event, before),
        flags=incident.flags,
        because=incident.because[:BECAUSE_KEPT],
        alert_ids=_alert_ids(event, incident, before),
    )


def _suppressed(event: IncidentEvent, before: Brief | None) -> bool:
    kind = event.fact.kind.value
    if kind in {"suppressed", "released"}:
        return kind == "suppressed"
    return before is not None and before.suppressed


def _alert_ids(event: IncidentEvent, incident: Incident, before: Brief | None) -> tuple[UUID, ...]:
    known = dict.fromkeys(before.alert_ids if before else ())
    known |= dict.fromkeys(firing.alert_id for firing in incident.firing.values())
    if event.fact.alert is not None and event.fact.alert.alert_id is not None:
        known[event.fact.alert.alert_id] = None
    return tuple(known)[-ALERTS_KEPT:]
