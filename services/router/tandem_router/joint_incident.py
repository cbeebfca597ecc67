"""A P1 that touches systems of both parties becomes one shared incident with a lead (R7, D12). Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.events import FactDetail, FactKind, IncidentEvent
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import Owner, Party
from tandem.model.priority import Priority
from tandem_router import scope, tracks
from tandem_router.incident.change import Change, happen
from tandem_router.incident.urgency import united
from tandem_router.scope import Scope
from tandem_router.tracks import Audience, Case


def joint(change: Change, agreement: Agreement, at: datetime, now: datetime) -> Change:
    """One P1 of both parties' systems is shared, with a lead by rule; both are paged (R7, D12).

    The responsible party moves by hours only, and only while nobody has acknowledged.

    Args:
        agreement: the version the incident was opened with.
        at: when the fact counts.
        now: decides hours.
    """
    incident = change.incident
    if not _concerns_both(incident) or scope.is_managed(agreement):
        return change
    lead = agreement.rules.joint_lead or _lead_of(incident.row, agreement) or Party.MSP
    matrix = replace(scope.find_by_id(incident.row, agreement), owner=Owner.SHARED, lead=lead)
    case = _case(incident, matrix, agreement, now)
    return change.then(_shared(incident, lead, case.responsible, tracks.audience(case, agreement), at))


def _concerns_both(incident: Incident) -> bool:
    """Whether it is a running P1 of one party whose alerts touch the other's systems too."""
    if incident.state is IncidentState.RESOLVED or incident.main_priority is not Priority.P1:
        return False
    return incident.owner is not Owner.SHARED and len(_owners(incident)) > 1


def _owners(incident: Incident) -> set[Owner]:
    """Whose systems its firing alerts of its own track touch: who watches over security owns no system."""
    own = (alert for alert in incident.firing.values() if alert.track is None)
    return {incident.owner, *(alert.owner for alert in own if alert.owner is not None)}


def _lead_of(row: str, agreement: Agreement) -> Party | None:
    return next((known.lead for known in agreement.rows if known.id == row), None)


def _case(incident: Incident, matrix: Scope, agreement: Agreement, now: datetime) -> Case:
    """The incident as its shared row decides it now; who has taken it stays responsible."""
    on_duty = scope.duty_of(matrix, agreement, now)
    party = scope.responsible(matrix, Priority.P1, on_duty)
    responsible = incident.responsible_party if incident.taken else party.party
    return Case(
        scope=matrix,
        track=incident.track,
        priority=Priority.P1,
        responsible=responsible,
        took_over=party.took_over and responsible is party.party,
        internal_on_duty=on_duty.on_duty,
        p1_workflow=incident.p1_workflow,
    )


def _shared(incident: Incident, lead: Party, responsible: Party, heard: Audience, at: datetime) -> IncidentEvent:
    """It changes owner: what is said, who is paged from now on."""
    moved = responsible is not incident.responsible_party
    touched = " and ".join(sorted(owner.value for owner in _owners(incident)))
    why = f"one P1 touches systems of {touched}: {lead.value} leads"
    paged = united(heard.paged, incident)
    detail = FactDetail(
        reason=why,
        auto=True,
        from_owner=incident.owner,
        from_party=incident.responsible_party if moved else None,
        to_party=responsible if moved else None,
    )
    return happen(
        incident,
        FactKind.REOWNED,
        at,
        detail=detail,
        owner=Owner.SHARED,
        lead=lead,
        responsible_party=responsible,
        must_acknowledge=paged,
        informed=tuple(each for each in heard.informed if each not in paged),
        paths={**incident.paths, **heard.paths},
        because=(*incident.because[:40], why, *heard.because),
    )
