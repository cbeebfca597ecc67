"""Handshakes of senders that ask first whether an address wants their posts. Pure; asked of proven posts only.

Sources: learn.microsoft.com, Microsoft Graph change notifications (``validationToken``, answered as plain text within
ten seconds, markup escaped) and Azure Event Grid endpoint validation; cloudevents/spec http-webhook.md section 4.
"""

from __future__ import annotations

import html
from collections.abc import Mapping

from tandem.errors import Refused
from tandem_ingest.decode import decode
from tandem_ingest.doors.door import Answer, json_answer
from tandem_ingest.signature import parameters
from tandem_ingest.unreadable import Unreadable

LONGEST = 4096
"""Of a token we repeat."""
ORIGIN = "webhook-request-origin"
_ORIGIN_LENGTH = 253
_PARAMETER = "validationToken"
_EVENT = b"Microsoft.EventGrid.SubscriptionValidationEvent"
_PLAIN = (("x-content-type-options", "nosniff"), ("cache-control", "no-store"))


def of_post(query: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
    """The answer to Microsoft Graph's or Event Grid's question; None when the post is something else."""
    if _PARAMETER in query and (answer := _graph(query)) is not None:
        return answer
    if headers.get("aeg-event-type", "").lower() == "subscriptionvalidation" or _EVENT in body[:LONGEST]:
        return _event_grid(body)
    return None


def of_options(headers: Mapping[str, str]) -> Answer | None:
    """The answer to a sender of CloudEvents that asks for leave; None when the request is something else."""
    origin = headers.get(ORIGIN, "").strip()
    if not origin or len(origin) > _ORIGIN_LENGTH or not (origin.isascii() and origin.isprintable()):
        return None
    allowed = (("allow", "POST"), ("webhook-allowed-origin", origin), ("webhook-allowed-rate", "*"))
    return Answer(status=200, media="text/plain", headers=(*_PLAIN, *allowed), ignored=True)


def _graph(query: str) -> Answer | None:
    token = dict(parameters(query)).get(_PARAMETER, "")
    if not token or len(token) > LONGEST:
        return None
    said = html.escape(token).encode("utf-8", "replace")
    return Answer(status=200, body=said, media="text/plain; charset=utf-8", headers=_PLAIN, ignored=True)


def _event_grid(body: bytes) -> Answer | None:
    try:
        said = decode(body)
    except (Unreadable, Refused):
        return None
    event = said[0] if isinstance(said, list) and said else said
    data = event.get("data") if isinstance(event, dict) and event.get("eventType") == _EVENT.decode() else None
    code = data.get("validationCode") if isinstance(data, dict) else None
    if not isinstance(code, str) or not code or len(code) > LONGEST:
        return None
    return json_answer(200, {"validationResponse": code.encode("utf-8", "replace").decode()}, ignored=True)
