"""Wazuh 4.x (SIEM): the alert JSON our integration script posts, also inside the wrapper of the built-in shuffle.py.

Wazuh reports events and never clears them. Rule levels run from 0 to 16; a level that is a word (Wazuh 5 templates)
is read as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft

BANDS = ((15, Severity.CRITICAL), (12, Severity.HIGH), (7, Severity.MEDIUM), (4, Severity.LOW), (0, Severity.INFO))
"""Lowest level of each severity. Source: domain rules 2.2."""
WRAPPERS = ("all_fields", "_source", "wazuh")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alerts of a post: one object, or a list of them."""
    return batch.one_or_many(body, _alert)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """The alert's id and its manager: ids are a second and an offset in one manager's file."""
    says = _unwrapped(body)
    its_id = shape.text(says.get("id"))
    manager = shape.text(shape.dig(says, "manager", "name"))
    return f"{manager}/{its_id}" if its_id and manager else its_id


def _unwrapped(body: object) -> Mapping[str, object]:
    says = shape.mapping(body)
    for name in WRAPPERS:
        inner = says.get(name)
        if isinstance(inner, dict) and isinstance(inner.get("rule"), dict):
            return inner
    return says


def _alert(body: object) -> VendorAlert:
    says = _unwrapped(body)
    rule, agent = shape.mapping(says.get("rule")), shape.mapping(says.get("agent"))
    title = shape.first(rule.get("description"), shape.dig(body, "title"))
    if not rule or title is None:
        raise Unreadable("no rule with a description: not a Wazuh alert")
    level = rule.get("level")
    return draft(
        title=title,
        status=AlertStatus.FIRING,
        severity=_severity(level),
        severity_word=level,
        host=agent.get("name"),
        occurred_at=times.parse(says.get("timestamp")),
        dedup_key=_condition(rule, agent),
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


def _severity(level: object) -> Severity:
    number = shape.text(level)
    if number is None or not (number.isascii() and number.isdigit()) or len(number) > 2:
        return severity.of_word(level)
    return next(band for lowest, band in BANDS if int(number) >= lowest)


def _condition(rule: Mapping[str, object], agent: Mapping[str, object]) -> str | None:
    """One rule on one agent is one condition; whatever else an event holds differs each time.

    Agent ids count per manager, and one integration may serve many managers: the name keeps them apart.
    """
    rule_id = shape.text(rule.get("id"))
    where = "/".join(each for each in (shape.text(agent.get("id")), shape.text(agent.get("name"))) if each)
    return f"{rule_id}/{where}" if rule_id and where else None


def _customer(agent: Mapping[str, object]) -> str | None:
    labels = shape.mapping(agent.get("labels"))
    return shape.first(labels.get("customer"), labels.get("client"), labels.get("tenant"))
