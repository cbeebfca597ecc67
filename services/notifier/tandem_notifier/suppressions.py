"""What happens to windows and silences, told to both parties' teams. Pure.

Such a notice is planned, and sent by whoever claims its row: no case remembers that it was told, so only the row knows
one that comes again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tandem.agreement.compiled import Agreement
from tandem.ids import uuid8
from tandem.model.ownership import Mode, Party
from tandem.model.suppression import SuppressionEvent, SuppressionKind, SuppressionStep
from tandem_notifier.notice import NOTICE, Notice, Target, address, page_of
from tandem_notifier.paging import Page
from tandem_notifier.telling import quietly

_SAYS = {
    SuppressionStep.CREATED: "is set",
    SuppressionStep.STARTED: "has begun",
    SuppressionStep.ENDED: "has ended",
    SuppressionStep.REMINDED: "still holds alerts back",
}
_AFTERWARDS = {
    SuppressionStep.ENDED: "It held {}. What still fires is looked at again now.",
    SuppressionStep.REMINDED: "It has held {} so far. You answer for it: end it if it is not needed any more.",
}


def worth_telling(events: Sequence[SuppressionEvent]) -> list[SuppressionEvent]:
    """One message, not two, for what is made and begins at the same moment."""
    begun = {(e.tenant, e.kind, e.suppression_id) for e in events if e.step is SuppressionStep.STARTED}
    return [
        event
        for event in events
        if event.step is not SuppressionStep.CREATED or (event.tenant, event.kind, event.suppression_id) not in begun
    ]


def notices(event: SuppressionEvent, agreement: Agreement, now: datetime, public_url: str) -> Iterator[Page]:
    """One page per party that has an address, of a reminder one to its owner; none in observe mode."""
    if agreement.tenant.mode is Mode.OBSERVE:
        return
    for party, target in _owner(event, agreement) if event.step is SuppressionStep.REMINDED else _teams(agreement):
        yield page_of(_notice(event, agreement, party, public_url), agreement, party, target, now)


def _teams(agreement: Agreement) -> list[tuple[Party, Target]]:
    found = [(party, address(agreement, party)) for party in Party]
    return [(party, target) for party, target in found if target is not None]


def _owner(event: SuppressionEvent, agreement: Agreement) -> list[tuple[Party, Target]]:
    """The person who answers for it; one who cannot be told is stood in for by their team, an unknown one by both."""
    person = agreement.people.get(event.owner)
    if person is None:
        return _teams(agreement)
    target = quietly(agreement, event.owner) or address(agreement, person.party)
    return [(person.party, target)] if target is not None else []


def _notice(event: SuppressionEvent, agreement: Agreement, party: Party, public_url: str) -> Notice:
    name = (event.tenant, event.kind.value, event.suppression_id)
    when = event.at if event.step is SuppressionStep.REMINDED else event.start
    occurrence = when.isoformat() if when and event.step is not SuppressionStep.CREATED else ""
    return Notice(
        identity=uuid8("notice", *name, event.step.value, occurrence, party.value),
        about=uuid8("suppression", *name),
        path=f"{NOTICE}:{event.kind.value}",
        reason=f"{event.kind.value} {event.step.value}",
        title=title(event),
        text="\n".join(lines(event, agreement)),
        more={"suppression": _as_data(event), "agreement_version": event.agreement_version, "url": public_url},
    )


def _as_data(event: SuppressionEvent) -> dict[str, object]:
    return {
        "kind": event.kind,
        "id": event.suppression_id,
        "step": event.step,
        "start": event.start,
        "end": event.end,
        "reason": event.reason,
        "owner": event.owner,
        "scope": event.scope,
        "holds_p1": event.holds_p1,
        "held": event.held,
        "conditions": event.conditions,
        "worst": event.worst,
    }


def title(event: SuppressionEvent) -> str:
    """``Maintenance window Patching has begun``."""
    what = "Maintenance window" if event.kind is SuppressionKind.WINDOW else "Silence"
    return f"{what} {event.name} {_SAYS[event.step]}"


def lines(event: SuppressionEvent, agreement: Agreement) -> list[str]:
    """What a person should know, in the client's local time."""
    zone = ZoneInfo(agreement.tenant.zone)
    owner = agreement.people.get(event.owner)
    said = [
        f"It holds: {event.scope}" + (", P1 and security alerts included" if event.holds_p1 else ""),
        f"Why: {event.reason} ({owner.name if owner else event.owner})",
    ]
    if event.start is not None and event.end is not None:
        first = f"{event.start.astimezone(zone):%a %Y-%m-%d %H:%M}"
        said.insert(0, f"From {first} to {event.end.astimezone(zone):%a %Y-%m-%d %H:%M} ({agreement.tenant.zone})")
    if event.step in {SuppressionStep.ENDED, SuppressionStep.REMINDED}:
        many = f"{event.held} alerts of {event.conditions} conditions, worst severity {event.worst}"
        said.append(_AFTERWARDS[event.step].format(many if event.held else "nothing"))
    return said
