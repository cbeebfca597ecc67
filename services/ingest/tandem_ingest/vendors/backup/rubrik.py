"""Rubrik Security Cloud: the event of its webhook, in PagerDuty's common event format (PD-CEF).

The fields stand at the top or under ``payload``, Rubrik's own in ``custom_details``. Each run is an event series of its
own, so a failure and the success that ends it meet in the object and the class of the event. Rubrik's status words:
Success, TaskSuccess (a step, also a start), Failure, Canceled, Warning, Running, Queued, Info. Detected ransomware
is a Success too, of severity Critical: only an informational success of a job clears. Source of the names: the table
Rubrik_Events_Data_CL of github.com/Azure/Azure-Sentinel; of status and severity: the event reference of
github.com/rubrikinc/rubrik-developer-center.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft

SEVERITY: Mapping[str, Severity] = MappingProxyType(
    {
        **severity.WORDS,
        "severity_critical": Severity.CRITICAL,
        "severity_warning": Severity.MEDIUM,
        "severity_info": Severity.INFO,
    }
)
CLEAR = frozenset({"success", "succeeded", "resolved"})
QUIET = frozenset({Severity.INFO, Severity.UNKNOWN})
DETECTIONS = frozenset(
    {"anomaly", "threathunt", "threatmonitoring", "threatfeed", "identityalerts", "securityviolation"}
)
"""Classes whose events say what was found, not how a job ended."""
_TEST = "everyone loves "
"""How the text of its test event begins."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one event of a post."""
    return batch.one_or_many(body, _event)


def _event(body: object) -> VendorAlert:
    envelope = shape.mapping(body)
    says = {**envelope, **shape.mapping(envelope.get("payload"))}
    details = _details(says)
    title = shape.first(says.get("summary"), details.get("message"), details.get("summary"), says.get("message"))
    if title is None:
        raise Unreadable("no summary: not an event of Rubrik")
    word = shape.first(says.get("severity"), details.get("severity"))
    status = _one(details, "status", "eventStatus", "activityStatus", "lastActivityStatus") or says.get("status")
    level = severity.of_word(word, SEVERITY)
    kinds = (says.get("class"), details.get("eventType"), details.get("lastActivityType"))
    ended = shape.word(status) in CLEAR and level in QUIET and DETECTIONS.isdisjoint(map(_kind, kinds))
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if ended or _resolves(envelope) else AlertStatus.FIRING,
        severity=level,
        severity_word=word,
        host=_one(details, "objectName", "object_name", "hostname") or shape.text(says.get("source")),
        occurred_at=times.parse(shape.either(says.get("timestamp"), details.get("timestamp"), details.get("time"))),
        dedup_key=_condition(envelope, says, details),
        customer=_one(details, "orgName", "organizationName", "organization", "clusterName"),
        url=shape.first(says.get("client_url"), details.get("url"), details.get("link"), _link(envelope)),
        description=_one(details, "errorReason", "reason", "errorMessage", "message", "remedy", "description"),
        labels={
            "class": says.get("class"),
            "group": says.get("group"),
            "source": says.get("source"),
            "event_status": status,
            **details,
        },
        test=title.casefold().startswith(_TEST),
    )


def _resolves(envelope: Mapping[str, object]) -> bool:
    """Whether PagerDuty's form of the event says so."""
    return shape.word(envelope.get("event_action")) == "resolve"


def _kind(value: object) -> str:
    return shape.word(value).replace("_", "").replace(" ", "")


def _details(says: Mapping[str, object]) -> Mapping[str, object]:
    return shape.mapping(shape.either(says.get("custom_details"), says.get("customDetails"), says.get("details")))


def _one(details: Mapping[str, object], *names: str) -> str | None:
    return shape.first(*(details.get(name) for name in names))


def _condition(envelope: Mapping[str, object], says: Mapping[str, object], details: Mapping[str, object]) -> str | None:
    """Its own key; else the object and what was done to it; an event of no object is its series."""
    own = shape.text(envelope.get("dedup_key"))
    if own:
        return own
    thing = _one(details, "objectId", "object_id", "objectName", "object_name")
    if thing is None:
        return _one(details, "seriesId", "eventSeriesId", "activitySeriesId", "event_series_id", "id")
    return "/".join(part for part in (shape.text(says.get("class")), _one(details, "clusterId"), thing) if part)


def _link(envelope: Mapping[str, object]) -> object:
    links = envelope.get("links")
    return shape.dig(links[0], "href") if isinstance(links, list) and links else None
