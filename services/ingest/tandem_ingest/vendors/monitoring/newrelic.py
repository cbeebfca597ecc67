"""New Relic: the default payload of a workflow's webhook, and the legacy channel's. The issue is the condition.

Priorities are CRITICAL, HIGH, MEDIUM and LOW. Source: New Relic "Workflows: webhook payloads", recorded bodies in
zulip's and other receivers' tests.
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape, tags
from tandem_ingest.vendors.draft import draft

OVER = frozenset({"closed", "resolved"})


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The issue of a post."""
    return batch.one_or_many(body, _issue)


def _issue(body: object) -> VendorAlert:
    says = shape.mapping(body)
    title = shape.first(
        _first(says.get("title")),
        says.get("details"),
        says.get("condition_name"),
        _first(says.get("alertConditionNames")),
    )
    state = shape.first(says.get("state"), says.get("current_state"))
    if title is None or state is None:
        raise Unreadable("no title or state: not a New Relic webhook")
    resolved = state.casefold() in OVER
    word = shape.first(says.get("priority"), says.get("severity"))
    at = (says.get("closedAt"), says.get("updatedAt")) if resolved else (says.get("createdAt"), says.get("activatedAt"))
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        host=_first(says.get("impactedEntities")) or shape.text(shape.dig(_element(says.get("targets")), "name")),
        occurred_at=times.parse(shape.either(*at, says.get("timestamp"))),
        dedup_key=shape.first(says.get("id"), says.get("issueId"), says.get("incident_id")),
        customer=shape.first(says.get("accountName"), says.get("account_name"), says.get("account_id")),
        url=shape.first(says.get("issueUrl"), says.get("incident_url")),
        description=says.get("details"),
        labels={
            "policy": shape.joined(shape.either(says.get("alertPolicyNames"), says.get("policy_name"))),
            "condition": shape.joined(shape.either(says.get("alertConditionNames"), says.get("condition_name"))),
            "workflow": says.get("workflowName"),
            "entities": says.get("impactedEntities"),
            "state": state,
        },
        test=state.casefold() == "test" or shape.word(says.get("event_type")) == "notification",
    )


def _element(value: object) -> object:
    value = tags.opened(value)
    return value[0] if isinstance(value, list) and value else value


def _first(value: object) -> str | None:
    return shape.text(_element(value))
