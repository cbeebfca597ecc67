"""The generic body: what our templates post and what a person's own script may post. Only ``title`` is required."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft

CLEAR = frozenset(
    {"resolved", "resolve", "ok", "clear", "cleared", "closed", "recovered", "recovery", "up", "normal", "success"}
)
DELIVERY_HEADERS = ("webhook-id", "idempotency-key", "x-tandem-delivery")


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The alerts of a post: one object, or a list of them."""
    return batch.one_or_many(body, _alert)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """What the sender calls this post, if it does."""
    return next((headers[name] for name in DELIVERY_HEADERS if headers.get(name)), None)


def _alert(body: object) -> VendorAlert:
    says = shape.mapping(body)
    title = shape.first(says.get("title"), says.get("name"), says.get("summary"), says.get("message"))
    if title is None:
        raise Unreadable("no title")
    status = shape.word(says.get("status")) or shape.word(says.get("state"))
    labels = {"function": None, **shape.mapping(says.get("labels"))}
    labels["function"] = shape.either(says.get("function"), labels["function"])
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if status in CLEAR else AlertStatus.FIRING,
        severity=severity.of_word(says.get("severity")),
        severity_word=says.get("severity"),
        host=shape.first(says.get("host"), says.get("hostname"), says.get("device")),
        occurred_at=times.parse(shape.either(says.get("time"), says.get("timestamp"), says.get("occurred_at"))),
        dedup_key=shape.first(says.get("dedup_key"), says.get("dedupKey")),
        customer=shape.first(says.get("tenant"), says.get("customer"), says.get("client")),
        url=shape.first(says.get("url"), says.get("link")),
        description=shape.first(says.get("description"), says.get("details")),
        labels=labels,
        test=says.get("test") is True,
    )
