"""The decision as a value: everything that is decided about an alert, made of what its steps found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from tandem.model.incident import IncidentClass, RaciPeople
from tandem.model.ownership import Mode, Owner, Party, Track
from tandem.model.priority import Priority
from tandem_router.grouping import group_key
from tandem_router.parts import Parts
from tandem_router.suppress import Hold
from tandem_router.trace import trace_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What is decided about an alert. ``because`` is never empty; ``trace`` holds every value that was looked at."""

    group_key: str
    function: str
    category: str | None
    incident_class: IncidentClass
    asset: str | None
    site: str | None
    priority: Priority
    p1_workflow: bool
    regulated: bool
    affected_users: int
    tenant_users: int
    row: str
    owner: Owner
    lead: Party | None
    responsible_party: Party
    monitoring_owner: Party
    sla_profile: str
    mode: Mode
    unmapped: bool
    track: Track
    must_acknowledge: tuple[Party, ...]
    """Parties that are paged, responsible party first; empty when nobody is."""
    informed: tuple[Party, ...]
    paths: Mapping[Party, str] = field(default_factory=dict)
    agreement_version: int
    provider: str | None
    because: tuple[str, ...]
    trace: Mapping[str, object]
    hold: Hold | None = None
    """What holds the alert back; only of an alert that would open an incident."""
    joins: UUID | None = None
    """The incident of the outage above it, which a P1 joins and upgrades."""
    taken_over: str | None = None
    """after_hours or overflow: the MSP stands in for the internal party."""
    unmapped_word: str | None = None
    """The vendor's word for the severity, when no table knows it (R-P1)."""
    raci: RaciPeople = field(default_factory=RaciPeople)
    runbook: str | None = None
    public_communications: str | None = None
    approval: str | None = None


def routing_of(parts: Parts) -> Routing:
    """The decision that these parts make; nothing holds it back yet."""
    found, row, level, heard = parts.found, parts.row, parts.level, parts.heard
    return Routing(
        group_key=group_key(parts.alert, found),
        function=found.function,
        category=found.category,
        incident_class=found.incident_class,
        asset=found.asset.id if found.asset else None,
        site=found.site,
        priority=level.priority,
        p1_workflow=level.p1_workflow,
        regulated=level.regulated,
        affected_users=level.affected_users,
        tenant_users=level.tenant_users,
        row=row.row,
        owner=row.owner,
        lead=row.lead,
        responsible_party=parts.party.party,
        monitoring_owner=row.monitoring_owner,
        sla_profile=row.sla,
        mode=parts.mode,
        unmapped=row.unmapped,
        track=parts.track,
        must_acknowledge=heard.paged,
        informed=heard.informed,
        paths=heard.paths,
        agreement_version=parts.agreement.version,
        provider=parts.agreement.provider,
        because=parts.because,
        trace=trace_of(parts),
        taken_over=parts.party.flag,
        unmapped_word=parts.alert.severity_word if level.unmapped_word else None,
        raci=row.raci,
        runbook=row.runbook,
        public_communications=row.public_communications,
        approval=found.asset.approval if found.asset else None,
    )
