"""What somebody holds when the hours change (R-A5): it stays theirs, a hand-off is suggested, and they are called once.

Called when nobody has acted on it for a while after the suggestion. Whom that reaches is the notifier's. Pure; the
timer is the batch's, as that of a hold-down.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tandem.model.events import FactDetail, FactKind
from tandem.model.incident import Incident, IncidentState
from tandem_router.incident.change import Change, happen, without
from tandem_router.scope import HOURS_OVER, Responsible

SUGGESTED = "handoff_suggested"
"""Reason of a note: the hours are over for the party that holds it."""
STILL_YOURS = "still_yours"
"""Reason of a note: nobody has acted on it since, so its holder is called."""


def suggest(incident: Incident, party: Responsible, now: datetime, wait: timedelta) -> Change:
    """Whoever holds it keeps it; the timeline says that ``party`` could take it now. Said once per stretch of hours.

    ``wait``: how long anybody has to act on it before its holder is called; nothing: nobody is.
    """
    if HOURS_OVER in incident.flags:
        return Change(incident)
    event = happen(
        incident,
        FactKind.NOTED,
        now,
        detail=FactDetail(reason=SUGGESTED, text=party.because, to_party=party.party, auto=True),
        flags=(*incident.flags, HOURS_OVER),
        answer_by=now + wait if wait else None,
    )
    return Change(event.incident, (event,))


def in_their_hours(incident: Incident) -> Change:
    """The hours are its holder's (again)."""
    if HOURS_OVER not in incident.flags:
        return Change(incident)
    return Change(replace(incident, flags=without(incident.flags, HOURS_OVER), answer_by=None))


def answered(incident: Incident) -> Incident:
    """A person has acted on it, which answers the suggestion."""
    return replace(incident, answer_by=None) if incident.answer_by is not None else incident


def call_holder(incident: Incident, at: datetime) -> Change:
    """Say that its holder is to be called, if that time has come at ``at``. A pending clear is waited for."""
    due_at = incident.answer_by
    if due_at is None or at < due_at or incident.state is IncidentState.RESOLVED:
        return Change(incident)
    if incident.hold_until is not None and incident.hold_until > at:
        return Change(replace(incident, answer_by=incident.hold_until))
    if not incident.priority.pages or not incident.taken or incident.clear_pending_at is not None:
        return Change(answered(incident))
    detail = FactDetail(reason=STILL_YOURS, auto=True)
    event = happen(incident, FactKind.NOTED, due_at, received_at=at, detail=detail, answer_by=None)
    return Change(event.incident, (event,))
