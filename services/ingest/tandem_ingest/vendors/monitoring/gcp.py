"""Google Cloud Monitoring: the webhook's incident, version 1.2, also as a Pub/Sub push holds it.

``incident_id`` is one condition from open to closed. Source: Google Cloud "Create and manage notification
channels", cloud-alerting-notification-forwarding tests.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import msgspec

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.decode import check_limits
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline
from tandem_ingest.vendors.monitoring import gcp_other

TEST_VERSION = "test"
_LABELS = " labels {"
HOSTS = ("instance_name", "instance_id", "host", "node_name", "pod_name", "database_id", "service_name")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The incident of a post; a list of posts is a batch."""
    return batch.one_or_many(body, _incident)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """Pub/Sub's message id; the webhook names no delivery."""
    return shape.first(shape.dig(body, "message", "messageId"), shape.dig(body, "message", "message_id"))


def _incident(body: object) -> VendorAlert:
    post = _of_pubsub(body)
    if (other := gcp_other.read(post)) is not None:
        return other
    says = shape.mapping(shape.dig(post, "incident"))
    title = headline(shape.first(says.get("policy_name"), says.get("condition_name")), says.get("summary"))
    if title is None:
        raise Unreadable("no incident with a policy or summary: not Google Cloud Monitoring")
    resolved = shape.word(says.get("state")) == "closed"
    word = _severity_word(says)
    metric = shape.mapping(says.get("metric"))
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        host=_host(says, metric),
        occurred_at=(times.parse(says.get("ended_at")) if resolved else None) or times.parse(says.get("started_at")),
        dedup_key=says.get("incident_id"),
        customer=says.get("scoping_project_id"),
        url=says.get("url"),
        description=_text(says),
        labels={
            "policy": says.get("policy_name"),
            "condition": says.get("condition_name"),
            "resource_type": shape.first(shape.dig(says, "resource", "type"), says.get("resource_type_display_name")),
            "resource_name": says.get("resource_name"),
            "metric": shape.first(metric.get("type"), metric.get("displayName")),
            "observed_value": says.get("observed_value"),
            "threshold_value": says.get("threshold_value"),
            **shape.mapping(shape.dig(says, "resource", "labels")),
            **shape.mapping(shape.dig(says, "metadata", "user_labels")),
            **shape.mapping(says.get("policy_user_labels")),
        },
        test=shape.word(shape.dig(post, "version")) == TEST_VERSION,
    )


def _of_pubsub(body: object) -> object:
    """A push subscription wraps the post in base64; anything else is the post."""
    data = shape.dig(body, "message", "data")
    if not isinstance(data, str):
        return body
    try:
        raw = base64.b64decode(data, validate=True)
        check_limits(raw)
        found: object = msgspec.json.decode(raw)
    except (ValueError, binascii.Error) as error:
        raise Unreadable("a Pub/Sub message that holds no JSON") from error
    return found


def _severity_word(says: Mapping[str, object]) -> str | None:
    """The policy's severity; "No severity" is none. Policies older than that field carry a label."""
    word = shape.text(says.get("severity"))
    if word and word.casefold() not in {"no severity", "severity_unspecified"}:
        return word
    return shape.first(
        shape.dig(says, "policy_user_labels", "severity"), shape.dig(says, "metadata", "user_labels", "severity")
    )


def _host(says: Mapping[str, object], metric: Mapping[str, object]) -> str | None:
    of_metric, of_resource = shape.mapping(metric.get("labels")), shape.mapping(shape.dig(says, "resource", "labels"))
    return shape.first(
        of_resource.get("host"),  # of an uptime check, whose display name is the check's
        says.get("resource_display_name"),
        of_metric.get("instance_name"),
        *(of_resource.get(name) for name in HOSTS),
        _name(says.get("resource_name")),
    )


def _name(resource: object) -> str | None:
    """``web-1``; but of a time series about many, "acme VM Instance labels {project_id=acme}" names none."""
    said = shape.text(resource)
    return None if said and _LABELS in said else said


def _text(says: Mapping[str, object]) -> str | None:
    notes = says.get("documentation")
    about = shape.text(notes) or shape.text(shape.dig(notes, "content"))
    return "\n".join(said for each in (says.get("summary"), about) if (said := shape.text(each))) or None
