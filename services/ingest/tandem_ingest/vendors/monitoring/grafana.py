"""Grafana: the webhook of unified alerting (9 and later), and the one of the panel alerts of Grafana 4 to 8.

Unified alerting posts Alertmanager's shape and more, so an alert is read as Alertmanager's after a translation: links
that are elsewhere, and the two alerts Grafana raises about its own rules, DatasourceNoData and DatasourceError.
A panel alert has one state for all its series (``evalMatches``). The test button sends TestAlert, formerly
"Test notification" of rule 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.monitoring import alertmanager, generic

ABOUT_RULES: Mapping[str, str] = MappingProxyType({"DatasourceNoData": "No data", "DatasourceError": "Query failed"})
OVER = frozenset({"ok", "resolved", "normal"})
OWN = frozenset({"text", "message", "summary", "subject"})
"""What a payload of one's own may hold where Grafana's holds a title."""
TEST_RULE = "Test notification"
_SERIES = 20
"""Series of a panel alert whose values we write down."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
    """The alerts of one group, or the one panel alert; a contact point's own payload by the generic names."""
    says = shape.mapping(body)
    alerts = body if isinstance(body, list) else says.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        own = shape.first(says.get("title"), says.get("ruleName")) is None and says.keys() & OWN
        return generic.read(body, headers) if own else [_panel_alert(says)]
    left_out = shape.text(says.get("truncatedAlerts"))
    first = iter([{alertmanager.TRUNCATED: left_out} if left_out and left_out != "0" else {}])
    return batch.each(alerts, lambda alert: _alert(alert, says, next(first, {})))


def _alert(alert: object, group: Mapping[str, object], extra: Mapping[str, str]) -> VendorAlert:
    says = alertmanager.with_common(alert, group)
    labels, notes = shape.mapping(says.get("labels")), shape.mapping(says.get("annotations"))
    values = shape.text(says.get("valueString"))
    title = _about_rule(labels, notes) or _told(labels, notes)
    title = title or (None if labels or notes or not says else shape.text(group.get("title")))
    translated = {
        **says,
        "annotations": {
            **notes,
            **({"summary": title} if title else {}),
            "description": shape.first(notes.get("description"), notes.get("message"), values),
        },
        "generatorURL": shape.first(says.get("generatorURL"), says.get("panelURL"), says.get("dashboardURL")),
    }
    return alertmanager.alert_of(
        translated,
        shape.word(group.get("status")),
        {
            **extra,
            "org_id": shape.first(says.get("orgId"), group.get("orgId")),
            "values": values,
            "panel_url": says.get("panelURL"),
            "runbook_url": notes.get("runbook_url"),
        },
    )


def _told(labels: Mapping[str, object], notes: Mapping[str, object]) -> str | None:
    """What a rule without any text is called: its name alone; the values are a label."""
    says = shape.first(*(notes.get(name) for name in ("summary", "title", "description", "message")))
    return None if says else shape.text(labels.get("alertname"))


def _about_rule(labels: Mapping[str, object], notes: Mapping[str, object]) -> str | None:
    """An alert without data carries the rule's own summary, which claims what nobody measured."""
    what = ABOUT_RULES.get(shape.text(labels.get("alertname")) or "")
    rule = shape.first(notes.get("summary"), labels.get("rulename"))
    return f"{what}: {rule}" if what and rule else what


def _panel_alert(says: Mapping[str, object]) -> VendorAlert:
    rule, state = shape.text(says.get("ruleName")), shape.word(says.get("state")) or shape.word(says.get("status"))
    title = shape.first(says.get("title"), rule)
    if title is None:
        raise Unreadable("neither alerts nor a title: not a Grafana notification")
    tagged, series = (
        tags.pairs(shape.either(says.get("tags"), says.get("commonLabels"))),
        _series(says.get("evalMatches")),
    )
    word = shape.first(tagged.get("severity"), tagged.get("priority"), says.get("severity"))
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if state in OVER else AlertStatus.FIRING,
        severity=severity.of_word(word, alertmanager.SEVERITY),
        severity_word=word,
        host=alertmanager.host_of(_host(tagged, series) or shape.first(says.get("host"), says.get("instance"))),
        dedup_key=shape.first(
            says.get("ruleId"), rule, says.get("groupKey"), says.get("alert_uid"), says.get("alertname")
        ),
        customer=tags.named(tagged, tags.CUSTOMER),
        url=shape.first(says.get("ruleUrl"), says.get("rule_url"), says.get("externalURL")),
        description=says.get("message"),
        labels={
            "rule": rule,
            "state": state,
            "org_id": says.get("orgId"),
            "dashboard_id": says.get("dashboardId"),
            "panel_id": says.get("panelId"),
            "values": [f"{shape.text(each.get('metric'))}={shape.text(each.get('value'))}" for each in series],
            **tagged,
        },
        test=rule == TEST_RULE,
    )


def _series(matches: object) -> list[Mapping[str, object]]:
    return [shape.mapping(each) for each in matches[:_SERIES]] if isinstance(matches, list) else []


def _host(tagged: Mapping[str, str], series: list[Mapping[str, object]]) -> str | None:
    """The rule's tag, or the host all series agree on: an alert about many hosts has none."""
    said = {shape.first(*(shape.dig(each, "tags", name) for name in alertmanager.HOST)) for each in series}
    return shape.first(*(tagged.get(name) for name in alertmanager.HOST)) or (said.pop() if len(said) == 1 else None)
