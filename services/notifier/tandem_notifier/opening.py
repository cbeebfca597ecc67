"""The list that the internal party gets at its opening: what the MSP took over since it closed (R-A5, R64).

One message: what is solved, what is handed back, what a person of the MSP holds, what is still open. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from tandem.agreement.compiled import Agreement
from tandem.agreement.duty import duty, next_boundary
from tandem.ids import uuid8
from tandem.model.ownership import Party, TenantKind
from tandem_notifier.brief import Brief
from tandem_notifier.case import Case
from tandem_notifier.notice import Notice, address, page_of
from tandem_notifier.paging import LEASE, SENDING, WOULD_HAVE_PAGED, Page

OPENING = "opening"
"""Kind of the notifier's timer of a tenant; its key is the tenant."""
AFTER_HOURS = "after_hours"
"""Flag of an incident that the MSP has because of the hours."""
GRACE = timedelta(seconds=10)
"""After the opening, so that what the router hands back at that instant is in the list."""
MOST_LISTED = 50
_MOST_BOUNDARIES = 400
_PARTS = ("Handed back to you", "Held by the MSP", "Still open at the MSP", "Solved over night")


def is_night(brief: Brief) -> bool:
    """Whether the MSP has taken this over by the hours."""
    return AFTER_HOURS in brief.flags and brief.responsible_party is Party.MSP


def opens_at(agreement: Agreement, now: datetime) -> datetime | None:
    """When the internal party has somebody on duty again, and a moment more; None: never, or there is no such party."""
    if agreement.tenant.kind is TenantKind.MANAGED:
        return None
    at: datetime | None = now
    for _ in range(_MOST_BOUNDARIES):
        at = next_boundary(agreement, at) if at is not None else None
        if at is None or duty(agreement, at).on_duty:
            break
    return at + GRACE if at is not None else None


def opening_list(cases: Iterable[Case], agreement: Agreement, now: datetime, public_url: str) -> Page | None:
    """The message, or None when there is nothing to tell or nobody to tell it to."""
    found = sorted(cases, key=lambda case: (case.brief.priority.rank, case.brief.number))
    loud = [case for case in found if not case.brief.quiet]
    target = address(agreement, Party.INTERNAL)
    if not found or target is None:
        return None
    told = page_of(_notice(loud or found, agreement, now, public_url), agreement, Party.INTERNAL, target, now)
    return replace(told, state=SENDING if loud else WOULD_HAVE_PAGED, attempt=1, leased_until=now + LEASE)


def _notice(listed: list[Case], agreement: Agreement, now: datetime, public_url: str) -> Notice:
    tenant, day = agreement.tenant.id, now.date().isoformat()
    return Notice(
        identity=uuid8("opening", tenant, now.isoformat()),
        about=uuid8("opening", tenant, day),
        path=OPENING,
        reason="what the MSP took over",
        title=f"Good morning: {_counted(len(listed))} since you closed",
        text="\n".join(lines(listed)),
        more={"incidents": [_as_data(case.brief) for case in listed[:MOST_LISTED]], "url": f"{public_url}/queue"},
    )


def lines(cases: Iterable[Case]) -> list[str]:
    """The list in words, part by part; long lists say how many more there are."""
    parts: dict[str, list[str]] = {part: [] for part in _PARTS}
    for case in cases:
        parts[_part(case.brief)].append(_line(case.brief))
    said: list[str] = []
    for part, entries in parts.items():
        if entries:
            more = [f"  and {len(entries) - MOST_LISTED} more"] if len(entries) > MOST_LISTED else []
            said += [f"{part} ({len(entries)}):", *(f"  {entry}" for entry in entries[:MOST_LISTED]), *more]
    return said


def _part(brief: Brief) -> str:
    handed_back, held, still_open, solved = _PARTS
    if brief.resolved:
        return solved
    if brief.responsible_party is Party.INTERNAL:
        return handed_back
    return held if Party.MSP in brief.acknowledged else still_open


def _line(brief: Brief) -> str:
    taken = brief.acknowledged.get(Party.MSP)
    who = f", {taken.person} has it" if taken is not None and taken.person and not brief.resolved else ""
    return f"#{brief.number} {brief.priority.value} {brief.title}{who}"


def _as_data(brief: Brief) -> dict[str, object]:
    return {
        "incident_id": brief.incident_id,
        "number": brief.number,
        "priority": brief.priority,
        "title": brief.title,
        "state": brief.state,
        "responsible_party": brief.responsible_party,
        "part": _part(brief),
    }


def _counted(number: int) -> str:
    return "1 incident" if number == 1 else f"{number} incidents"
