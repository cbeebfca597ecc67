"""One incident in a batch: what was known of its clocks, its facts old and new, and what a look at them gives. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from tandem.errors import Unavailable
from tandem.model.events import Fact, IncidentEvent, SlaClock
from tandem.model.incident import Incident
from tandem_sla_clock.clauses import Clauses
from tandem_sla_clock.diff import Change, diff
from tandem_sla_clock.fold import runs
from tandem_sla_clock.timeline import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is stored of an incident beside its clocks; all but ``folded_version`` is fixed at its opening."""

    tenant: str
    profile: Profile
    agreement_version: int
    sla_profile: str
    folded_version: int = 0
    """The last version whose consequences were told."""

    @property
    def incident_id(self) -> UUID:
        """The incident."""
        return self.profile.incident_id


@dataclass(slots=True, kw_only=True)
class Case:
    """An incident whose clocks are looked at in this batch."""

    known: Known
    facts: list[Fact] = field(default_factory=list)
    clocks: tuple[SlaClock, ...] = ()
    """As last told."""
    new: bool = False
    """Nothing is stored of it."""
    claimed: bool = False
    """A timer of it was claimed for this batch."""

    @property
    def version(self) -> int:
        """The last version of its facts."""
        return max((fact.version for fact in self.facts), default=0)

    @property
    def moved(self) -> bool:
        """Whether there is anything to look at: a new fact, or an instant that came."""
        return self.claimed or self.version > self.known.folded_version

    def look(self, clauses: Clauses, now: datetime) -> Change:
        """Fold and compare with what was told."""
        found = runs(self.facts, clauses, self.known.profile, now)
        return diff(self.clocks, found, now, tenant=self.known.tenant, incident_version=self.version)

    def told(self) -> Known:
        """What is to be stored once the consequences of all facts are told."""
        return replace(self.known, folded_version=self.version)


def known_of(incident: Incident) -> Known:
    """What the clocks need of an incident that is not stored yet."""
    profile = Profile(
        incident_id=incident.incident_id,
        monitoring_owner=incident.monitoring_owner,
        detected_at=incident.detected_at,
        occurred_at=incident.occurred_at,
        detect_flags=incident.detect_flags,
    )
    return Known(
        tenant=incident.tenant,
        profile=profile,
        agreement_version=incident.agreement_version,
        sla_profile=incident.sla_profile,
    )


def by_incident(events: Iterable[IncidentEvent]) -> dict[UUID, list[IncidentEvent]]:
    """A batch's events, each incident's together, in order of arrival."""
    found: dict[UUID, list[IncidentEvent]] = {}
    for event in events:
        found.setdefault(event.fact.incident_id, []).append(event)
    return found


def begins(events: list[IncidentEvent]) -> bool:
    """Whether these are an incident's first facts, without a gap: then nothing needs to be read."""
    return sorted(event.fact.version for event in events) == list(range(1, len(events) + 1))


def joined(stored: Iterable[Fact], arrived: Iterable[Fact]) -> list[Fact]:
    """Every version once, in order.

    Raises:
        Unavailable: one is missing; it is on its way, or its writer has not committed yet.
    """
    found = {fact.version: fact for fact in (*stored, *arrived)}
    facts = [found[version] for version in sorted(found)]
    if facts and facts[-1].version != len(facts):
        missing = next(n for n in range(1, len(facts) + 2) if n not in found)
        raise Unavailable("router", f"incident {facts[-1].incident_id}: fact {missing} has not come")
    return facts
