"""The decision: an alert gets its function, row, priority, responsible party, track and audience, explained.

``_parts`` is the order of decision, one line a step. What it gives is a ``Routing``. Does not know whether an incident
is opened or joined (``incident``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.agreement.duty import Duty
from tandem.agreement.schema.scope import Level
from tandem.model.alert import Alert, AlertStatus
from tandem.model.events import Command
from tandem.model.incident import Incident
from tandem.model.ownership import Party, Track
from tandem.model.priority import Priority
from tandem_router import classify, priority, raised, scope, suppress, tracks
from tandem_router.classify import Classified
from tandem_router.impact import urgency_of
from tandem_router.mode import mode_of
from tandem_router.parts import Parts
from tandem_router.priority import Assessed, Floor
from tandem_router.routing import Routing, routing_of
from tandem_router.scope import Responsible, Scope
from tandem_router.suppress import Verdict
from tandem_router.tracks import Audience, Case


@dataclass(frozen=True, slots=True)
class Situation:
    """What is going on already: the incident of the alert's group that is not resolved, if there is one."""

    incident: Incident | None = None
    others: tuple[Incident, ...] = ()
    """Other open incidents of the tenant, as far as one of them may mute the alert."""
    elsewhere: frozenset[str] = frozenset()
    """Assets of other outages within the window, which count with this one towards the share of users (R-P2)."""
    queue: str = ""
    """In words, that the internal party's queue is over its limit (R-A6); empty: it is not."""


NOTHING_OPEN = Situation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a decision is asked about."""

    alert: Alert
    agreement: Agreement
    situation: Situation
    now: datetime
    found: Classified
    floor: Floor
    urgency: Level | None = None
    to: Party | None = None
    """The party to which a person raises it."""


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
    return _held_or_free(
        Asked(
            alert=alert,
            agreement=agreement,
            situation=situation,
            now=now,
            found=classified or classify.classify(alert, agreement),
            floor=priority.floor_of(alert, agreement),
            urgency=urgency_of(alert.severity, agreement),
        )
    )


def decide_raised(command: Command, agreement: Agreement, now: datetime) -> Routing:
    """The same decision for an incident that a person raises: function or asset, impact, perhaps to a party."""
    detail = command.detail
    asked = Asked(
        alert=raised.as_alert(command),
        agreement=agreement,
        situation=NOTHING_OPEN,
        now=now,
        found=classify.classify_raised(detail.function, detail.asset, agreement),
        floor=raised.floor_of(detail, agreement),
        to=detail.to_party,
    )
    return routing_of(_parts(asked))


def _parts(asked: Asked) -> Parts:
    """Whose row, which track, how urgent, whose hours, which party, who hears of it, in which mode."""
    alert, agreement, found = asked.alert, asked.agreement, asked.found
    row, runners_up = scope.found_and_others(found, alert, agreement)
    track = tracks.track_of(found, row, alert, agreement)
    level = _level(asked, track)
    on_duty = scope.duty_of(row, agreement, asked.now)
    party = _party(asked, row, level, on_duty)
    heard = _heard(row, track, level, on_duty, party, agreement)
    mode, about_mode = mode_of(alert, row, agreement, asked.now)
    return Parts(
        alert=alert,
        agreement=agreement,
        now=asked.now,
        found=found,
        row=row,
        runners_up=runners_up,
        track=track,
        level=level,
        on_duty=on_duty,
        party=party,
        heard=heard,
        mode=mode,
        about_mode=about_mode,
    )


def _level(asked: Asked, track: Track) -> Assessed:
    return priority.assess(
        asked.found,
        asked.floor,
        _touched(asked, track),
        asked.agreement,
        siem_high=priority.is_siem_high(asked.alert, asked.agreement),
        urgency=asked.urgency,
        elsewhere=asked.situation.elsewhere,
    )


def _touched(asked: Asked, track: Track) -> set[str]:
    """Asset ids of the firing alerts of this one's track, itself included unless it clears."""
    asset, fires = asked.found.asset, asked.alert.status is AlertStatus.FIRING
    touched = {asset.id} if asset is not None and fires else set()
    incident = asked.situation.incident
    if incident is not None:
        same = (other for other in incident.firing.values() if (other.track or incident.track) is track)
        touched |= {other.asset for other in same if other.asset is not None}
    return touched


def _party(asked: Asked, row: Scope, level: Assessed, on_duty: Duty) -> Responsible:
    """The one responsible party: a person's word, else the full queue's, else the row's at these hours."""
    if asked.to is not None and not scope.is_managed(asked.agreement):
        return Responsible(asked.to, took_over=False, because=f"raised to {asked.to.value}")
    overflowed = scope.overflowed(row, on_duty, asked.situation.queue)
    return overflowed or scope.responsible(row, level.priority, on_duty)


def _heard(
    row: Scope, track: Track, level: Assessed, on_duty: Duty, party: Responsible, agreement: Agreement
) -> Audience:
    case = Case(
        scope=row,
        track=track,
        priority=level.priority,
        responsible=party.party,
        took_over=party.took_over,
        internal_on_duty=on_duty.on_duty,
        p1_workflow=level.p1_workflow,
        managed=scope.is_managed(agreement),
    )
    return tracks.audience(case, agreement)


def _held_or_free(asked: Asked) -> Routing:
    """The decision, held back or not as when it was accepted; what joins an open incident never is (R-C17)."""
    routing = routing_of(_parts(asked))
    if asked.situation.incident is not None:
        return routing
    verdict = _verdict(routing, asked)
    if verdict is suppress.FREE:
        return routing
    return replace(
        routing,
        because=(*routing.because, *verdict.because),
        trace={**routing.trace, "suppression": dict(verdict.trace)},
        hold=verdict.hold,
        joins=verdict.joins,
    )


def _verdict(routing: Routing, asked: Asked) -> Verdict:
    alert, agreement = asked.alert, asked.agreement
    must_pass = suppress.must_pass(
        is_p1=routing.priority is Priority.P1 or routing.p1_workflow,
        on_soc=routing.track is Track.SOC,
        siem_high=priority.is_siem_high(alert, agreement),
    )
    others = asked.situation.others
    return suppress.judge(alert, asked.found, agreement, alert.received_at, must_pass=must_pass, others=others)
