"""Who hears of a running incident once it is more urgent: asked again, of its first track or of its second face."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.incident import Face, Incident
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_router import scope, tracks
from tandem_router.scope import Scope
from tandem_router.tracks import Audience, Case


def redecide_audience(incident: Incident, agreement: Agreement, level: Priority, now: datetime) -> Audience:
    """Who hears of a running incident on its track once that is as urgent as ``level``; the responsible party stays."""
    return _heard_now(incident, incident.responsible_party, agreement, level, now)


def redecide_face(face: Face, agreement: Agreement, level: Priority, now: datetime) -> Audience:
    """Who hears of a running incident on its second track once that is as urgent as ``level``."""
    return _heard_now(face, face.party, agreement, level, now)


def _heard_now(side: Incident | Face, party: Party, agreement: Agreement, level: Priority, now: datetime) -> Audience:
    matrix = row_of(side, agreement)
    case = Case(
        scope=matrix,
        track=side.track,
        priority=level,
        responsible=party,
        took_over=party is not matrix.daytime_party,
        internal_on_duty=scope.duty_of(matrix, agreement, now).on_duty,
        p1_workflow=side.p1_workflow,
        managed=scope.is_managed(agreement),
    )
    return tracks.audience(case, agreement)


def row_of(side: Incident | Face, agreement: Agreement) -> Scope:
    """The row that decided, with whose it is now: a joint P1 is shared whatever the row says."""
    row = scope.find_by_id(side.row, agreement, side.function)
    return replace(row, owner=side.owner, lead=side.lead)
