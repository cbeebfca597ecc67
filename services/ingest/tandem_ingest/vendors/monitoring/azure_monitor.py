"""Azure Monitor (action group webhook): the common alert schema and the four older bodies.

Fired and Resolved of one firing share ``alertId``. Activity log alerts are only ever Fired and always Sev4: Service
Health and Resource Health say in their context how bad it is and whether it is over. Event Grid's validation is
no alert. Source: Microsoft Learn, "Sample alert payloads" and "Non-common alert schema definitions".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline
from tandem_ingest.vendors.monitoring import azure_older
from tandem_ingest.vendors.monitoring.azure_resource import Resource, labels_of, resource_of

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        "sev0": Severity.CRITICAL,
        "sev1": Severity.HIGH,
        "sev2": Severity.MEDIUM,
        "sev3": Severity.LOW,
        "sev4": Severity.INFO,
    }
)
LEVEL: Mapping[str, Severity] = MappingProxyType(
    {**severity.WORDS, "1": Severity.CRITICAL, "2": Severity.HIGH, "3": Severity.MEDIUM, "4": Severity.INFO}
)
"""Of an activity log event, as a word or as its number."""
HEALTH = frozenset({"servicehealth", "resourcehealth"})
OVER = frozenset({"resolved", "complete", "completed", "closed", "canceled", "cancelled", "rca", "available"})
VALIDATION = "microsoft.eventgrid.subscriptionvalidationevent"
DRILL = "/subscriptions/11111111-1111-1111-1111-111111111111/"
"""The subscription of what "Test action group" sends."""
MACHINE = frozenset({"computer", "host", "hostname", "_resourceid", "instance", "vmname", "node"})


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alert of a post; none for an Event Grid subscription's validation."""
    posts = body if isinstance(body, list) else [body]
    alerts = [each for each in posts if shape.word(shape.dig(each, "eventType")) != VALIDATION]
    return batch.each(alerts, _alert) if alerts or not posts else []


def _alert(body: object) -> VendorAlert:
    essentials = shape.mapping(shape.either(shape.dig(body, "data", "essentials"), shape.dig(body, "essentials")))
    if not essentials:
        return azure_older.read(body)
    context = shape.mapping(shape.either(shape.dig(body, "data", "alertContext"), shape.dig(body, "alertContext")))
    told, target = _properties(context), resource_of(_first(_targets(essentials)))
    health = shape.word(essentials.get("monitoringService")).replace(" ", "") in HEALTH
    level = shape.text(context.get("level")) if health else None
    resolved = _resolved(essentials, told, health=health)
    title = _title(essentials, context, told)
    if title is None:
        raise Unreadable("no alertRule or description: not the common alert schema")
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(level, LEVEL) if level else severity.of_word(essentials.get("severity"), SEVERITY),
        severity_word=level or essentials.get("severity"),
        host=_host(essentials, context, target),
        occurred_at=_occurred_at(essentials, resolved=resolved),
        dedup_key=_condition(essentials, told, target, health=health),
        customer=target.subscription or resource_of(essentials.get("alertId")).subscription,
        url=_link(essentials, context),
        description=_description(essentials, context, told),
        labels={
            "alert_rule": essentials.get("alertRule"),
            "signal_type": essentials.get("signalType"),
            "monitoring_service": essentials.get("monitoringService"),
            "tracking_id": told.get("trackingId"),
            "service": told.get("service"),
            "region": told.get("region"),
            **labels_of(target),
            **_dimensions(context),
        },
        test=DRILL in (shape.text(essentials.get("alertId")) or ""),
    )


def _targets(essentials: Mapping[str, object]) -> object:
    return shape.either(essentials.get("alertTargetIDs"), essentials.get("alertTargetIds"))


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None if isinstance(value, list) else value


def _properties(context: Mapping[str, object]) -> Mapping[str, object]:
    """What an activity log event says beside its envelope; of other alerts these are the rule's own properties."""
    return shape.mapping(context.get("properties")) if context.get("operationName") is not None else shape.EMPTY


def _resolved(essentials: Mapping[str, object], told: Mapping[str, object], *, health: bool) -> bool:
    if shape.word(essentials.get("monitorCondition")) in {"resolved", "deactivated"}:
        return True
    return health and bool({shape.word(told.get("stage")), shape.word(told.get("currentHealthStatus"))} & OVER)


def _title(essentials: Mapping[str, object], context: Mapping[str, object], told: Mapping[str, object]) -> str | None:
    said = shape.first(told.get("title"), essentials.get("description"), shape.dig(context, "annotations", "summary"))
    named = (each for each in _conditions(context) if shape.text(each.get("metricName")))
    return headline(essentials.get("alertRule"), said or next(map(_measured, named), None))


def _conditions(context: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = shape.dig(context, "condition", "allOf")
    return [shape.mapping(each) for each in found] if isinstance(found, list) else []


def _dimensions(context: Mapping[str, object]) -> dict[str, object]:
    """What the rule splits by, of both generations of log alerts and of metric alerts; Prometheus calls it labels."""
    lists = [each.get("dimensions") for each in _conditions(context)] + [context.get("Dimensions")]
    pairs = [shape.mapping(pair) for each in lists if isinstance(each, list) for pair in each]
    named = {shape.text(pair.get("name")): pair.get("value") for pair in pairs}
    return {
        **{name: value for name, value in named.items() if name},
        **shape.mapping(context.get("labels")),
    }


def _host(essentials: Mapping[str, object], context: Mapping[str, object], target: Resource) -> str | None:
    """The machine a log alert was split by, else the affected item: a log alert's target is its workspace."""
    for name, value in _dimensions(context).items():
        if name.casefold() in MACHINE and (said := shape.text(value)):
            return resource_of(said).name or said
    return shape.first(
        _first(essentials.get("configurationItems")), _first(context.get("AffectedConfigurationItems")), target.name
    )


def _occurred_at(essentials: Mapping[str, object], *, resolved: bool) -> datetime | None:
    ended = times.parse(essentials.get("resolvedDateTime")) if resolved else None
    return ended or times.parse(shape.either(essentials.get("firedDateTime"), essentials.get("eventDateTime")))


def _condition(
    essentials: Mapping[str, object], told: Mapping[str, object], target: Resource, *, health: bool
) -> str | None:
    """Health alerts get a new ``alertId`` for every update: the outage's tracking id or the resource stays."""
    if health and (kept := shape.first(told.get("trackingId"), target.path)):
        return f"health/{kept}"
    return shape.first(essentials.get("alertId"), essentials.get("originAlertId"))


def _link(essentials: Mapping[str, object], context: Mapping[str, object]) -> str | None:
    names = ("linkToFilteredSearchResultsUI", "linkToSearchResultsUI")
    of_conditions = [each.get(name) for each in _conditions(context) for name in names]
    return shape.first(
        essentials.get("investigationLink"),
        *of_conditions,
        context.get("LinkToFilteredSearchResultsUI"),
        context.get("LinkToSearchResults"),
    )


def _description(
    essentials: Mapping[str, object], context: Mapping[str, object], told: Mapping[str, object]
) -> str | None:
    """The rule's own text, and what was measured."""
    own, notes = essentials.get("description"), shape.dig(context, "annotations", "description")
    texts = [own, told.get("title"), told.get("details"), told.get("cause"), notes]
    lines = [said for each in texts if (said := shape.text(each))]
    return "\n".join([*lines, *filter(None, map(_measured, _conditions(context)))]) or None


def _measured(condition: Mapping[str, object]) -> str:
    """``CpuPercentage GreaterThan 90, measured 97``; empty when nothing of it is said."""
    words = [condition.get(name) for name in ("metricName", "operator", "threshold")]
    rule = " ".join(said for word in words if (said := shape.text(word)))
    value = shape.text(condition.get("metricValue"))
    return f"{rule}, measured {value}" if rule and value else rule
