"""Wazuh 5 (SIEM): what its dashboard's Notifications post.

Version 5 has no fixed body: the message of an alerting monitor is a template. Read are ours (``wazuh/5``), the whole
context (``ctx``) with its sample documents, and an indexed document; messages for people are in wazuh_messages.py.
``wazuh.rule.level`` is a word. Source: wazuh/wazuh docs/guide/migration/integratord-notifications.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.vendors import severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.siem import fields
from tandem_ingest.vendors.siem.wazuh_rules import TRIGGER, condition, of_level


def unfolded(body: object) -> Iterator[object]:
    """The documents of a post: those of a whole context one by one, anything else as it is."""
    context = shape.dig(body, "ctx") or body
    alerts = shape.dig(context, "alerts")
    found = [doc for alert in fields.objects(alerts) for doc in fields.objects(alert.get("sample_documents"))]
    around = {"monitor": shape.dig(context, "monitor"), "trigger": shape.dig(context, "trigger")}
    if found:
        yield from ({**document, **around} for document in found)
    else:
        yield body


def document(body: object) -> VendorAlert | None:
    """The alert of an indexed document, or of our own template; None when it is neither."""
    says = {**shape.mapping(body), **shape.mapping(shape.dig(body, "_source"))}
    rule = fields.first(says, "wazuh.rule.id", "rule_id")
    title = fields.first(says, "wazuh.rule.title", "wazuh.rule.description", "title", "rule.name", "event.original")
    level = fields.first(says, "wazuh.rule.level", "level")
    if title is None or (rule is None and level is None):
        return None
    word = level or fields.first(says, "trigger.severity")
    return draft(
        title=title,
        status=AlertStatus.FIRING,
        severity=of_level(level, fields.first(says, "trigger.severity", "trigger_severity")),
        severity_word=word,
        host=fields.first(says, "wazuh.agent.name", "agent", "wazuh.agent.host.hostname", "host.name"),
        occurred_at=times.parse(fields.first(says, "@timestamp", "timestamp", "time")),
        dedup_key=condition(
            rule or title,
            fields.first(says, "wazuh.agent.id", "agent_id"),
            fields.first(says, "wazuh.agent.name", "agent"),
        ),
        customer=fields.first(says, "customer", "wazuh.agent.labels.customer", "organization.name"),
        url=says.get("url"),
        description=fields.first(says, "event.original", "message", "wazuh.rule.description"),
        labels={
            "rule_id": rule,
            "level": level,
            "agent_id": fields.first(says, "wazuh.agent.id", "agent_id"),
            "integration": fields.first(says, "wazuh.integration.name", "integration"),
            "mitre": shape.joined(fields.whole(says, "wazuh.rule.mitre.technique.id")),
            "file": fields.first(says, "file.path", "file"),
            "monitor": fields.first(says, "monitor.name", "monitor"),
            "trigger": fields.first(says, "trigger.name", "trigger"),
        },
        test=says.get("test") is True,
    )


def trigger(body: object) -> VendorAlert | None:
    """The alert of a monitor that brought no documents along; None when there is no monitor with a trigger."""
    says = {**shape.mapping(body), **shape.mapping(shape.dig(body, "ctx"))}
    name = fields.first(says, "monitor.name", "monitor_name")
    fired = fields.first(says, "trigger.name", "trigger_name")
    if name is None or fired is None:
        return None
    word = fields.first(says, "trigger.severity", "trigger_severity", "severity")
    return draft(
        title=f"{name}: {fired}",
        status=AlertStatus.FIRING,
        severity=TRIGGER.get(word or "") or severity.of_word(word),
        severity_word=word,
        occurred_at=times.parse(fields.first(says, "periodEnd", "period_end", "timestamp")),
        dedup_key=f"{name}/{fired}",
        description=fields.first(says, "message"),
        labels={"monitor": name, "trigger": fired},
    )
