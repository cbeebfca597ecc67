"""What PagerDuty itself posts: its V3 webhooks and the older list of ``messages``, for whoever subscribed Tandem to it.

The incident is the condition. Acknowledgements, notes and assignments change none. From memory of its V3
webhooks (``event.event_type``, ``event.data``); only the ping was seen, in a public receiver's test. The older ones:
alerta/alerta, tests/test_webhooks.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.vendors import severity, shape
from tandem_ingest.vendors.draft import draft

BEGUN = frozenset(
    {"incident.triggered", "incident.trigger", "incident.reopened", "incident.escalated", "incident.priority_updated"}
)
OVER = frozenset({"incident.resolved", "incident.resolve"})
TEST = "pagey.ping"


def posted(body: object) -> list[object]:
    """The webhooks of a post: a list of older ``messages`` under the names of V3; anything else as it is."""
    messages = shape.dig(body, "messages")
    if not isinstance(messages, list):
        return body if isinstance(body, list) else [body]
    return [{"event": _as_v3(shape.mapping(each))} for each in messages]


def _as_v3(message: Mapping[str, object]) -> dict[str, object]:
    incident = shape.mapping(shape.either(shape.dig(message, "data", "incident"), message.get("incident")))
    subject = shape.first(incident.get("title"), shape.dig(incident, "trigger_summary_data", "subject"))
    service = {"summary": shape.dig(incident, "service", "name")}
    return {
        "event_type": shape.first(message.get("type"), message.get("event")),
        "occurred_at": message.get("created_on"),
        "data": {**incident, "title": subject, "service": service, "number": incident.get("incident_number")},
    }


def is_webhook(post: object) -> bool:
    """Whether ``post`` is one of these and no event of the Events API."""
    return shape.text(shape.dig(post, "event", "event_type")) is not None


def is_alert(post: object) -> bool:
    """Whether it tells of a condition's beginning or end."""
    return shape.word(shape.dig(post, "event", "event_type")) in {*BEGUN, *OVER, TEST}


def read(post: object) -> VendorAlert:
    """The alert of one webhook that ``is_alert``."""
    event = shape.mapping(shape.dig(post, "event"))
    incident = shape.mapping(event.get("data"))
    kind = shape.word(event.get("event_type"))
    word = shape.first(shape.dig(incident, "priority", "summary"), incident.get("urgency"))
    title = shape.first(incident.get("title"), incident.get("message"))
    return draft(
        title=title or ("Test of PagerDuty" if kind == TEST else None),
        status=AlertStatus.RESOLVED if kind in OVER else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        occurred_at=times.parse(event.get("occurred_at")),
        dedup_key=shape.first(incident.get("id"), incident.get("incident_key")),
        url=incident.get("html_url"),
        labels={**_labels(incident), "event_type": event.get("event_type")},
        test=kind == TEST,
    )


def _labels(incident: Mapping[str, object]) -> dict[str, object]:
    return {
        "service": shape.dig(incident, "service", "summary"),
        "number": incident.get("number"),
        "urgency": incident.get("urgency"),
        "incident_key": incident.get("incident_key"),
    }
