"""Dynatrace problem notifications: the default body of a custom integration. ``PID`` is one problem, OPEN to RESOLVED.

Severity levels say what kind of trouble it is; availability and errors are high here, the rest medium, custom alerts
and information low. Source: Dynatrace "Webhook integration", placeholders of problem notifications.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.headline import headline

LEVEL: Mapping[str, Severity] = MappingProxyType(
    {
        **severity.WORDS,
        "availability": Severity.HIGH,
        "monitoring_unavailable": Severity.HIGH,
        "error": Severity.HIGH,
        "performance": Severity.MEDIUM,
        "resource_contention": Severity.MEDIUM,
        "custom_alert": Severity.LOW,
    }
)
OVER = frozenset({"resolved", "closed"})
TEST_ID = "999"
"""The problem's number in "send test notification"."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The problem of a post."""
    return batch.one_or_many(body, _problem)


def _problem(body: object) -> VendorAlert:
    says = Flat(body)
    title, state = says.first("problemtitle", "title"), says.first("state", "problemstate", "status")
    if title is None or state is None:
        raise Unreadable("no ProblemTitle or State: not a Dynatrace notification")
    number, impacted = says.first("problemid"), says.first("impactedentity")
    word, resolved = says.first("problemseverity", "severity", "severitylevel"), state.casefold() in OVER
    tagged = tags.pairs(says.get("tags"))
    return draft(
        title=headline(title, impacted),
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(word, LEVEL),
        severity_word=word,
        host=_host(says),
        occurred_at=_occurred_at(body, resolved=resolved),
        dedup_key=says.first("pid") or number,
        customer=tags.named(tagged, tags.CUSTOMER),
        url=says.first("problemurl", "url"),
        description=says.first("problemdetailstext", "problemdetails"),
        labels={
            "problem": number,
            "impact": says.first("problemimpact"),
            "impacted": impacted,
            "tags": says.first("tags") or shape.joined(says.get("tags")),
        },
        test=number == TEST_ID,
    )


def _occurred_at(body: object, *, resolved: bool) -> datetime | None:
    """When it began, for a clear when it ended; an open problem ends at -1."""
    details = tags.opened(shape.dig(body, "ProblemDetailsJSON"))
    ended = times.parse(shape.dig(details, "endTime")) if resolved else None
    return ended or times.parse(shape.dig(details, "startTime"))


def _host(says: Flat) -> str | None:
    """The entity, where it is one: of several the text only counts them."""
    entities = tags.opened(says.get("impactedentities"))
    if isinstance(entities, list) and len(entities) == 1:
        return shape.first(shape.dig(entities[0], "name"), entities[0])
    return says.first("impactedentitynames", "problemimpactedentity")
