"""Opsgenie's door: ``/v2/alerts``, and ``/v2/alerts/{identifier}/close`` with the other acts.

An integration of vendor ``opsgenie`` is found by its secret, which is the API key (``Authorization: GenieKey KEY``).
Closing resolves, deleting too; every other act (acknowledge, notes, tags, ...) is answered 202 and changes nothing
(ADR 29). An identifier is taken for the alias whatever ``identifierType`` says: we hand out no other.

Source: docs.opsgenie.com, Alert API (create, close; answers and errors), opsgenie/opsgenie-go-sdk-v2.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tandem.errors import Reason, Refused, Unavailable
from tandem.model.alert import Alert
from tandem_ingest import normalise, text
from tandem_ingest.decode import decode
from tandem_ingest.doors.credentials import authorization, proves, unknown
from tandem_ingest.doors.door import REFUSALS, Answer, Asked, Taken, json_answer, later
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.normalise import Reading
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import shape
from tandem_ingest.vendors.catalogue import vendor_of

SLUG = "opsgenie"
PREFIX = "/v2/alerts"
LIMIT = 1024 * 1024
CLOSE = "close"
KEY = 512
"""Opsgenie's longest alias; ours is shorter and keeps longer ones apart by a hash."""
_STATUS = {**REFUSALS, Reason.NOT_FOUND: 404}
_encode = msgspec.json.Encoder().encode


class OpsgenieDoor:
    """Takes, closes, and answers the rest politely."""

    limit = LIMIT
    methods = ("POST", "PUT", "PATCH", "DELETE")

    def allows(self, asked: Asked) -> bool:
        """Its methods, everywhere."""
        return asked.method in self.methods

    def find(self, asked: Asked, book: IntegrationBook) -> Answer | None:
        """``what`` becomes the act, ``secret`` stays None; the identifier may hold slashes."""
        asked.integration = book.of_secret(authorization(asked.headers), SLUG)
        return None

    async def take(self, asked: Asked, book: IntegrationBook, now: datetime) -> Taken | Answer:  # noqa: ARG002 - as doors do
        """Proven by its key; an alert, a clear, or nothing new."""
        integration = asked.integration
        if integration is None or not proves(integration, authorization(asked.headers), now):
            raise unknown()
        body = asked.plain()
        identifier, act = _act(asked)
        if act not in {"", CLOSE}:
            return json_answer(202, _processed(asked), ignored=True)
        if act == CLOSE:
            body = _closing(body, identifier)
        return Taken(integration=integration, vendor=vendor_of(SLUG), body=body, reading=_read(body, asked))

    def accepted(self, asked: Asked, taken: Taken, alerts: Sequence[Alert]) -> Answer:  # noqa: ARG002 - as doors do
        """Opsgenie promises to process it; here it is stored."""
        return json_answer(202, _processed(asked))

    def refused(self, asked: Asked, refusal: Refused) -> Answer | Refused:
        """A message, and for a body that does not do the field that is wrong."""
        if refusal.reason is Reason.UNAUTHENTICATED:
            return json_answer(401, {"message": "Could not authenticate", **_took(asked)})
        errors = dict(error.split(": ", 1) for error in refusal.errors)
        message = "Request body is not processable. Please check the errors." if errors else refusal.detail
        document = {"message": message, **({"errors": errors} if errors else {}), **_took(asked)}
        return json_answer(_STATUS.get(refusal.reason, 422 if errors else 400), document)

    def unavailable(self, asked: Asked, fault: Unavailable) -> Answer | Unavailable:  # noqa: ARG002 - as doors do
        """What its clients wait and come again for."""
        return later(429, {"message": "Not stored now, please try again later.", **_took(asked)})


def _act(asked: Asked) -> tuple[str, str]:
    """Identifier and act: empty for a new alert, ``close`` for a deletion too."""
    rest = asked.path[len(PREFIX) :].strip("/")
    if asked.method == "DELETE" and "/" not in rest:
        return rest, CLOSE
    identifier, _, act = rest.rpartition("/")
    if bool(identifier) != bool(act):
        raise Refused(Reason.NOT_FOUND, "there is nothing at this address")
    return identifier, act if asked.method == "POST" else f"{asked.method} {act}"


def _read(body: bytes, asked: Asked) -> Reading:
    try:
        alert = decode(body)
    except Unreadable as fault:
        return Reading(quarantined=fault.reason)
    if isinstance(alert, dict) and "alert" not in alert and shape.text(alert.get("message")) is None:
        raise Refused(Reason.INVALID, "message can not be empty", errors=("message: can not be empty",))
    return normalise.read_value(vendor_of(SLUG), alert, asked.headers)


def _closing(body: bytes, identifier: str) -> bytes:
    """The close as Opsgenie's own webhook tells it: a body alone does not say which alert, and may be missing."""
    try:
        says = decode(body)
    except Unreadable:
        says = None
    note, source = (shape.text(shape.dig(says, name)) or "" for name in ("note", "source"))
    alert = {
        "alias": text.line(identifier, KEY)[0],
        "description": text.block(note, text.DESCRIPTION)[0],
        "source": text.line(source, text.LABEL)[0],
    }
    return _encode({"action": CLOSE, "alert": alert})


def _processed(asked: Asked) -> dict[str, object]:
    return {"result": "Request will be processed", **_took(asked)}


def _took(asked: Asked) -> dict[str, object]:
    """Clients parse ``took``; what it says nobody needs."""
    return {"took": 0.0, "requestId": asked.request_id}
