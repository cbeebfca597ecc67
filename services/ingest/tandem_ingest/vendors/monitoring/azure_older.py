"""Azure Monitor's bodies from before the common schema: metric, activity log, log search and classic alerts; budgets.

Each is what an action group posts while "enable the common alert schema" is off.
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
from tandem_ingest.vendors.monitoring.azure_resource import labels_of, resource_of

NUMBER: Mapping[str, Severity] = MappingProxyType(
    {
        "0": Severity.CRITICAL,
        "1": Severity.HIGH,
        "2": Severity.MEDIUM,
        "3": Severity.LOW,
        "4": Severity.INFO,
        **severity.WORDS,
    }
)
_DIMENSIONS = 32
OVER = frozenset({"deactivated", "resolved", "completed", "complete"})


def read(body: object) -> VendorAlert:
    """The alert of one of the older bodies.

    Raises:
        Unreadable: it is none of them.
    """
    says = shape.mapping(shape.either(shape.dig(body, "data"), body))
    context = shape.mapping(says.get("context"))
    event = shape.mapping(context.get("activityLog"))
    if event:
        return _event(event, says)
    if context:
        return _metric(context, says)
    if says.get("AlertRuleName") is not None:
        return _search(says)
    if says.get("BudgetName") is not None:
        return _budget(says)
    raise Unreadable("no essentials, context or AlertRuleName: not an Azure Monitor alert")


def _metric(context: Mapping[str, object], says: Mapping[str, object]) -> VendorAlert:
    resolved = shape.word(says.get("status")) in OVER
    target = resource_of(context.get("resourceId"))
    its_id = shape.text(context.get("id"))
    return draft(
        title=headline(context.get("name"), context.get("description")),
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(context.get("severity"), NUMBER),
        severity_word=context.get("severity"),
        host=shape.first(context.get("resourceName"), target.name),
        occurred_at=times.parse(context.get("timestamp")),
        # One rule watches many resources: its id alone is no condition.
        dedup_key=f"{its_id}/{target.path or ''}".rstrip("/") if its_id else None,
        customer=shape.first(context.get("subscriptionId"), target.subscription),
        url=context.get("portalLink"),
        description=context.get("description"),
        labels={"alert_rule": context.get("name"), **labels_of(target), **shape.mapping(says.get("properties"))},
    )


def _event(event: Mapping[str, object], says: Mapping[str, object]) -> VendorAlert:
    told = shape.mapping(event.get("properties"))
    target = resource_of(event.get("resourceId"))
    over = {shape.word(says.get("status")), shape.word(told.get("stage"))} & OVER
    kept = shape.first(told.get("trackingId"), event.get("correlationId"))
    return draft(
        title=shape.first(told.get("title"), event.get("description"), event.get("operationName")),
        status=AlertStatus.RESOLVED if over else AlertStatus.FIRING,
        severity=severity.of_word(event.get("level")),
        severity_word=event.get("level"),
        host=target.name,
        occurred_at=times.parse(event.get("eventTimestamp")),
        dedup_key=f"activity/{kept}" if kept else None,
        customer=shape.first(event.get("subscriptionId"), target.subscription),
        description=shape.first(event.get("description"), told.get("message")),
        labels={
            "operation": event.get("operationName"),
            "event_source": event.get("eventSource"),
            "outcome": event.get("status"),
            "service": told.get("service"),
            "region": told.get("region"),
            **labels_of(target),
        },
    )


def _search(says: Mapping[str, object]) -> VendorAlert:
    """A log search alert of the first generation: it never says that it is over."""
    target = resource_of(says.get("ResourceId"))
    return draft(
        title=headline(says.get("AlertRuleName"), says.get("Description")),
        status=AlertStatus.FIRING,
        severity=severity.of_word(says.get("Severity"), NUMBER),
        severity_word=says.get("Severity"),
        host=_machine(says),
        occurred_at=times.parse(says.get("SearchIntervalEndtimeUtc")),
        customer=shape.first(says.get("SubscriptionId"), target.subscription),
        url=shape.first(says.get("LinkToFilteredSearchResultsUI"), says.get("LinkToSearchResults")),
        description=shape.first(says.get("Description"), says.get("SearchQuery")),
        labels={
            "alert_rule": says.get("AlertRuleName"),
            "result_count": says.get("ResultCount"),
            "workspace_id": says.get("WorkspaceId"),
            **labels_of(target),
        },
    )


def _machine(says: Mapping[str, object]) -> str | None:
    """The machine the search was split by; AffectedConfigurationItems are of all its rows."""
    pairs = says.get("Dimensions")
    found = [shape.mapping(each) for each in pairs[:_DIMENSIONS]] if isinstance(pairs, list) else []
    named = {shape.word(each.get("name")): shape.text(each.get("value")) for each in found}
    return next((said for name in ("computer", "_resourceid", "host") if (said := named.get(name))), None)


def _budget(says: Mapping[str, object]) -> VendorAlert:
    """A budget of Cost Management: it tells that a threshold was passed, and nothing after that."""
    spent = shape.first(says.get("SpentAmount"), says.get("SpendingAmount"))
    budget, unit = shape.text(says.get("Budget")), shape.text(says.get("Unit"))
    name, subscription = shape.text(says.get("BudgetName")), shape.text(says.get("SubscriptionId"))
    return draft(
        title=headline(name, f"{spent} of {budget} {unit or ''} spent" if spent and budget else None),
        status=AlertStatus.FIRING,
        dedup_key=f"budget/{subscription or ''}/{name}" if name else None,
        customer=subscription,
        labels={
            "subscription_name": says.get("SubscriptionName"),
            "resource_group": says.get("ResourceGroup"),
            "budget_type": says.get("BudgetType"),
            "threshold": says.get("NotificationThresholdAmount"),
        },
    )
