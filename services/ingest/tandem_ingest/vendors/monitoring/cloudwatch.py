"""AWS CloudWatch alarms and other events, as SNS posts them: in its envelope, raw, or as a Lambda's records.

The envelope's ``Message`` is a JSON string for alarms and EventBridge events, and text for whatever a person
publishes. Subscription confirmations are no alerts; who may confirm them is not decided here. An alarm has no
severity of its own: a word set off in its name says one, by our convention.
Source: Amazon SNS "HTTP/HTTPS notification JSON format", aws-lambda-go events/testdata, EventBridge event reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from tandem.errors import Refused
from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import decode, times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline
from tandem_ingest.vendors.monitoring import aws_backup, aws_event, generic, plaintext, speech

OTHERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "host": ("Source ID", "EC2InstanceId", "resource"),
        "customer": ("AccountId", "accountId", "account", "AWSAccountId"),
        "description": ("Cause", "Event Message", "Description"),
        "url": ("Identifier Link", "anomalyDetailsLink"),
        "dedup_key": ("anomalyId",),
    }
)
"""What services call it that post JSON of their own."""
CONFIRMATIONS = frozenset({"subscriptionconfirmation", "unsubscribeconfirmation"})
ENVELOPE = "notification"


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:
    """The alerts of a post; none for a confirmation."""
    records = shape.dig(body, "Records")
    if isinstance(records, list):
        return batch.each([shape.dig(each, "Sns") for each in records], _of_envelope)
    kind = shape.first(shape.dig(body, "Type"), headers.get("x-amz-sns-message-type")) or ""
    if kind.casefold() in CONFIRMATIONS:
        return []
    is_envelope = shape.dig(body, "Message") is not None and not _is_alarm(body)
    return [_of_envelope(body)] if is_envelope else batch.one_or_many(_unfolded(body), _of_message)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:
    """SNS's message id: the same in every retry."""
    return shape.first(shape.dig(body, "MessageId"), headers.get("x-amz-sns-message-id"), _event_id(body))


def _event_id(body: object) -> object:
    return shape.dig(body, "id") if shape.dig(body, "detail-type") is not None else None


def _unfolded(body: object) -> object:
    """A page of Security Hub's API, and a custom action on several findings, as one message for each of them."""
    page = shape.dig(body, "Findings")
    chosen = shape.dig(body, "detail", "findings")
    if isinstance(page, list):
        return page
    if isinstance(body, dict) and isinstance(chosen, list) and len(chosen) > 1:
        return [{**body, "detail": {"findings": [each]}} for each in chosen]
    return body


def _is_alarm(value: object) -> bool:
    return shape.dig(value, "AlarmName") is not None


def _of_envelope(body: object) -> VendorAlert:
    message = shape.dig(body, "Message")
    return _of_message(_inner(message), shape.mapping(body))


def _inner(message: object) -> object:
    """The JSON in ``Message``; text stays text. A gateway may have decoded it already."""
    if not isinstance(message, str) or message.lstrip()[:1] not in {"{", "["}:
        return message
    raw = message.encode("utf-8", "surrogatepass")
    try:
        decode.check_limits(raw)
        found: object = msgspec.json.decode(raw)
    except (ValueError, Refused):
        return message
    return found


def _of_message(message: object, envelope: Mapping[str, object] = shape.EMPTY) -> VendorAlert:
    if _is_alarm(message):
        return _alarm(shape.mapping(message), envelope)
    if (found := aws_event.finding_of(message)) is not None:
        return aws_event.read(found)
    if shape.dig(message, "detail-type") is not None:
        return aws_event.read(shape.mapping(message))
    said = shape.text(message)
    if said is not None:
        at, topic = times.parse(envelope.get("Timestamp")), envelope.get("TopicArn")
        return aws_backup.read(said, occurred_at=at, topic=topic) or plaintext.alert_of(
            said, subject=envelope.get("Subject"), occurred_at=at, labels={"topic": topic}
        )
    return _other(shape.mapping(message), envelope)


def _alarm(says: Mapping[str, object], envelope: Mapping[str, object]) -> VendorAlert:
    state = shape.word(says.get("NewStateValue"))
    word = speech.level_in_name(shape.text(says.get("AlarmName")))
    trigger = shape.mapping(says.get("Trigger"))
    metric = _metric(trigger)
    dimensions = _dimensions(metric.get("Dimensions"))
    return draft(
        title=headline(says.get("AlarmName"), shape.first(says.get("AlarmDescription"), says.get("NewStateReason"))),
        status=AlertStatus.RESOLVED if state == "ok" else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        host=aws_event.host_of(dimensions),
        occurred_at=times.parse(shape.either(says.get("StateChangeTime"), envelope.get("Timestamp"))),
        dedup_key=shape.text(says.get("AlarmArn")) or _place(says),
        customer=says.get("AWSAccountId"),
        description=_lines(says.get("AlarmDescription"), says.get("NewStateReason")),
        labels={
            "state": says.get("NewStateValue"),
            "old_state": says.get("OldStateValue"),
            "region": says.get("Region"),
            "namespace": metric.get("Namespace"),
            "metric": metric.get("MetricName"),
            "topic": envelope.get("TopicArn"),
            **dimensions,
        },
    )


def _place(says: Mapping[str, object]) -> str:
    """What the ARN would say, for messages from before it was in them."""
    parts = (says.get("AWSAccountId"), says.get("Region"), says.get("AlarmName"))
    return "/".join(said for each in parts if (said := shape.text(each)))


def _metric(trigger: Mapping[str, object]) -> Mapping[str, object]:
    """The one metric of a trigger, or the first that its expression is made of."""
    metrics = trigger.get("Metrics")
    if not isinstance(metrics, list):
        return trigger
    found = [shape.mapping(shape.dig(each, "MetricStat", "Metric")) for each in metrics]
    return next((each for each in found if each), trigger)


def _dimensions(value: object) -> dict[str, object]:
    pairs = [shape.mapping(each) for each in value] if isinstance(value, list) else []
    named = {shape.first(each.get("name"), each.get("Name")): shape.either(each.get("value"), each.get("Value"))
             for each in pairs}  # fmt: skip
    return {name: said for name, said in named.items() if name}


def _lines(*values: object) -> str | None:
    return "\n".join(said for each in values if (said := shape.text(each))) or None


def _other(says: Mapping[str, object], envelope: Mapping[str, object]) -> VendorAlert:
    """JSON of another AWS service (RDS, Auto Scaling, Cost Anomaly Detection) or, in the generic names, of a script."""
    known: dict[str, object] = {
        ours: found for ours, names in OTHERS.items() if (found := shape.first(*map(says.get, names)))
    }
    title = headline(shape.first(envelope.get("Subject"), says.get("Event")), says.get("Event Message"))
    title = shape.first(says.get("title"), says.get("summary"), title, says.get("message"))
    if title is None:
        raise Unreadable("neither an alarm, an event nor a text")
    at = shape.either(says.get("time"), says.get("timestamp"))
    known["time"] = at if times.parse(at) else envelope.get("Timestamp")
    labels = {"topic": envelope.get("TopicArn"), **shape.mapping(says.get("labels"))}
    return generic.read({**says, **known, "title": title, "labels": labels}, {})[0]
