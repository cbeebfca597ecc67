"""Wazuh (SIEM): the alert JSON of 4.x that our integration script posts, also in the wrappers of its built-in scripts.

Wazuh reports events; the one thing it clears is a vulnerability, as ``Solved``. Rule levels run from 0 to 16. What is
not such an alert may be a document of Wazuh 5 (wazuh5.py) or a message (wazuh_messages.py): a manager and its dashboard
may post to one integration. Which alerts are one condition is in wazuh_subject.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.siem import fields, wazuh5, wazuh_messages, wazuh_subject
from tandem_ingest.vendors.siem.wazuh_rules import of_level

WRAPPERS = ("all_fields", "_source")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alerts of a post: one object, or a list of them; none for an active response that is undone."""
    if _is_undone(body):
        return []
    if isinstance(body, list):
        return batch.each([document for each in body for document in wazuh5.unfolded(each)], _any)
    return batch.each(list(wazuh5.unfolded(body)), _any)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """The alert's id and its manager: ids are a second and an offset in one manager's file."""
    says = _unwrapped(body)
    its_id = shape.text(says.get("id"))
    manager = shape.text(shape.dig(says, "manager", "name"))
    return f"{manager}/{its_id}" if its_id and manager else its_id or fields.first(body, "document_id", "_id")


def _is_undone(body: object) -> bool:
    """A block that ends after its time says nothing about what it answered to."""
    return shape.word(shape.dig(body, "command")) == "delete" and shape.dig(body, "parameters", "alert") is not None


def _unwrapped(body: object) -> Mapping[str, object]:
    says = shape.mapping(body)
    for name in WRAPPERS:
        inner = says.get(name)
        if isinstance(inner, dict) and isinstance(inner.get("rule"), dict):
            return inner
    told = shape.mapping(shape.dig(says, "parameters", "alert"))  # what an active response is started with
    if isinstance(told.get("rule"), dict):
        return told
    details = shape.mapping(shape.dig(says, "payload", "custom_details"))  # pagerduty.py sends the alert whole
    return details if isinstance(details.get("rule"), dict) else says


def _any(body: object) -> VendorAlert:
    if isinstance(_unwrapped(body).get("rule"), dict):
        return _alert(body)
    found = wazuh5.document(body) or wazuh5.trigger(body) or wazuh_messages.read_message(body)
    if found is None:
        raise Unreadable("no rule with a description: not a Wazuh alert")
    return found


def _alert(body: object) -> VendorAlert:
    says = _unwrapped(body)
    rule, agent = shape.mapping(says.get("rule")), shape.mapping(says.get("agent"))
    title = shape.first(rule.get("description"), shape.dig(body, "title"), says.get("full_log"))
    if not rule or title is None:
        raise Unreadable("no rule with a description: not a Wazuh alert")
    level, host = rule.get("level"), wazuh_subject.host_of(says)
    return draft(
        title=title.splitlines()[0],
        status=AlertStatus.RESOLVED if wazuh_subject.is_solved(says) else AlertStatus.FIRING,
        severity=of_level(level),
        severity_word=level,
        host=host,
        occurred_at=times.parse(says.get("timestamp")) or times.parse(says.get("@timestamp")),
        dedup_key=wazuh_subject.key_of(says, host),
        customer=_customer(agent),
        description=says.get("full_log"),
        labels={
            "rule_id": rule.get("id"),
            "level": level,
            "groups": rule.get("groups"),
            "mitre": shape.dig(rule, "mitre", "id"),
            "tactic": shape.dig(rule, "mitre", "tactic"),
            "agent_id": agent.get("id"),
            "agent_ip": agent.get("ip"),
            "manager": shape.dig(says, "manager", "name"),
            "decoder": shape.dig(says, "decoder", "name"),
            "location": says.get("location"),
        },
    )


def _customer(agent: Mapping[str, object]) -> str | None:
    labels = shape.mapping(agent.get("labels"))
    return shape.first(labels.get("customer"), labels.get("client"), labels.get("tenant"))
