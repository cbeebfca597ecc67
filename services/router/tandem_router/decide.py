"""The decision: an alert gets its function, row, priority, responsible party, track and audience, explained.

Reading order is decision order. Does not know whether an incident is opened or joined (``incident``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.events import Command
from tandem.model.incident import Incident, IncidentClass
from tandem.model.ownership import Mode, Owner, Party, Track
from tandem.model.priority import Priority, most_urgent
from tandem_router import classify, priority, scope, tracks
from tandem_router.classify import Classified
from tandem_router.grouping import group_key
from tandem_router.priority import Assessed, Floor
from tandem_router.scope import Duty, Responsible, Scope
from tandem_router.tracks import Audience, Case


@dataclass(frozen=True, slots=True)
class Situation:
    """What is going on already: the incident of the alert's group that is not resolved, if there is one."""

    incident: Incident | None = None


NOTHING_OPEN = Situation()


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


def decide(
    alert: Alert,
    agreement: Agreement,
    situation: Situation,
    now: datetime,
    *,
    classified: Classified | None = None,
) -> Routing:
    """Give ``alert`` its place. Pure: same arguments, same answer.

    Args:
        alert: normalised; a quarantined one takes the safety function.
        agreement: the active version, or the one that an open incident was opened with.
        situation: affected users count over the assets of its incident's firing alerts too.
        now: aware UTC; decides hours.
        classified: the answer of ``classify.classify`` for these arguments, when the caller has it already.

    Never raises: an alert that no row matches takes the safety row and says so.

    Source: domain.md 2, 3.7 and 5.
    """
    found = classified or classify.classify(alert, agreement)
    floor = priority.floor_of(alert, agreement)
    return _route(alert, found, floor, agreement=agreement, situation=situation, now=now)


def decide_raised(command: Command, agreement: Agreement, now: datetime) -> Routing:
    """The same decision for an incident that a person raises: function or asset, impact, perhaps to a party."""
    detail = command.detail
    found = classify.classify_raised(detail.function, detail.asset, agreement)
    floor = priority.floor_of_impact(detail.impact)
    if detail.priority is not None:
        chosen = most_urgent(detail.priority, floor.priority) if detail.impact else detail.priority
        floor = Floor(chosen, "the word of who raised it")
    return _route(
        _as_alert(command), found, floor, agreement=agreement, situation=NOTHING_OPEN, now=now, to=detail.to_party
    )


def redecide_audience(incident: Incident, agreement: Agreement, level: Priority, now: datetime) -> Audience:
    """Who hears of a running incident once its priority is ``level``; its responsible party stays."""
    case = Case(
        scope=scope.find_by_id(incident.row, agreement),
        track=incident.track,
        priority=level,
        responsible=incident.responsible_party,
        took_over=incident.responsible_party is not _daytime_party(incident),
        internal_on_duty=scope.duty(agreement, now).on_duty,
        p1_workflow=incident.p1_workflow,
        managed=scope.is_managed(agreement),
    )
    return tracks.audience(case, agreement)


def _daytime_party(incident: Incident) -> Party:
    return incident.lead or Party.MSP if incident.owner is Owner.SHARED else Party(incident.owner.value)


def _route(
    alert: Alert,
    found: Classified,
    floor: Floor,
    *,
    agreement: Agreement,
    situation: Situation,
    now: datetime,
    to: Party | None = None,
) -> Routing:
    matrix = scope.find(found, alert.severity.value, agreement)
    touched, siem_high = _touched(found, alert, situation), priority.is_siem_high(alert, agreement)
    level = priority.assess(found, floor, touched, agreement, siem_high=siem_high)
    on_duty = scope.duty(agreement, now)
    party = _chosen(to, agreement) or scope.responsible(matrix, level.priority, on_duty)
    track = tracks.track_of(found, matrix, alert, agreement)
    case = Case(
        scope=matrix,
        track=track,
        priority=level.priority,
        responsible=party.party,
        took_over=party.took_over,
        internal_on_duty=on_duty.on_duty,
        p1_workflow=level.p1_workflow,
        managed=scope.is_managed(agreement),
    )
    heard = tracks.audience(case, agreement)
    mode = Mode.OBSERVE if alert.test else matrix.mode
    because = (found.because, matrix.because, *level.because, party.because, *heard.because, *_about_mode(alert, mode))
    return Routing(
        group_key=group_key(alert, found),
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
        row=matrix.row,
        owner=matrix.owner,
        lead=matrix.lead,
        responsible_party=party.party,
        monitoring_owner=matrix.monitoring_owner,
        sla_profile=matrix.sla,
        mode=mode,
        unmapped=matrix.unmapped,
        track=track,
        must_acknowledge=heard.paged,
        informed=heard.informed,
        paths=heard.paths,
        agreement_version=agreement.version,
        provider=agreement.provider,
        because=because,
        trace=_trace(found, matrix, level, on_duty, case, heard, mode, agreement, now),
    )


def _touched(found: Classified, alert: Alert, situation: Situation) -> set[str]:
    """Asset ids of the firing alerts, this one included unless it clears."""
    touched = {found.asset.id} if found.asset is not None and alert.status is AlertStatus.FIRING else set()
    if situation.incident is not None:
        touched |= {other.asset for other in situation.incident.firing.values() if other.asset is not None}
    return touched


def _chosen(to: Party | None, agreement: Agreement) -> Responsible | None:
    if to is None or scope.is_managed(agreement):
        return None
    return Responsible(to, took_over=False, because=f"raised to {to.value}")


def _about_mode(alert: Alert, mode: Mode) -> tuple[str, ...]:
    if alert.test:
        return ("a test: nobody is paged",)
    return ("mode observe: nobody is paged",) if mode is Mode.OBSERVE else ()


def _as_alert(command: Command) -> Alert:
    """A raised incident in the words of the decision: who raises it is its own source."""
    detail = command.detail
    return Alert(
        alert_id=command.command_id,
        tenant=command.tenant,
        integration="console",
        vendor="tandem",
        kind=Kind.MONITORING,
        delivery_id=str(command.command_id),
        dedup_key=f"raised:{command.incident_id}",
        title=detail.title or "Raised by hand",
        status=AlertStatus.FIRING,
        severity=Severity(detail.impact) if detail.impact and detail.impact in priority.IMPACTS else Severity.UNKNOWN,
        host=detail.asset,
        occurred_at=detail.onset,
        received_at=command.at,
    )


def _trace(  # noqa: PLR0913, PLR0917 - one line per step of the decision
    found: Classified,
    matrix: Scope,
    level: Assessed,
    on_duty: Duty,
    case: Case,
    heard: Audience,
    mode: Mode,
    agreement: Agreement,
    now: datetime,
) -> dict[str, object]:
    """Every value that was looked at, in order of decision, as JSON can hold it."""
    return {
        "at": now.isoformat(),
        "agreement_version": agreement.version,
        "classification": {
            "rule": found.rule,
            "function": found.function,
            "category": found.category,
            "class": found.incident_class.value,
            "asset": found.asset.id if found.asset else None,
            "site": found.site,
        },
        "row": {
            "id": matrix.row,
            "owner": matrix.owner.value,
            "lead": matrix.lead.value if matrix.lead else None,
            "runners_up": [{"row": row, "why_not": why} for row, why in matrix.runners_up],
        },
        "priority": level.trace,
        "hours": {
            "on_duty": on_duty.on_duty,
            "calendar": on_duty.calendar,
            "zone": on_duty.zone,
            "local": on_duty.local,
        },
        "track": case.track.value,
        "parties": {
            "responsible": case.responsible.value,
            "took_over": case.took_over,
            "paged": [party.value for party in heard.paged],
            "informed": [party.value for party in heard.informed],
        },
        "paths": {party.value: path for party, path in heard.paths.items()},
        "clocks": clocks_of(matrix.sla, level.priority, agreement),
        "mode": mode.value,
    }


def clocks_of(sla: str, level: Priority, agreement: Agreement) -> list[dict[str, object]]:
    """The clocks that start at opening, with their targets as the agreement has them."""
    profile = agreement.sla.get(sla) or agreement.sla.get("standard")
    targets = profile.priorities.get(level) if profile is not None else None
    if targets is None:
        return []
    named = (
        ("detect", targets.detect),
        ("response", targets.response),
        ("joint_call", targets.joint_call),
        ("resolution", targets.resolution),
    )
    return [
        {"clock": name, "target_s": int(target.length.total_seconds()), "business_hours": target.business}
        for name, target in named
        if target is not None
    ]
