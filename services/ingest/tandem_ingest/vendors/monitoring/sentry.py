"""Sentry: alert rules (event, metric), issue changes, and the legacy webhook plugin.

The issue is the condition, and its ``resolved`` the clear. Installations, comments, assignments and archived issues
are no alerts. Source: sentry-docs, integration platform webhooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline

SEVERITY: Mapping[str, Severity] = MappingProxyType({**severity.WORDS, "sample": Severity.INFO})
SILENT = frozenset({"installation", "comment", "seer"})
"""Resources that tell no fault."""
QUIET = frozenset({"assigned", "archived", "ignored"})
"""What people do to an issue: not news for who is on call."""
EXAMPLE = "this is an example"
"""How the message of Sentry's sample event begins, in every language it makes one for."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
    """The alert of a post; none for what is no fault."""
    says, data = shape.mapping(body), shape.mapping(shape.dig(body, "data"))
    if shape.word(headers.get("sentry-hook-resource")) in SILENT or _is_no_fault(says, data):
        return []
    if "metric_alert" in data:
        return [_metric(says, data)]
    event = shape.mapping(shape.either(data.get("event"), data.get("error")))
    if event:
        return [_event(event, data)]
    issue = shape.mapping(data.get("issue"))
    if issue:
        return [] if shape.word(says.get("action")) in QUIET else [_issue(issue, says)]
    return [_legacy(says)]


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - the catalogue's signature
    """The id Sentry gives every request."""
    return shape.text(headers.get("request-id"))


def _is_no_fault(says: Mapping[str, object], data: Mapping[str, object]) -> bool:
    if data:
        return bool(data.keys() & {"installation", "comment"}) and not data.keys() & {"issue", "event", "error"}
    return "installation" in says and "event" not in says


def _event(event: Mapping[str, object], data: Mapping[str, object]) -> VendorAlert:
    tags = _tags(event.get("tags"))
    rule = shape.first(data.get("triggered_rule"), shape.dig(data, "issue_alert", "title"))
    return draft(
        title=_title(event) or rule,
        status=AlertStatus.FIRING,
        severity=severity.of_word(event.get("level"), SEVERITY),
        severity_word=event.get("level"),
        host=shape.first(event.get("server_name"), tags.get("server_name")),
        occurred_at=times.parse(shape.either(event.get("datetime"), event.get("timestamp"))),
        dedup_key=shape.first(event.get("issue_id"), event.get("groupID"), _last_of(event.get("issue_url"))),
        customer=_customer(tags),
        url=shape.first(event.get("web_url"), event.get("url")),
        description=shape.first(event.get("message"), shape.dig(event, "logentry", "formatted"), event.get("culprit")),
        labels={
            "rule": rule,
            "culprit": event.get("culprit"),
            "project": shape.first(event.get("project_slug"), _project(event.get("url")), event.get("project")),
            "environment": shape.first(event.get("environment"), tags.get("environment")),
            "release": event.get("release"),
            "platform": event.get("platform"),
            **tags,
        },
        test=_is_example(event),
    )


def _issue(issue: Mapping[str, object], says: Mapping[str, object]) -> VendorAlert:
    resolved = "resolved" in {shape.word(says.get("action")), shape.word(issue.get("status"))}
    return draft(
        title=_title(issue),
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(issue.get("level"), SEVERITY),
        severity_word=issue.get("level"),
        # When it was last seen says nothing about when somebody resolved it.
        occurred_at=None if resolved else times.parse(shape.either(issue.get("lastSeen"), issue.get("firstSeen"))),
        dedup_key=issue.get("id"),
        url=shape.first(issue.get("web_url"), issue.get("permalink")),
        description=shape.first(shape.dig(issue, "metadata", "value"), issue.get("culprit")),
        labels={
            "culprit": issue.get("culprit"),
            "project": shape.first(shape.dig(issue, "project", "slug"), shape.dig(issue, "project", "name")),
            "short_id": issue.get("shortId"),
            "substatus": issue.get("substatus"),
            "platform": issue.get("platform"),
        },
    )


def _metric(says: Mapping[str, object], data: Mapping[str, object]) -> VendorAlert:
    alert = shape.mapping(data.get("metric_alert"))
    rule = shape.mapping(alert.get("alert_rule"))
    word = shape.text(says.get("action"))
    resolved = shape.word(word) == "resolved"
    its_id = shape.first(alert.get("id"), alert.get("identifier"), rule.get("id"))
    about = (shape.text(data.get("description_text")) or "").replace("\\n", "\n")
    began = shape.either(alert.get("date_detected"), alert.get("date_started"), alert.get("date_created"))
    return draft(
        title=headline(shape.first(rule.get("name"), data.get("description_title"), alert.get("title")), about),
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=None if resolved else word,
        occurred_at=(times.parse(alert.get("date_closed")) if resolved else None) or times.parse(began),
        dedup_key=f"metric/{its_id}" if its_id else None,
        url=data.get("web_url"),
        description=about,
        labels={
            "rule": rule.get("name"),
            "project": shape.joined(shape.either(alert.get("projects"), rule.get("projects"))),
            "environment": rule.get("environment"),
            "query": rule.get("query"),
            "aggregate": rule.get("aggregate"),
        },
    )


def _legacy(says: Mapping[str, object]) -> VendorAlert:
    event = shape.mapping(says.get("event"))
    tags = _tags(event.get("tags"))
    title = shape.first(_title(event), says.get("message"), says.get("culprit"))
    if title is None:
        raise Unreadable("no event, issue or metric alert: not a Sentry webhook")
    level = shape.first(says.get("level"), event.get("level"))
    return draft(
        title=title,
        status=AlertStatus.FIRING,
        severity=severity.of_word(level, SEVERITY),
        severity_word=level,
        host=shape.first(event.get("server_name"), tags.get("server_name")),
        occurred_at=times.parse(shape.either(event.get("datetime"), event.get("timestamp"), event.get("received"))),
        dedup_key=says.get("id"),
        customer=_customer(tags),
        url=says.get("url"),
        description=shape.first(says.get("message"), says.get("culprit")),
        labels={
            "rule": shape.joined(says.get("triggering_rules")),
            "culprit": says.get("culprit"),
            "project": shape.first(says.get("project"), says.get("project_slug"), says.get("project_name")),
            "environment": shape.first(event.get("environment"), tags.get("environment")),
            **tags,
        },
        test=_is_example(event) or (shape.text(says.get("message")) or "").casefold().startswith(EXAMPLE),
    )


def _title(says: Mapping[str, object]) -> str | None:
    kind, value = shape.text(shape.dig(says, "metadata", "type")), shape.text(shape.dig(says, "metadata", "value"))
    made = f"{kind}: {value}" if kind and value else shape.first(kind, value)
    told = shape.first(shape.dig(says, "occurrence", "issueTitle"), shape.dig(says, "metadata", "title"))
    return shape.first(says.get("title"), told, made, says.get("message"), shape.dig(says, "logentry", "formatted"))


def _tags(value: object) -> dict[str, object]:
    """Tags as the versions write them: pairs, objects of key and value, or one object."""
    if isinstance(value, dict):
        return {name: said for name, said in value.items() if name}
    found: dict[str, object] = {}
    for each in value[:64] if isinstance(value, list) else []:
        name = shape.text(each[0] if isinstance(each, list) and len(each) == 2 else shape.dig(each, "key"))
        if name:
            found[name] = each[1] if isinstance(each, list) else shape.dig(each, "value")
    return found


def _customer(tags: Mapping[str, object]) -> str | None:
    return shape.first(tags.get("customer"), tags.get("tenant"), tags.get("client"))


def _last_of(url: object) -> str | None:
    """``https://sentry.io/api/0/issues/1117540176/`` -> ``1117540176``."""
    return (shape.text(url) or "").rstrip("/").rsplit("/", 1)[-1] or None


def _project(url: object) -> str | None:
    """``https://sentry.io/api/0/projects/ORG/PROJECT/events/ID/`` -> ``PROJECT``."""
    parts = (shape.text(url) or "").partition("/projects/")[2].split("/")
    return parts[1] if len(parts) > 1 else None


def _is_example(event: Mapping[str, object]) -> bool:
    said = shape.first(event.get("message"), event.get("title"), shape.dig(event, "metadata", "value")) or ""
    return said.casefold().startswith(EXAMPLE)
