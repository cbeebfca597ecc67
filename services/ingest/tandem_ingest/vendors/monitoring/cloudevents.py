"""CloudEvents 1.0: structured, binary (``ce-*`` headers) and batch. Source and id name the delivery.

The attributes say what happened to whom; severity, status and a better title stand in the data, if anywhere, under
the names of the generic body. An event type that ends in a word for "over" (``alarm.cleared``) is the clear of its
sibling, same source and subject. Source: cloudevents/spec v1.0.2, HTTP and JSON bindings.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.decode import check_limits
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape, tags
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.monitoring import generic, lenient
from tandem_ingest.vendors.monitoring.shapes import as_generic

OVER = generic.CLEAR | {"deactivated", "ended", "fixed", "restored"}
BEGUN = frozenset(
    {"raised", "fired", "firing", "triggered", "created", "opened", "activated", "started", "problem", "down", "failed"}
)
VALIDATION = "microsoft.eventgrid.subscriptionvalidationevent"
OWN = frozenset({"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data",
                 "data_base64"})  # fmt: skip
_PREFIX = "ce-"


def decode(body: bytes, headers: Mapping[str, str]) -> object:
    """A structured event or a batch; in binary mode the event that headers and body make together.

    Raises:
        Refused: a bomb.
        Unreadable: no JSON, outside binary mode.
    """
    if "ce-id" not in headers and "ce-type" not in headers:
        return lenient.json_or_text(body, headers)
    event: dict[str, object] = {
        name[len(_PREFIX) :]: unquote(value) for name, value in headers.items() if name.startswith(_PREFIX)
    }
    event["data"] = lenient.json_or_text(body, headers) if body.strip() else None
    return event


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The events of a post; none for an Event Grid subscription's validation."""
    events = body if isinstance(body, list) else [body]
    kept = [each for each in events if shape.word(shape.dig(each, "type")) != VALIDATION]
    return batch.each(kept, _event) if kept or not events else []


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """Source and id of a single event, which together are unique; a batch is named by its bytes."""
    source, its_id = shape.text(shape.dig(body, "source")), shape.text(shape.dig(body, "id"))
    return f"{source}|{its_id}" if source and its_id else None


def _event(body: object) -> VendorAlert:
    event = shape.mapping(body)
    kind = shape.text(event.get("type"))
    data = _data(event)
    says = {**{n: v for n, v in event.items() if n not in OWN}, **as_generic(shape.mapping(data))}
    text = shape.text(data)
    title = _title(says, text, event)
    if title is None or (kind is None and event.get("specversion") is None):
        raise Unreadable("no type or specversion: not a CloudEvent")
    word = shape.first(says.get("severity"), says.get("priority"), says.get("level"))
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if _is_over(says, kind) else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        host=shape.first(says.get("host"), says.get("hostname"), says.get("device"), event.get("subject")),
        occurred_at=times.parse(
            shape.either(event.get("time"), says.get("time"), says.get("timestamp"), says.get("occurred_at"))
        ),
        dedup_key=_condition(says, kind, event),
        customer=shape.first(says.get("tenant"), says.get("customer"), says.get("client")),
        url=shape.first(says.get("url"), says.get("link")),
        description=shape.first(says.get("description"), says.get("details"), says.get("message"), text),
        labels={
            "type": kind,
            "source": event.get("source"),
            "subject": event.get("subject"),
            "function": says.get("function"),
            **shape.mapping(says.get("labels")),
        },
        test=says.get("test") is True,
    )


def _data(event: Mapping[str, object]) -> object:
    """``data``, or what ``data_base64`` holds if that is JSON or text."""
    packed = event.get("data_base64")
    if not isinstance(packed, str) or event.get("data") is not None:
        return tags.opened(event.get("data"))
    try:
        raw = base64.b64decode(packed, validate=True)
        check_limits(raw)
        found: object = msgspec.json.decode(raw)
    except ValueError:
        return None
    return found


def _title(says: Mapping[str, object], text: str | None, event: Mapping[str, object]) -> str | None:
    line = text.splitlines()[0] if text and text[0] not in "<{[" else None  # a document is no sentence
    kind, subject = shape.text(event.get("type")), shape.text(event.get("subject"))
    made = f"{kind}: {subject}" if kind and subject else kind
    return shape.first(*(says.get(name) for name in generic.TITLES), says.get("description"), line,
                       says.get("rule"), made)  # fmt: skip


def _is_over(says: Mapping[str, object], kind: str | None) -> bool:
    status = shape.word(says.get("status")) or shape.word(says.get("state"))
    return status in generic.CLEAR if status else _last(kind) in OVER


def _last(kind: str | None) -> str:
    """The last word of an event type, without a version: ``com.acme.alarm.raised.v1`` -> ``raised``."""
    words = (kind or "").casefold().replace("/", ".").replace("_", ".").split(".")
    if len(words) > 1 and words[-1][:1] == "v" and words[-1][1:].isdigit():
        words.pop()
    return words[-1]


def _condition(says: Mapping[str, object], kind: str | None, event: Mapping[str, object]) -> str | None:
    own = shape.first(says.get("dedup_key"), says.get("dedupKey"), says.get("fingerprint"), says.get("alert_id"))
    source, subject = shape.text(event.get("source")), shape.text(event.get("subject"))
    if own is not None or source is None or subject is None:
        return own
    last = _last(kind)
    stem = (kind or "").casefold()
    if last in OVER | BEGUN:
        stem = stem[: stem.rindex(last)].rstrip("./_")
    return f"{source}|{stem}|{subject}"
