"""What travels between services: facts about incidents, commands, SLA events and page events.

A *fact* is what happened, a *command* a wish. Each has one flat detail with optional fields, because a reader
of a fact (the SLA fold, a timeline, an auditor) asks for few of them and must live with facts of newer code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tandem.model.alert import AlertStatus, Severity
from tandem.model.incident import Incident
from tandem.model.ownership import SYSTEM, Actor, Owner, Party, Track
from tandem.model.priority import Priority


class FactKind(StrEnum):
    """Everything that can happen to an incident."""

    OPENED = "opened"
    ALERT_JOINED = "alert_joined"
    ALERT_CLEARED = "alert_cleared"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    STARTED = "started"
    JOINED = "joined"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    REPRIORITISED = "reprioritised"
    REOWNED = "reowned"
    HANDOFF_OFFERED = "handoff_offered"
    HANDOFF_ACCEPTED = "handoff_accepted"
    HANDOFF_REFUSED = "handoff_refused"
    HANDOFF_WITHDRAWN = "handoff_withdrawn"
    HANDOFF_EXPIRED = "handoff_expired"
    REQUESTED = "requested"
    ANSWERED = "answered"
    NOTED = "noted"
    SNOOZED = "snoozed"
    MERGED = "merged"
    LINKED = "linked"
    SUPPRESSED = "suppressed"
    RELEASED = "released"
    CORRECTED = "corrected"
    COMMAND_REFUSED = "command_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDetail:
    """What a fact says beyond its envelope; only the fields its kind needs are set."""

    reason: str | None = None
    text: str | None = None
    """Free text of a person, at most 4,000 characters."""
    auto: bool | None = None
    """Done by a clear or a rule, not by a person (resolved)."""
    from_party: Party | None = None
    to_party: Party | None = None
    from_priority: Priority | None = None
    to_priority: Priority | None = None
    until: datetime | None = None
    obligation_id: str | None = None
    obligation: str | None = None
    """approval or information."""
    blocking: bool | None = None
    other_incident: UUID | None = None
    cycle: int | None = None
    hold_until: datetime | None = None
    """alert_cleared: when the clear becomes final."""
    command_id: UUID | None = None
    affected_users: int | None = None
    from_owner: Owner | None = None
    """reowned: whose it was before, when the owner changed."""
    conditions: tuple[str, ...] = ()
    """merged and linked: the conditions that moved, so that a merge can be read back."""
    track: Track | None = None
    """Of an incident with both faces: the face that an alert opened or made more urgent, or that an answer is for."""
    assists: bool | None = None
    """The answer is for the face that does not lead: recorded, and it stops no clock (R-A3, R-C10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactAlert:
    """The alert a fact is about, as much of it as clocks and timelines need."""

    alert_id: UUID | None = None
    dedup_key: str | None = None
    title: str | None = None
    status: AlertStatus | None = None
    severity: Severity | None = None
    severity_word: str | None = None
    host: str | None = None
    integration: str | None = None
    vendor: str | None = None
    occurred_at: datetime | None = None
    received_at: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact. ``effective_at`` is when it counts, ``received_at`` when we durably learned it."""

    tenant: str
    incident_id: UUID
    version: int
    kind: FactKind
    effective_at: datetime
    received_at: datetime
    priority: Priority
    """After the fact."""
    owner: Owner
    responsible_party: Party
    by: Actor = SYSTEM
    alert: FactAlert | None = None
    detail: FactDetail = field(default_factory=FactDetail)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvent:
    """Payload of topic ``incidents``: one fact and the incident's state after it (same version)."""

    fact: Fact
    incident: Incident


class CommandKind(StrEnum):
    """Every wish a person can have about an incident."""

    RAISE = "raise"
    ACKNOWLEDGE = "acknowledge"
    START = "start"
    JOIN = "join"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    NOTE = "note"
    OFFER = "offer"
    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    REQUEST = "request"
    ANSWER = "answer"
    REASSIGN = "reassign"
    ESCALATE = "escalate"
    SNOOZE = "snooze"
    PRIORITY = "priority"
    MERGE = "merge"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDetail:
    """What a command asks for beyond its kind; ``raise`` uses the lower half."""

    text: str | None = None
    reason: str | None = None
    to_party: Party | None = None
    priority: Priority | None = None
    until: datetime | None = None
    other_incident: UUID | None = None
    expected_version: int | None = None
    """If-Match of the caller; another version refuses the command."""
    track: Track | None = None
    """Of an answer: whose page leg it stops, where the incident has both faces; None: the router finds it out."""
    title: str | None = None
    function: str | None = None
    asset: str | None = None
    impact: str | None = None
    """high, medium or low."""
    onset: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Payload of topic ``commands``. ``incident_id`` of a raise is the id it will have."""

    command_id: UUID
    tenant: str
    incident_id: UUID
    kind: CommandKind
    by: Actor
    at: datetime
    """Our accept of the wish; what a person did takes effect here (R-T2)."""
    via: str = "console"
    """console, api, link or reply."""
    page_id: UUID | None = None
    """The page that was answered, when it was one."""
    detail: CommandDetail = field(default_factory=CommandDetail)


class ClockName(StrEnum):
    """The clocks of domain.md 1.4."""

    DETECT = "detect"
    RESPONSE = "response"
    JOINT_CALL = "joint_call"
    RESOLUTION = "resolution"
    HANDOFF_ACCEPT = "handoff_accept"
    OBLIGATION_APPROVAL = "obligation.approval"
    OBLIGATION_INFORMATION = "obligation.information"


class ClockState(StrEnum):
    """The states of domain.md 1.5; ``breached`` stays breached when it is stopped."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaClock:
    """One clock cycle of one party; ``flags`` holds implied_by, auto, auto_cleared, skew, ..."""

    incident_id: UUID
    clock: ClockName
    party: Party
    cycle: int
    priority: Priority
    start: datetime
    target: timedelta
    due: datetime | None
    """None while paused."""
    state: ClockState
    stop: datetime | None = None
    counted: timedelta | None = None
    """Counted time so far (calendar minus pauses) up to ``stop``, or to the instant of the fold."""
    breached_at: datetime | None = None
    """Equals the due instant, never the time a timer ran (R-C1)."""
    calendar: str = "24x7"
    """Name of the calendar it counts in."""
    warned: tuple[int, ...] = ()
    """Thresholds already warned, of 50, 75, 90."""
    flags: tuple[str, ...] = ()


class SlaEventKind(StrEnum):
    """What a clock did."""

    STARTED = "started"
    WARNED = "warned"
    BREACHED = "breached"
    MET = "met"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    RESUMED = "resumed"
    RETARGETED = "retargeted"
    RETRACTED = "retracted"
    RESTATED = "restated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaEvent:
    """Payload of topic ``sla``."""

    tenant: str
    incident_version: int
    """The incident version up to which the fold had read."""
    kind: SlaEventKind
    at: datetime
    """When it counts: a breach is dated at its due time."""
    emitted_at: datetime
    threshold: int | None = None
    """50, 75 or 90 for ``warned``."""
    clock: SlaClock


class PageEventKind(StrEnum):
    """What became of a page."""

    PLANNED = "planned"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    GAP = "gap"
    WOULD_HAVE_PAGED = "would_have_paged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEvent:
    """Payload of topic ``pages``."""

    tenant: str
    incident_id: UUID
    page_id: UUID | None
    """None for gap and exhausted."""
    kind: PageEventKind
    at: datetime
    party: Party
    track: Track
    person: str | None = None
    channel: str | None = None
    path: str | None = None
    step: int = 0
    """0-based step of the path."""
    attempt: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Payload of topic ``quarantine``: a record or body that could not be read, whole, with the reason."""

    tenant: str | None
    service: str
    integration: str | None
    topic: str | None
    reason: str
    at: datetime
    raw: bytes
