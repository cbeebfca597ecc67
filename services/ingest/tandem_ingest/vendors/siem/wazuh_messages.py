"""Wazuh as it writes for people and for other tools: Slack's message, PagerDuty's event, a monitor's plain text.

Source: wazuh/wazuh integrations/slack.py and pagerduty.py at 4.14; docs/guide/migration/integratord-notifications.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.vendors import chat, plain, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.flat import Flat
from tandem_ingest.vendors.siem import fields
from tandem_ingest.vendors.siem.wazuh_rules import TRIGGER, condition, of_level

_SLACK_RULE = re.compile(r"(?P<id>\d{1,10}) _\(Level (?P<level>\d{1,2})\)_")
_SLACK_AGENT = re.compile(r"\((?P<id>[^()]{1,20})\) - (?P<name>.{1,255})")
_MONITOR = re.compile(r"Monitor (?P<name>.{1,200}?) just entered alert status", re.IGNORECASE)
_LINE = re.compile(r"^[ \t]{0,8}-?[ \t]{0,8}(Trigger|Severity|Period end):(.{1,200})$", re.IGNORECASE | re.MULTILINE)
_RULE_LINE = re.compile(r"^(Rule ID|Level|Agent ID|Agent Name)[: ](.{1,200})$", re.IGNORECASE | re.MULTILINE)
_TEST = re.compile(r"\btest message\b|\bmensaje de prueba\b", re.IGNORECASE)
_SCANNED = 4000


def read_message(body: object) -> VendorAlert | None:
    """The alert of a body that is a message for people: Slack's, PagerDuty's, or plain text; None for others."""
    if isinstance(body, str):
        return _text(plain.message(body))
    if isinstance(shape.dig(body, "payload"), dict):
        return _pagerduty(shape.mapping(body))
    attachments = shape.dig(body, "attachments")
    if isinstance(attachments, list):
        return _slack(shape.mapping(attachments[0] if attachments else None))
    if isinstance(shape.dig(body, "embeds"), list):
        return _card(Flat(chat.plain(body)))
    if (told := _told(shape.mapping(body))) is not None:
        return told
    text = shape.first(shape.dig(body, "text"), shape.dig(body, "message"), shape.dig(body, "Content"))
    return _text(text) if text and not isinstance(shape.dig(body, "wazuh"), dict) else None


def _pagerduty(says: Mapping[str, object]) -> VendorAlert:
    """The event Wazuh's guide shows. Its severity is a constant of the template: the level in the details counts."""
    payload = shape.mapping(says.get("payload"))
    details = shape.mapping(payload.get("custom_details"))
    level, rule = shape.text(details.get("Rule Level")), shape.text(details.get("Rule ID"))
    host = shape.text(payload.get("source"))
    title = (shape.text(payload.get("summary")) or "").removeprefix("Wazuh Alert: ")
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if shape.word(says.get("event_action")) == "resolve" else AlertStatus.FIRING,
        severity=of_level(level) if level else severity.of_word(payload.get("severity")),
        severity_word=level or payload.get("severity"),
        host=host,
        occurred_at=times.parse(payload.get("timestamp")),
        dedup_key=shape.text(says.get("dedup_key")) or condition(rule, None, host),
        labels={
            "rule_id": rule,
            "level": level,
            "file": details.get("File Path"),
            "monitor": details.get("Monitor Name"),
            "os": details.get("Agent OS"),
            "groups": payload.get("group"),
        },
    )


def _slack(message: Mapping[str, object]) -> VendorAlert:
    said = {
        shape.word(each.get("title")): shape.text(each.get("value")) or ""
        for each in fields.objects(message.get("fields"))
    }
    rule, agent = _SLACK_RULE.search(said.get("rule id", "")), _SLACK_AGENT.search(said.get("agent", ""))
    level = rule["level"] if rule else None
    host = agent["name"] if agent else said.get("agentless host")
    return draft(
        title=message.get("title"),
        status=AlertStatus.FIRING,
        severity=of_level(level),
        severity_word=level,
        host=host,
        # ``ts`` is the alert's id: the second it was made in, and an offset in a file behind the point.
        occurred_at=times.parse((shape.text(message.get("ts")) or "").partition(".")[0]),
        dedup_key=condition(rule["id"] if rule else None, agent["id"] if agent else None, host),
        description=message.get("text"),
        labels={
            "rule_id": rule["id"] if rule else None,
            "level": level,
            "agent_id": agent["id"] if agent else None,
            "location": said.get("location"),
        },
    )


def _card(says: Flat) -> VendorAlert:
    """An embed for Discord, as scripts make it: a title of their own, the rule's description, and facts by name."""
    level, host = says.first("level", "rulelevel", "alertlevel"), says.first("agent", "agentname", "host", "hostname")
    rule = says.first("ruleid", "rule")
    return draft(
        title=says.first("description", "message", "title"),
        status=AlertStatus.FIRING,
        severity=of_level(level),
        severity_word=level,
        host=host,
        occurred_at=times.parse(says.first("timestamp", "time")),
        dedup_key=condition(rule, None, host) if rule else None,
        labels={"rule_id": rule, "level": level, "headline": says.first("title")},
    )


def _told(says: Mapping[str, object]) -> VendorAlert | None:
    """Sentences with the rule among them, as Keep's script for Wazuh posts: ``Rule ID 2902``, ``Level 7``."""
    texts = [text for text in (shape.text(says.get("message")), shape.text(says.get("description"))) if text]
    found = {name.casefold(): value.strip() for name, value in _RULE_LINE.findall("\n".join(texts)[:_SCANNED])}
    if not found.keys() >= {"rule id", "level"}:
        return None
    host = found.get("agent name")
    return draft(
        title=next((text for text in texts if not text.startswith("Rule ID")), None)
        or f"Wazuh rule {found['rule id']}",
        status=AlertStatus.FIRING,
        severity=of_level(found["level"]),
        severity_word=found["level"],
        host=host,
        occurred_at=times.parse(says.get("created_at")),
        dedup_key=condition(found["rule id"], found.get("agent id"), host),
        description="\n".join(texts),
        labels={"rule_id": found["rule id"], "level": found["level"], "agent_id": found.get("agent id")},
    )


def _text(text: str) -> VendorAlert:
    """The message a monitor proposes, or a line a person wrote; no host stands in it."""
    monitor = _MONITOR.search(text[:_SCANNED])
    said = {name.casefold(): value.strip() for name, value in _LINE.findall(text[:_SCANNED])}
    name = monitor["name"] if monitor else None
    trigger = said.get("trigger")
    title = ": ".join(part for part in (name, trigger) if part) or next(iter(text.strip().splitlines()), "")
    return draft(
        title=title,
        status=AlertStatus.FIRING,
        severity=TRIGGER.get(said.get("severity", ""), Severity.UNKNOWN),
        severity_word=said.get("severity"),
        occurred_at=times.parse(said.get("period end")),
        dedup_key="/".join(part for part in (name, trigger) if part) or None,
        description=text,
        labels={"monitor": name, "trigger": trigger},
        test=bool(_TEST.search(text[:_SCANNED])),
    )
