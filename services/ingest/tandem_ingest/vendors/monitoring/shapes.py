"""Bodies of well-known incident APIs that a tool was pointed at us with, put under the generic body's names.

PagerDuty Events v2, Opsgenie's Alert API, GoAlert's generic API, Splunk On-Call's (VictorOps') REST endpoint, SIGNL4's
and Zenduty's webhook and Alerta's API; a body of another shape stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem_ingest.vendors import chat, shape
from tandem_ingest.vendors.headline import headline

_FIELDS = 32
_OVER = frozenset({"resolve", "close"})
_THEIRS = frozenset({"action", "alias", "dedup", "entity"})
"""Names of Opsgenie's and GoAlert's that are put under ours: they are no labels besides."""
_ON_CALL = frozenset(
    {
        "message_type",
        "entity_id",
        "entity_display_name",
        "state_message",
        "state_start_time",
        "host_name",
        "entity_state",
    }
)
"""Splunk On-Call's names. Source: help.splunk.com, "REST endpoint integration"."""
_SIGNL4_ID, _SIGNL4_STATUS = "X-S4-ExternalID", "X-S4-Status"
"""Source: signl4.com, inbound webhook; LibreNMS/Alert/Transport/Signl4.php."""
_ALERTA_OVER = frozenset({"normal", "ok", "cleared", "closed"})
_ACKNOWLEDGES = (
    ("service_key", "event_type", "acknowledge"),
    ("alertKey", "eventType", "accept"),
    (_SIGNL4_STATUS, _SIGNL4_STATUS, "acknowledged"),
    ("entity_id", "alert_type", "acknowledged"),
)
"""A name of theirs alone, the name of the act, its word: PagerDuty Events v1, iLert, SIGNL4, Zenduty."""
NAMES = frozenset(
    {"event_action", "message_type", "alias", "dedup", "action", "attachments", "blocks", "embeds", "sections",
     "environment", _SIGNL4_ID}
    | {each[0] for each in _ACKNOWLEDGES}
)  # fmt: skip
"""Without one of these a body has none of these shapes."""


def as_generic(says: Mapping[str, object]) -> Mapping[str, object]:
    """``says`` with the generic names filled in."""
    if NAMES.isdisjoint(says):
        return says
    if "event_action" in says:
        return _pagerduty(says)
    if says.get("message_type") is not None and says.keys() & _ON_CALL - {"message_type"}:
        return _on_call(says)
    if _SIGNL4_ID in says or _SIGNL4_STATUS in says:
        return _signl4(says)
    if "entity_id" in says and "alert_type" in says:
        return {**says, "title": shape.first(says.get("message"), says.get("summary")), "dedup_key": says["entity_id"]}
    if "environment" in says and "resource" in says and "event" in says:
        return _alerta(says)
    if says.get("alias") is not None or "dedup" in says or says.get("action") == "close":
        return _named(says)
    return _of_chat(says)


def is_acknowledged(body: object) -> bool:
    """Whether a post only tells that somebody looks at the condition."""
    if not isinstance(body, dict) or NAMES.isdisjoint(body):
        return False
    acts = {shape.word(shape.dig(body, "event_action")), shape.word(shape.dig(body, "message_type"))}
    named = any(theirs in body and shape.word(body.get(act)) == word for theirs, act, word in _ACKNOWLEDGES)
    return named or bool(acts & {"acknowledge", "acknowledgement"})


def _on_call(says: Mapping[str, object]) -> Mapping[str, object]:
    """``message_type`` is severity and status in one; ``entity_id`` lasts from CRITICAL to RECOVERY."""
    over = shape.word(says.get("message_type")) in {"recovery", "ok", "up"}
    name = shape.first(says.get("entity_display_name"), says.get("entity_id"))
    return {
        **{each: value for each, value in says.items() if each not in _ON_CALL},
        "title": headline(name, says.get("state_message")),
        "status": "resolved" if over else "firing",
        "severity": None if over else says.get("message_type"),
        "host": shape.first(says.get("host_name"), says.get("host")),
        "dedup_key": says.get("entity_id"),
        "time": shape.either(says.get("timestamp"), says.get("state_start_time")),
        "description": says.get("state_message"),
    }


def _signl4(says: Mapping[str, object]) -> Mapping[str, object]:
    """Its status and the id that lasts until resolved; a resolve may say nothing else."""
    rest = {name: value for name, value in says.items() if name not in {_SIGNL4_ID, _SIGNL4_STATUS}}
    own, state = shape.text(says.get(_SIGNL4_ID)), shape.word(says.get(_SIGNL4_STATUS))
    told = shape.first(*(rest.get(name) for name in ("Title", "title", "Subject", "subject", "Message", "message")))
    title = told or (own if state == "resolved" else None)
    found = {"title": title, "status": state, "dedup_key": own}
    return {**rest, **{name: value for name, value in found.items() if value}}


def _alerta(says: Mapping[str, object]) -> Mapping[str, object]:
    """One event on one resource of one environment, or one of several that correlate; severity normal is its clear."""
    where, event, what = (shape.text(says.get(name)) for name in ("environment", "event", "resource"))
    several = says.get("correlate")
    named = sorted(filter(None, map(shape.text, several[:_FIELDS]))) if isinstance(several, list) else []
    level = shape.word(says.get("severity"))
    return {
        **{name: value for name, value in says.items() if name != "event"},
        "title": headline(f"{event} on {what}" if event and what else event or what, says.get("text")),
        "status": "resolved" if level in _ALERTA_OVER or shape.word(says.get("status")) == "closed" else None,
        "host": what,
        "time": says.get("createTime"),
        "dedup_key": "/".join(each or "" for each in (where, what, named[0] if event in named else event)),
        "description": says.get("text"),
        "labels": {"event": event, "value": says.get("value"), **shape.mapping(says.get("attributes"))},
    }


def _of_chat(says: Mapping[str, object]) -> Mapping[str, object]:
    """A message for Slack without a text of its own: its first attachment, whose fields have a title and a value."""
    attached = says.get("attachments")
    if says.keys() & {"embeds", "sections"} or "contentType" in shape.mapping(_first(attached)) or _is_blocks(says):
        return shape.mapping(chat.plain(says))  # Discord, Teams, and Slack's blocks without a text beside them
    shown = shape.mapping(attached[0] if isinstance(attached, list) and attached else None)
    title = shape.first(*(shown.get(name) for name in ("title", "fallback", "pretext", "text")))
    if title is None or shape.first(says.get("text"), says.get("title"), says.get("message")):
        return says
    fields = shown.get("fields")
    pairs = [shape.mapping(each) for each in fields[:_FIELDS]] if isinstance(fields, list) else []
    named = {name: each.get("value") for each in pairs if (name := shape.text(each.get("title")))}
    return {**named, **says, "title": title, "description": shown.get("text"), "url": shown.get("title_link")}


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None


def _is_blocks(says: Mapping[str, object]) -> bool:
    return isinstance(says.get("blocks"), list) and not shape.first(*map(says.get, ("text", "title", "message")))


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
