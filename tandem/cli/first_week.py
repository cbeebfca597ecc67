"""The first week of a client: whose alerts they are, what nobody mapped, and who would have been woken. Pure.

Alerts and pages come in as values; ``report.py`` reads them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tandem.agreement.compiled import Agreement
from tandem.cli.tickets import Routed, Tickets, compare, differs_in_owner, differs_in_priority
from tandem.model.ownership import Owner, Party
from tandem_router.nights import night_of

SAFETY = "safety"
MOST_SHOWN = 200
"""Of any list of the report; how many there are is said beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldHavePaged:
    """A person who would have been paged: one rung of a path, whatever channels."""

    at: datetime
    person: str
    party: Party
    track: str
    step: int
    number: int | None
    priority: str | None
    title: str | None


def summary(
    agreement: Agreement,
    period: tuple[datetime, datetime],
    alerts: Sequence[Routed],
    pages: Iterable[WouldHavePaged],
    tickets: Tickets | None = None,
) -> dict[str, Any]:
    """The report as plain data; instants are aware UTC, ``local`` the wall clock of whoever would have been woken."""
    listed = sorted(set(pages), key=lambda page: (page.at, page.person, page.step))
    unmapped = _unmapped(alerts)
    return {
        "tenant": agreement.tenant.id,
        "from": period[0],
        "to": period[1],
        "alerts": len(alerts),
        "by_owner_and_function": _by_owner(alerts),
        "unmapped": unmapped[:MOST_SHOWN],
        "unmapped_kinds": len(unmapped),
        "would_have_paged": [_page(page, agreement) for page in listed[:MOST_SHOWN]],
        "would_have_paged_times": len(listed),
        "pages_per_person_and_night": _nights(listed, agreement),
        **({"tickets": _disagreements(tickets, alerts)} if tickets is not None else {}),
    }


def names_of(agreement: Agreement) -> dict[str, Party]:
    """Case-folded words that an export may have for a party: the party's, its people's, the provider's."""
    found = {party.value: party for party in Party}
    found |= {"customer": Party.INTERNAL, "client": Party.INTERNAL, "it": Party.INTERNAL, "provider": Party.MSP}
    found |= {spec.name.casefold(): party for party, spec in agreement.parties.items()}
    for name, person in agreement.people.items():
        found |= {name.casefold(): person.party, person.name.casefold(): person.party}
    return found | ({agreement.provider.casefold(): Party.MSP} if agreement.provider else {})


def zone_of(person: str, agreement: Agreement) -> ZoneInfo:
    """A person's own zone, else the client's."""
    spec = agreement.people.get(person)
    return ZoneInfo((spec.zone if spec else None) or agreement.tenant.zone)


def _by_owner(alerts: Iterable[Routed]) -> list[dict[str, Any]]:
    counted = Counter((alert.owner.value, alert.function) for alert in alerts)
    urgent = Counter((alert.owner.value, alert.function) for alert in alerts if alert.priority.pages)
    ranked = sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))
    return [
        {"owner": owner, "function": function, "alerts": number, "p1_p2": urgent[owner, function]}
        for (owner, function), number in ranked
    ]


def _unmapped(alerts: Iterable[Routed]) -> list[dict[str, Any]]:
    """By title, the most frequent first."""
    found: dict[tuple[str, str], list[Routed]] = {}
    for alert in alerts:
        if alert.row == SAFETY:
            found.setdefault((alert.function, alert.title), []).append(alert)
    rows = [
        {"function": function, "title": title, "alerts": len(met), "host": met[-1].host, "last": met[-1].received_at}
        for (function, title), met in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["alerts"], row["title"]))


def _page(page: WouldHavePaged, agreement: Agreement) -> dict[str, Any]:
    zone = zone_of(page.person, agreement)
    local = page.at.astimezone(zone)
    return {
        "at": page.at,
        "local": f"{local:%a %Y-%m-%d %H:%M}",
        "zone": str(zone),
        "night": night_of(page.at, zone) is not None,
        "person": page.person,
        "party": page.party.value,
        "track": page.track,
        "step": page.step,
        "incident": page.number,
        "priority": page.priority,
        "title": page.title,
    }


def _nights(pages: Iterable[WouldHavePaged], agreement: Agreement) -> list[dict[str, Any]]:
    """Who would have been woken in which night, by the person's own clock."""
    counted: Counter[tuple[str, str]] = Counter()
    for page in pages:
        night = night_of(page.at, zone_of(page.person, agreement))
        if night is not None:
            counted[page.person, night.isoformat()] += 1
    return [{"person": person, "night": night, "pages": number} for (person, night), number in sorted(counted.items())]


def _disagreements(tickets: Tickets, alerts: Sequence[Routed]) -> dict[str, Any]:
    matched = [(ticket, alert) for ticket, alert in compare(tickets.tickets, alerts) if alert is not None]
    rows = [
        {
            "line": ticket.line,
            "ticket": ticket.id,
            "opened": ticket.opened,
            "title": ticket.title or ticket.host,
            "differs_in": "owner and priority" if owner and priority else "owner" if owner else "priority",
            "their_owner": ticket.party.value if ticket.party else None,
            "our_owner": _owner(alert),
            "their_priority": ticket.priority.value if ticket.priority else None,
            "our_priority": alert.priority.value,
            "alert": alert.title,
            "received_at": alert.received_at,
            "incident": alert.number,
        }
        for ticket, alert in matched
        if (owner := differs_in_owner(ticket, alert)) | (priority := differs_in_priority(ticket, alert))
    ]
    return {
        "read": len(tickets.tickets),
        "matched": len(matched),
        "without_an_alert": len(tickets.tickets) - len(matched),
        "unknown_owner": sum(ticket.party is None for ticket in tickets.tickets),
        "differ": len(rows),
        "differences": rows[:MOST_SHOWN],
        "unreadable": len(tickets.unreadable),
        "first_unreadable": list(tickets.unreadable[:10]),
    }


def _owner(alert: Routed) -> str:
    if alert.owner is Owner.SHARED:
        return f"shared, {alert.responsible.value} responsible"
    same = alert.owner.value == alert.responsible.value
    return alert.owner.value if same else f"{alert.owner.value}, {alert.responsible.value} stood in"


def tables(report: Mapping[str, Any]) -> list[tuple[str, Sequence[Mapping[str, Any]], tuple[str, ...]]]:
    """(heading, rows, columns) for people, in reading order."""
    shown = [
        ("Alerts by owner and function", "by_owner_and_function", ("owner", "function", "alerts", "p1_p2")),
        (f"Unmapped ({report['unmapped_kinds']} kinds)", "unmapped", ("alerts", "title", "host", "last")),
        (
            f"Would have been woken ({report['would_have_paged_times']} times)",
            "would_have_paged",
            ("local", "person", "party", "track", "priority", "title"),
        ),
        ("Pages per person and night", "pages_per_person_and_night", ("person", "night", "pages")),
    ]
    found = [(heading, report[key], columns) for heading, key, columns in shown]
    if "tickets" in report:
        theirs = report["tickets"]
        heading = (
            f"Tickets: {theirs['read']} read, {theirs['matched']} with an alert, {theirs['differ']} differ,"
            f" {theirs['unreadable']} could not be read"
        )
        columns = (
            "ticket",
            "opened",
            "title",
            "differs_in",
            "their_owner",
            "our_owner",
            "their_priority",
            "our_priority",
        )
        found.append((heading, theirs["differences"], columns))
    return found
