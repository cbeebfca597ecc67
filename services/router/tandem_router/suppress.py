"""Whether an alert is held back: windows and silences, the outage of an asset above it, incidents that mute it.

Part of the decision. Never loses anything: it says what holds an alert and until when; what becomes of it is
``held``'s. Source: domain.md R-C17, R-P11, D02. An alert that joins an open incident is not asked about here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.agreement.suppression_scope import Subject, subject_of
from tandem.model.alert import Alert, AlertStatus
from tandem.model.incident import Incident, IncidentClass, IncidentState
from tandem.model.suppression import SuppressionKind
from tandem_router.classify import Classified

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What holds an alert."""

    kind: SuppressionKind
    by: str
    """Id of the window, silence or inhibition; of the asset that is down."""
    why: str
    """For people: what it is, whose, and the reason given."""
    until: datetime | None = None
    """End of the occurrence; None: when the incident it is attached to ends."""
    parent: UUID | None = None
    """The incident it is attached to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer, and what it says in the trace."""

    hold: Hold | None = None
    joins: UUID | None = None
    """The incident that an alert which must not be held joins and upgrades instead (R-P11)."""
    because: tuple[str, ...] = ()
    trace: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


FREE = Verdict()


def judge(
    alert: Alert,
    found: Classified,
    agreement: Agreement,
    now: datetime,
    *,
    must_pass: str | None,
    others: Iterable[Incident] = (),
) -> Verdict:
    """What holds ``alert`` at ``now``, if anything.

    Args:
        alert: firing; a clear and a test are never held.
        found: its classification.
        agreement: in force, with the silences and windows that people made at run time.
        now: aware UTC.
        must_pass: why it is let through windows without the consent of both parties (``a P1``), else None.
        others: open incidents of the tenant that may mute it; others do no harm.
    """
    if not agreement.suppression or alert.status is not AlertStatus.FIRING or alert.test:
        return FREE
    subject = subject_of(
        alert,
        function=found.function,
        category=found.category,
        site=found.site,
        asset=found.asset,
        incident_class=found.incident_class,
    )
    passed: list[str] = []
    for holder, span in agreement.suppression.holding(subject, now):
        if must_pass is None or holder.holds_p1:
            why = f"{holder.kind.value} {holder.id} ({holder.reason}, {holder.owner})"
            return _held(Hold(kind=holder.kind, by=holder.id, why=why, until=span[1]), passed)
        passed.append(f"{holder.kind.value} {holder.id} holds it, but {must_pass} passes")
    return _attached(subject, found, agreement, now, must_pass, others, passed)


def wants_others(alert: Alert, found: Classified, agreement: Agreement) -> tuple[bool, frozenset[str]]:
    """What of the open incidents has to be read for this alert: (any of the tenant's, those of these assets).

    Most alerts need none, so that they cost no look-up.
    """
    suppression = agreement.suppression
    if not (suppression.inhibitions or suppression.above) or alert.status is not AlertStatus.FIRING:
        return False, frozenset()
    above = suppression.above.get(found.asset.id, frozenset()) if found.asset is not None else frozenset()
    subject = subject_of(
        alert,
        function=found.function,
        category=found.category,
        site=found.site,
        asset=found.asset,
        incident_class=found.incident_class,
    )
    return any(rule.concerns(subject) for rule in suppression.inhibitions), above


def _held(hold: Hold, passed: list[str]) -> Verdict:
    until = f" until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until is not None else " until that incident ends"
    trace = {
        "held": True,
        "kind": hold.kind.value,
        "by": hold.by,
        "why": hold.why,
        "until": hold.until.isoformat() if hold.until else None,
        "parent_incident": str(hold.parent) if hold.parent else None,
        "passed": list(passed),
    }
    return Verdict(hold=hold, because=(*passed, f"held by {hold.why}{until}"), trace=trace)


def _attached(
    subject: Subject,
    found: Classified,
    agreement: Agreement,
    now: datetime,
    must_pass: str | None,
    others: Iterable[Incident],
    passed: list[str],
) -> Verdict:
    """Attached to the incident that explains it; what must pass joins that incident instead, unless it is security."""
    trace: dict[str, Any] = {"held": False, "passed": list(passed)}
    for hold in _explaining(subject, found, agreement, now, others):
        if must_pass is None:
            return _held(hold, passed)
        if must_pass == A_P1:
            clause = f"joins and upgrades the incident of {hold.why}: {must_pass} is not held"
            return Verdict(
                joins=hold.parent,
                because=(*passed, clause),
                trace={**trace, "joins": str(hold.parent), "why": hold.why},
            )
        passed.append(f"{hold.why} explains it, but {must_pass} passes")
    if not passed:
        return FREE
    return Verdict(because=tuple(passed), trace={**trace, "passed": list(passed)})


A_P1 = "a P1"


def must_pass(*, is_p1: bool, on_soc: bool, siem_high: bool) -> str | None:
    """Why an alert is not held without the consent of both parties (D02); None when it may be."""
    if siem_high:
        return "a high security finding"
    if on_soc:
        return "what the security track handles"
    return A_P1 if is_p1 else None


def _explaining(
    subject: Subject, found: Classified, agreement: Agreement, now: datetime, others: Iterable[Incident]
) -> Iterator[Hold]:
    """Outages of assets above first, then inhibitions, each the incident that was detected first."""
    tenant = agreement.tenant.id
    standing = sorted(
        (other for other in others if other.tenant == tenant and other.state is not IncidentState.RESOLVED),
        key=lambda other: (other.detected_at, other.incident_id),
    )
    if not standing:
        return
    above = agreement.suppression.above.get(found.asset.id, frozenset()) if found.asset is not None else frozenset()
    for other in standing if above else ():
        asset = _down(other, above, agreement, now)
        if asset is not None:
            why = f"the outage of {asset}, which {found.asset.id if found.asset else ''} depends on"
            yield Hold(kind=SuppressionKind.PARENT, by=asset, why=why, parent=other.incident_id)
    for rule in agreement.suppression.inhibitions:
        for other in standing if rule.concerns(subject) else ():
            if rule.mutes(subject, other):
                said = f" ({rule.reason})" if rule.reason else ""
                why = f"incident #{other.number}, by inhibition {rule.id}{said}"
                yield Hold(kind=SuppressionKind.INHIBITION, by=rule.id, why=why, parent=other.incident_id)


def _down(incident: Incident, above: frozenset[str], agreement: Agreement, now: datetime) -> str | None:
    """The asset above that this incident says is down: it fires still, or it was detected a moment ago."""
    if incident.incident_class is not IncidentClass.OUTAGE:
        return None
    firing = sorted(above & {alert.asset for alert in incident.firing.values() if alert.asset})
    if firing:
        return firing[0]
    first = agreement.asset_of(incident.host)
    recent = now - incident.detected_at <= agreement.timing.parent_outage
    return first.id if first is not None and first.id in above and recent else None
