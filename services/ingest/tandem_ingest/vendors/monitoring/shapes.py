"""Bodies of well-known incident APIs that a tool was pointed at us with, put under the generic body's names.

PagerDuty Events v2, Opsgenie's Alert API and GoAlert's generic API; a body of another shape stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem_ingest.vendors import shape

_FIELDS = 32
_OVER = frozenset({"resolve", "close"})
_THEIRS = frozenset({"action", "alias", "dedup", "entity"})
"""Names of Opsgenie's and GoAlert's that are put under ours: they are no labels besides."""


def as_generic(says: Mapping[str, object]) -> Mapping[str, object]:
    """``says`` with the generic names filled in."""
    if "event_action" in says:
        return _pagerduty(says)
    if says.get("alias") is not None or "dedup" in says or says.get("action") == "close":
        return _named(says)
    return _of_chat(says) if "attachments" in says else says


def _of_chat(says: Mapping[str, object]) -> Mapping[str, object]:
    """A message for Slack without a text of its own: its first attachment, whose fields have a title and a value."""
    attached = says.get("attachments")
    shown = shape.mapping(attached[0] if isinstance(attached, list) and attached else None)
    title = shape.first(*(shown.get(name) for name in ("title", "fallback", "pretext", "text")))
    if title is None or shape.first(says.get("text"), says.get("title"), says.get("message")):
        return says
    fields = shown.get("fields")
    pairs = [shape.mapping(each) for each in fields[:_FIELDS]] if isinstance(fields, list) else []
    named = {name: each.get("value") for each in pairs if (name := shape.text(each.get("title")))}
    return {**named, **says, "title": title, "description": shown.get("text"), "url": shown.get("title_link")}


def _pagerduty(says: Mapping[str, object]) -> Mapping[str, object]:
    payload = shape.mapping(says.get("payload"))
    links = says.get("links")
    first = links[0] if isinstance(links, list) and links else None
    over = shape.word(says.get("event_action")) in _OVER
    return {
        "title": shape.first(payload.get("summary"), says.get("dedup_key") if over else None),
        "status": "resolved" if over else "firing",
        "severity": payload.get("severity"),
        "host": payload.get("source"),
        "time": payload.get("timestamp"),
        "dedup_key": says.get("dedup_key"),
        "url": shape.first(says.get("client_url"), shape.dig(first, "href")),
        "description": shape.first(shape.dig(payload, "custom_details", "description"), payload.get("custom_details")),
        "labels": {
            "component": payload.get("component"),
            "group": payload.get("group"),
            "class": payload.get("class"),
            "client": says.get("client"),
            **shape.mapping(payload.get("custom_details")),
        },
    }


def _named(says: Mapping[str, object]) -> Mapping[str, object]:
    """Opsgenie's alias, entity, priority and details; GoAlert's dedup and ``action=close``."""
    over = shape.word(says.get("action")) in _OVER
    details = shape.mapping(says.get("details"))
    return {
        "severity": says.get("priority"),
        "host": shape.first(says.get("entity"), says.get("source")),
        "status": "resolved" if over else None,
        **{name: value for name, value in says.items() if name not in _THEIRS},
        "dedup_key": shape.first(says.get("dedup_key"), says.get("alias"), says.get("dedup")),
        "details": shape.text(says.get("details")),
        "labels": {"tags": says.get("tags"), **details, **shape.mapping(says.get("labels"))},
    }
