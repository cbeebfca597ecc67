"""Impact x urgency: what the agreement's matrix makes of how many are hit and how soon it hurts (domain.md 2.1).

Impact is the asset's ``importance`` where the inventory says one, for outages also the share of users that is touched;
of both the higher. An unknown impact, or a severity without an urgency, takes nothing from the matrix.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.scope import AssetSpec, Level
from tandem.model.alert import Severity
from tandem.model.incident import IncidentClass
from tandem.model.priority import Priority

_HIGHEST_FIRST = (Level.HIGH, Level.MEDIUM, Level.LOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One look at the matrix; ``priority`` None: it says nothing, and ``source`` why."""

    impact: Level | None
    urgency: Level | None
    priority: Priority | None
    source: str

    @property
    def trace(self) -> dict[str, str | None]:
        """What was looked at, as JSON can hold it."""
        return {
            "impact": self.impact.value if self.impact else None,
            "urgency": self.urgency.value if self.urgency else None,
            "cell": self.priority.value if self.priority else None,
            "source": self.source,
        }


def urgency_of(severity: Severity, agreement: Agreement) -> Level | None:
    """How soon it hurts, by our severity; None for one that the agreement gives no urgency."""
    return agreement.impact.urgency.get(severity)


def weigh(
    incident_class: IncidentClass,
    assets: Iterable[AssetSpec],
    affected: int,
    urgency: Level | None,
    agreement: Agreement,
) -> Weighed:
    """The cell for an incident whose firing alerts touch ``assets`` and ``affected`` users."""
    found = [_importance(assets), _share(incident_class, affected, agreement)]
    known = sorted((each for each in found if each is not None), key=lambda each: _HIGHEST_FIRST.index(each[0]))
    if not known:
        return Weighed(impact=None, urgency=urgency, priority=None, source="the impact is unknown")
    impact, source = known[0]
    if urgency is None:
        return Weighed(impact=impact, urgency=None, priority=None, source=f"{source}; the severity has no urgency")
    return Weighed(impact=impact, urgency=urgency, priority=cell(impact, urgency, agreement), source=source)


def cell(impact: Level, urgency: Level, agreement: Agreement) -> Priority | None:
    """The matrix's cell; None where a hand-made matrix has none."""
    return agreement.impact.matrix.get(impact, {}).get(urgency)


def _importance(assets: Iterable[AssetSpec]) -> tuple[Level, str] | None:
    """The most important asset that says how important it is."""
    said = [(_HIGHEST_FIRST.index(asset.importance), asset.id) for asset in assets if asset.importance is not None]
    if not said:
        return None
    rank, name = min(said)
    return _HIGHEST_FIRST[rank], f"importance of {name}"


def _share(incident_class: IncidentClass, affected: int, agreement: Agreement) -> tuple[Level, str] | None:
    """The share of users that an outage touches; an outage that is known to touch nobody has no known reach."""
    users = agreement.tenant.users
    if incident_class is not IncidentClass.OUTAGE or users <= 0 or affected <= 0:
        return None
    source = f"{affected} of {users} users"
    for limit, level in ((agreement.impact.high_share, Level.HIGH), (agreement.impact.medium_share, Level.MEDIUM)):
        # Decimal of the written number, as for the > 20 % rule: exactly the share is not more than it.
        if limit is not None and affected > Decimal(str(limit)) * users:
            return level, source
    return Level.LOW, source
