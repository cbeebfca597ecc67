"""What Google Cloud posts besides the incidents of Monitoring, by the same channels.

Findings of Security Command Center, groups of Error Reporting, budgets of Cloud Billing. Source: Google Cloud "Finding
notifications for Pub/Sub", "Configure notifications for Error Reporting", "Programmatic notifications".
"""

from __future__ import annotations

from collections.abc import Mapping

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.vendors import severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline

_OVER = frozenset({"inactive", "muted"})
_MACHINES = frozenset({"instances", "hosts", "nodes"})


def read(post: object) -> VendorAlert | None:
    """The alert of one of these; None for a body of another shape, and for a budget that nobody was told of."""
    says = shape.mapping(post)
    finding = shape.mapping(says.get("finding"))
    if finding:
        return _finding(finding, shape.mapping(says.get("resource")))
    if isinstance(says.get("group_info"), dict) and says.get("subject") is not None:
        return _error(says, shape.mapping(says.get("group_info")))
    if says.get("alertThresholdExceeded") is not None and says.get("budgetDisplayName") is not None:
        return _budget(says)
    return None


def _finding(finding: Mapping[str, object], resource: Mapping[str, object]) -> VendorAlert:
    over = {shape.word(finding.get("state")), shape.word(finding.get("mute"))} & _OVER
    place = shape.text(finding.get("resourceName")) or ""
    name = place.rpartition("/")[2]
    return draft(
        title=headline(finding.get("category"), finding.get("description")),
        status=AlertStatus.RESOLVED if over else AlertStatus.FIRING,
        severity=severity.of_word(finding.get("severity")),
        severity_word=finding.get("severity"),
        host=shape.first(resource.get("displayName"), name) if place.split("/")[-2:-1] and _is_machine(place) else None,
        occurred_at=times.parse(finding.get("eventTime")) or times.parse(finding.get("createTime")),
        dedup_key=finding.get("name"),
        customer=shape.first(resource.get("projectDisplayName"), _project(place)),
        url=finding.get("externalUri"),
        description=finding.get("description"),
        labels={
            "category": finding.get("category"),
            "class": finding.get("findingClass"),
            "state": finding.get("state"),
            "resource": place,
            "resource_type": resource.get("type"),
        },
    )


def _is_machine(place: str) -> bool:
    """A bucket, a role or a project has a name, but is no host."""
    return place.split("/")[-2] in _MACHINES


def _project(place: str) -> str | None:
    return place.partition("/projects/")[2].partition("/")[0] or None


def _error(says: Mapping[str, object], group: Mapping[str, object]) -> VendorAlert:
    event, error = shape.mapping(says.get("event_info")), shape.mapping(says.get("exception_info"))
    return draft(
        title=says.get("subject"),
        status=AlertStatus.FIRING,
        dedup_key=group.get("detail_link"),
        customer=group.get("project_id"),
        url=group.get("detail_link"),
        description=shape.first(error.get("message"), event.get("log_message")),
        labels={"service": event.get("service"), "version": event.get("version"), "exception": error.get("type")},
    )


def _budget(says: Mapping[str, object]) -> VendorAlert:
    spent, budget, unit = (shape.text(says.get(name)) for name in ("costAmount", "budgetAmount", "currencyCode"))
    name, since = shape.text(says.get("budgetDisplayName")), shape.text(says.get("costIntervalStart"))
    return draft(
        title=headline(
            name, f"{spent} of {budget} {unit or ''} spent".replace("  ", " ") if spent and budget else None
        ),
        status=AlertStatus.FIRING,
        dedup_key=f"budget/{name}/{since or ''}/{shape.text(says.get('alertThresholdExceeded'))}",
        labels={"threshold": says.get("alertThresholdExceeded"), "period": since},
    )
