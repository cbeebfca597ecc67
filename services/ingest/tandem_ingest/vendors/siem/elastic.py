"""Elastic Security and Kibana: our connector body, bodies made of Kibana's own variables, alert documents, Watcher.

Kibana's webhook connector sends what its author wrote. So a body may be ours (``kibana/1``), ``{{context}}`` and
``{{rule}}`` as they are, a summary of new, ongoing and recovered alerts in one post, or an alert document with dotted
or nested names.
Rules of the stack recover; a security rule's alert never does, until its workflow status is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, plain, severity, shape, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.siem import fields

CLEAR = frozenset({"recovered", "resolved", "closed", "ok", "inactive", "untracked"})
RISK = ((74, Severity.CRITICAL), (48, Severity.HIGH), (22, Severity.MEDIUM), (0, Severity.LOW))
"""Lowest risk score of each severity, when a body has only the score. Source: Elastic's guide to detection rules."""
_SUMMARY = ("new", "ongoing", "recovered")
_RULE = ("rule.name", "rule_name", "ruleName", "rule", "kibana.alert.rule.name", "signal.rule.name", "alertName")
_TITLE = ("title", "context.title", "kibana.alert.title")
_REASON = (
    "reason", "context.reason", "kibana.alert.reason", "signal.reason", "context.message", "context.conditions",
    "message", "text",
)  # fmt: skip
_NAMED = frozenset({*_RULE, *_TITLE, *_REASON})
_SEVERITY = ("severity", "kibana.alert.severity", "signal.rule.severity", "context.rule.severity", "rule.severity")
_RISK = ("risk_score", "kibana.alert.risk_score", "signal.rule.risk_score", "context.rule.risk_score")
_HOST = ("host.name", "host.hostname", "host", "context.host.name", "context.host", "hostname", "agent.name",
         "monitor.name")  # fmt: skip
_TIME = ("timestamp", "@timestamp", "kibana.alert.start", "kibana.alert.original_time", "context.timestamp",
         "context.date", "date")  # fmt: skip
_URL = ("url", "kibana.alert.url", "context.alertDetailsUrl", "context.viewInAppUrl", "context.link",
        "context.results_link", "rule.url")  # fmt: skip
_STATE = ("state", "status", "kibana.alert.status", "kibana.alert.workflow_status", "alert.actionGroup", "actionGroup",
          "alert.actionGroupName", "alertActionGroup", "alertState", "context.alertState")  # fmt: skip
_UUID = ("alert_uuid", "alert.uuid", "kibana.alert.uuid", "kibana.alert.instance.id", "signal.id", "_id")
_RULE_ID = ("rule_id", "ruleId", "rule.id", "kibana.alert.rule.uuid", "signal.rule.id")
_SCORE_DIGITS = 3
_LOOSE = ("alert.id", "alert_id", "alertInstanceId", "alertId", "context.group", "group")
"""The id of an alert within its rule, such as a host's name: an identity only together with the rule's."""

Document = Mapping[str, object]


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alerts of a post, each with its own status."""
    return batch.each(list(_posted(body)), _alert)


def _posted(body: object) -> Iterator[tuple[Document, Document, str]]:
    """(alert, the body around it, its status from the summary it stood in)."""
    opened = tags.opened(shape.dig(body, "message"))  # an alert that was put into a template as JSON
    body = opened if isinstance(opened, dict | list) else body
    for element in body if isinstance(body, list) else [body]:
        each = _said(element)
        around = _document(each)
        summary = shape.mapping(shape.dig(each, "alerts"))
        listed = [(item, name) for name in _SUMMARY for item in _listed(summary.get(name))]
        if listed:
            yield from ((_document(item), around, name) for item, name in listed)
            continue
        hits = None if around.keys() & _NAMED else shape.dig(each, "hits")  # else they are a rule's evidence
        inner = shape.either(shape.dig(each, "context", "alerts"), shape.dig(each, "alerts"), hits)
        listed = [item for item in inner if item] if isinstance(inner, list) else []
        if listed and all(isinstance(item, dict) for item in listed):
            yield from ((_document(item), around, "") for item in listed)
        else:
            yield around, shape.EMPTY, ""


def _said(element: object) -> object:
    """A body may be Kibana's message alone; JSON that broke off is none, and stays what nobody can read."""
    try:
        return {"message": plain.message(element)} if isinstance(element, str) else element
    except Unreadable:
        return shape.EMPTY


def _listed(value: object) -> list[object]:
    found = shape.dig(value, "data") if isinstance(value, dict) else value
    return found if isinstance(found, list) else []


def _alert(posted: tuple[Document, Document, str]) -> VendorAlert:
    part, around, summary = posted
    says = _Said(part, around)
    watch = says.first("watch_id", "watch.id")
    name, reason = says.first(*_RULE) or says.first("metadata.name") or watch, says.first(*_REASON)
    cleared = summary == "recovered" or (summary == "" and says.any_of(CLEAR, _STATE))
    return draft(
        title=_title(says.first(*_TITLE), name, reason),
        status=AlertStatus.RESOLVED if cleared else AlertStatus.FIRING,
        severity=_severity(says),
        severity_word=says.first(*_SEVERITY),
        host=says.first(*_HOST),
        occurred_at=_occurred_at(says, cleared=cleared),
        dedup_key=_condition(says, watch),
        customer=says.first("customer", "tenant", "organization.name", "labels.customer"),
        url=says.first(*_URL),
        description=reason,
        labels={
            "rule": name,
            "rule_id": says.first(*_RULE_ID),
            "rule_type": says.first("rule.type", "kibana.alert.rule.rule_type_id", "kibana.alert.rule.category"),
            "action_group": says.first("alert.actionGroup", "kibana.alert.action_group", "actionGroup"),
            "risk_score": says.first(*_RISK),
            "user": says.first("user.name", "user"),
            "space": says.first("space", "rule.spaceId", "spaceId", "kibana.space_ids"),
            "value": says.first("context.value", "kibana.alert.evaluation.value"),
            "tags": shape.joined(says.whole("rule.tags", "kibana.alert.rule.tags", "tags")),
        },
    )


class _Said:
    """An alert and the body around it: what the alert does not say, the body says for all of them."""

    def __init__(self, alert: Document, around: Document) -> None:
        self._parts = (alert, around) if around else (alert,)

    def first(self, *paths: str) -> str | None:
        for part in self._parts:
            for path in paths:
                if path in part and (found := shape.text(_one(part[path]))) is not None:
                    return found
        return None

    def whole(self, *paths: str) -> object:
        return next((part[path] for part in self._parts for path in paths if path in part), None)

    def any_of(self, words: frozenset[str], paths: Iterable[str]) -> bool:
        return any(shape.word(_one(part[path])) in words for part in self._parts for path in paths if path in part)


def _document(value: object) -> Document:
    """Its fields by dotted path: a search hit holds them in ``_source``, a Watcher body in ``ctx``."""
    for name in ("_source", "ctx"):
        inner = shape.dig(value, name)
        if isinstance(inner, dict):
            return fields.flat({"_id": shape.dig(value, "_id"), **inner})
    return fields.flat(value)


def _one(value: object) -> object:
    """Of a field with many values the first."""
    return (value[0] if value else None) if isinstance(value, list) else value


def _title(title: str | None, name: str | None, reason: str | None) -> str:
    """The rule's name says what is wrong; an unrendered or empty one leaves the reason."""
    found = title or name or (reason and reason.splitlines()[0])
    if not found:
        raise Unreadable("no rule, reason or title: not a body of Kibana")
    return found


def _severity(says: _Said) -> Severity:
    level = severity.of_word(says.first(*_SEVERITY))
    score = says.first(*_RISK)
    if level is not Severity.UNKNOWN or score is None:
        return level
    digits = score.partition(".")[0]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _SCORE_DIGITS):
        return level
    return next(each for lowest, each in RISK if int(digits) >= lowest)


def _occurred_at(says: _Said, *, cleared: bool) -> datetime | None:
    ended = ("kibana.alert.end",) if cleared else ()
    watcher = ("execution_time", "trigger.triggered_time")
    return next((at for at in (times.parse(says.first(name)) for name in (*ended, *_TIME, *watcher)) if at), None)


def _condition(says: _Said, watch: str | None) -> str | None:
    """The alert's own uuid lasts from active to recovered; else the rule and the alert's id within it."""
    uuid = says.first(*_UUID)
    if uuid:
        return uuid
    parts = (says.first(*_RULE_ID) or says.first(*_RULE) or watch, says.first(*_LOOSE))
    return "/".join(part for part in parts if part) or None
