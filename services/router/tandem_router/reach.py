"""How far an outage reaches beyond one incident: outages of one tenant that together touch too many users (R-P2).

Pure. Which incidents are candidates is ``store``'s look-up; who joins whom is ``batch``'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert, AlertStatus
from tandem.model.incident import Incident, IncidentClass, IncidentState
from tandem.model.ownership import Mode
from tandem_router import priority, storm
from tandem_router.classify import Classified

WIDE_TITLE = "Wide outage: "
LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Union:
    """Other running outages of the tenant within the window."""

    assets: frozenset[str]
    """What they touch."""
    incidents: tuple[Incident, ...]
    """Those that become one with an outage that crosses the share, the one to keep first; no storm's parent."""


def may_count(alert: Alert, found: Classified, agreement: Agreement) -> bool:
    """Whether this alert can make an outage wide: only then others are looked up."""
    asset = found.asset
    if asset is None or not asset.users or not agreement.tenant.users:
        return False
    outage = found.incident_class in agreement.rules.wide_outage_classes
    return outage and alert.status is AlertStatus.FIRING and not alert.test


def outages(incident: Incident, classes: Collection[IncidentClass], after: datetime | None = None) -> set[str]:
    """Assets of its firing alerts of these classes that began after ``after``."""
    return {
        alert.asset
        for alert in incident.firing.values()
        if alert.asset is not None
        and (alert.incident_class or incident.incident_class) in classes
        and (after is None or (alert.since or incident.detected_at) > after)
    }


def outage_at(incident: Incident, classes: Collection[IncidentClass]) -> datetime | None:
    """When its latest firing outage began: how a look-up finds it; None when it has none."""
    if incident.state is IncidentState.RESOLVED:
        return None
    begun = [
        alert.since or incident.detected_at
        for alert in incident.firing.values()
        if alert.asset is not None and (alert.incident_class or incident.incident_class) in classes
    ]
    return max(begun, default=None)


def beside(at: datetime, mode: Mode, others: Iterable[Incident], agreement: Agreement) -> Union:
    """Other outages that may be one with that of an alert.

    Args:
        at: when the alert was accepted; outages that began up to ``rules.window`` before it count.
        mode: of its row; what is only observed says nothing about what is live.
        others: running incidents of the tenant, without the one the alert belongs to.
        agreement: the active one, whose window and classes count.
    """
    after = at - agreement.rules.window
    classes = agreement.rules.wide_outage_classes
    found: list[Incident] = []
    assets: set[str] = set()
    for other in others:
        if other.mode is not mode or "test" in other.flags or other.state is IncidentState.RESOLVED:
            continue
        touched = outages(other, classes, after)
        if touched:
            assets |= touched
            found.append(other)
    kept = [other for other in found if not storm.is_parent(other)]
    return Union(frozenset(assets), tuple(sorted(kept, key=oldest)))


def is_wide(assets: Collection[str], agreement: Agreement) -> bool:
    """Whether an outage of these assets touches more users than the share."""
    users = sum(asset.users for asset in priority.assets_of(assets, agreement))
    return priority.is_wide(users, agreement)


def oldest(incident: Incident) -> tuple[bool, datetime, object]:
    """Order in which incidents are kept: one whose P1 workflow runs, then the first detected."""
    return not incident.p1_workflow, incident.detected_at, incident.incident_id


def wide_title(title: str) -> str:
    """Of the incident that stands for several outages."""
    return title if title.startswith(WIDE_TITLE) else f"{WIDE_TITLE}{title}"[:LONGEST_TITLE]
