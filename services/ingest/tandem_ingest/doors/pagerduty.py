"""PagerDuty's doors: Events API v2 (``/v2/enqueue``), its change events, and the older v1.

An integration of vendor ``pagerduty`` is found by its secret, which is the routing key: in the body, or in the header
``X-Routing-Key``. What PagerDuty demands of an event is demanded here, in its words, because its senders never repeat
what was answered 400. An acknowledgement is answered 202 and changes nothing (ADR 29); so are changes, which are no
alerts. Clears of unknown keys are the router's to drop.

Source: PagerDuty/developer-docs, docs/events-API-v2 (02-Trigger-Events, 03-Send-Change-Events) and events-API-v1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from msgspec import structs

from tandem.errors import Reason, Refused, Unavailable
from tandem.model.alert import Alert
from tandem_ingest import normalise, text
from tandem_ingest.decode import decode
from tandem_ingest.doors.credentials import proves, unknown
from tandem_ingest.doors.door import REFUSALS, Answer, Asked, Taken, json_answer, later
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.normalise import Reading
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import shape
from tandem_ingest.vendors.catalogue import vendor_of
from tandem_ingest.vendors.monitoring.pagerduty import ACKNOWLEDGE, RESOLVE, action_of

SLUG = "pagerduty"
LIMIT = 512 * 1024
"""PagerDuty's own."""
KEY = 255
_ACTIONS = ("trigger", ACKNOWLEDGE, RESOLVE)
_SEVERITIES = ("critical", "warning", "error", "info")
_INVALID = MappingProxyType({"status": "invalid event", "message": "Event object is invalid"})
_PROCESSED = MappingProxyType({"status": "success", "message": "Event processed"})
_CHANGED = json_answer(202, {"status": "success", "message": "Change event processed"}, ignored=True)
_KEY_PLACE = "***"


class _PagerDutyDoor(ABC):
    """What the three have in common."""

    limit = LIMIT
    methods: tuple[str, ...] = ("POST",)
    key_field = "routing_key"
    odd_is_alert = True
    """A body that cannot be read may tell of an outage."""

    def allows(self, asked: Asked) -> bool:
        """Its methods, everywhere."""
        return asked.method in self.methods

    def find(self, asked: Asked, book: IntegrationBook) -> Answer | None:  # noqa: ARG002 - the body says whose it is
        """The address names nobody."""
        return None

    async def take(self, asked: Asked, book: IntegrationBook, now: datetime) -> Taken | Answer:
        """Proven by its key, then held to what PagerDuty demands."""
        body = asked.plain()
        event, fault = _decoded(body)
        shown = shape.text(shape.dig(event, self.key_field)) or asked.headers.get("x-routing-key", "").strip()
        asked.integration = integration = book.of_secret(shown, SLUG)
        if not shown:
            raise _invalid(fault or f"'{self.key_field}' is missing or blank")
        if integration is None or not proves(integration, shown, now):
            raise unknown()
        kept = body.replace(shown.encode("utf-8", "surrogatepass"), _KEY_PLACE.encode())
        if fault is not None and not self.odd_is_alert:
            raise _invalid(fault)
        if fault is not None:
            # The header proved it: an odd body must not silence an outage.
            return Taken(integration=integration, vendor=vendor_of(SLUG), body=kept, reading=Reading(quarantined=fault))
        faults = self.faults(event)
        if faults:
            raise _invalid(*faults)
        ignored = self.ignored(event)
        if ignored is not None:
            return ignored
        reading = normalise.read_value(vendor_of(SLUG), event, asked.headers)
        reading = structs.replace(reading, new_each_time=True)
        return Taken(integration=integration, vendor=vendor_of(SLUG), body=kept, reading=reading)

    @abstractmethod
    def faults(self, event: object) -> list[str]:
        """What PagerDuty would refuse it for."""
        ...

    @abstractmethod
    def ignored(self, event: object) -> Answer | None:
        """The answer to an event that changes nothing here."""
        ...

    @abstractmethod
    def accepted(self, asked: Asked, taken: Taken, alerts: Sequence[Alert]) -> Answer:
        """Word what was stored."""
        ...

    def refused(self, asked: Asked, refusal: Refused) -> Answer | Refused:  # noqa: ARG002 - as doors do
        """400 for what can never be taken, as PagerDuty does for a wrong key too."""
        if refusal.reason is Reason.UNAUTHENTICATED:
            return json_answer(400, {**_INVALID, "errors": ["Invalid routing key"]})
        status = REFUSALS.get(refusal.reason, 400)
        return json_answer(status, {**_INVALID, "errors": [*(refusal.errors or (refusal.detail,))]})

    def unavailable(self, asked: Asked, fault: Unavailable) -> Answer | Unavailable:  # noqa: ARG002 - as doors do
        """What its clients wait and come again for."""
        return later(429, {"status": "throttle exceeded", "message": "Not stored now. Please retry later."})


class EventsDoor(_PagerDutyDoor):
    """``POST /v2/enqueue``."""

    def faults(self, event: object) -> list[str]:
        """Each field that is missing or holds what PagerDuty does not take."""
        action = action_of(event)
        found = [] if action in _ACTIONS else [_fault("event_action", shape.dig(event, "event_action"), _ACTIONS)]
        found += _key_faults(event, "dedup_key", needed=action in {ACKNOWLEDGE, RESOLVE})
        if action != "trigger":
            return found
        payload = shape.dig(event, "payload")
        if not isinstance(payload, dict):
            return [*found, "'payload' is missing or blank"]
        for name in ("summary", "source"):
            if shape.text(payload.get(name)) is None:
                found.append(f"'payload.{name}' is missing or blank")
        if shape.word(payload.get("severity")) not in _SEVERITIES:
            found.append(_fault("payload.severity", payload.get("severity"), _SEVERITIES))
        return found

    def ignored(self, event: object) -> Answer | None:
        """An acknowledgement."""
        if action_of(event) != ACKNOWLEDGE:
            return None
        return json_answer(202, {**_PROCESSED, "dedup_key": _key(event, "dedup_key")}, ignored=True)

    def accepted(self, asked: Asked, taken: Taken, alerts: Sequence[Alert]) -> Answer:  # noqa: ARG002 - as doors do
        """With the key, which we made when there was none."""
        return json_answer(202, {**_PROCESSED, "dedup_key": alerts[0].dedup_key})


class ChangesDoor(_PagerDutyDoor):
    """``POST /v2/change/enqueue``: a deployment, a new configuration. Taken, counted and not kept."""

    odd_is_alert = False

    def faults(self, event: object) -> list[str]:
        """A change needs a summary."""
        missing = shape.text(shape.dig(event, "payload", "summary")) is None
        return ["'payload.summary' is missing or blank"] if missing else []

    def ignored(self, event: object) -> Answer | None:  # noqa: ARG002 - every one is
        """Every change."""
        return _CHANGED

    def accepted(self, asked: Asked, taken: Taken, alerts: Sequence[Alert]) -> Answer:  # noqa: ARG002 - as doors do
        """Never asked: no change is stored."""
        return _CHANGED


class EventsV1Door(_PagerDutyDoor):
    """``POST /generic/2010-04-15/create_event.json``."""

    key_field = "service_key"

    def faults(self, event: object) -> list[str]:
        """A type, and a description or a key to go with it."""
        action = action_of(event)
        found = [] if action in _ACTIONS else [_fault("event_type", shape.dig(event, "event_type"), _ACTIONS)]
        found += _key_faults(event, "incident_key", needed=action in {ACKNOWLEDGE, RESOLVE})
        if action == "trigger" and shape.text(shape.dig(event, "description")) is None:
            found.append("'description' is missing or blank")
        return found

    def ignored(self, event: object) -> Answer | None:
        """An acknowledgement."""
        if action_of(event) != ACKNOWLEDGE:
            return None
        return json_answer(200, {**_PROCESSED, "incident_key": _key(event, "incident_key")}, ignored=True)

    def accepted(self, asked: Asked, taken: Taken, alerts: Sequence[Alert]) -> Answer:  # noqa: ARG002 - as doors do
        """With the key, which we made when there was none."""
        return json_answer(200, {**_PROCESSED, "incident_key": alerts[0].dedup_key})

    def unavailable(self, asked: Asked, fault: Unavailable) -> Answer | Unavailable:  # noqa: ARG002 - as doors do
        """Clients of v1 come again for 5xx; 429 came later."""
        return later(503, {"status": "unavailable", "message": "Not stored now. Please retry later."})


def _decoded(body: bytes) -> tuple[object, str | None]:
    """The event, or why it is none."""
    try:
        event = decode(body)
    except Unreadable as fault:
        return None, f"Event object format is unrecognized: {fault.reason}"
    return event, None if isinstance(event, dict) else "Event object format is unrecognized: not an object"


def _key(event: object, name: str) -> str:
    """As an alert would carry it."""
    return text.key(shape.text(shape.dig(event, name)) or "")[0]


def _key_faults(event: object, name: str, *, needed: bool) -> list[str]:
    key = shape.text(shape.dig(event, name))
    if key is None:
        return [f"'{name}' is missing or blank"] if needed else []
    return [f"'{name}' is too long (at most {KEY} characters)"] if len(key) > KEY else []


def _fault(name: str, value: object, allowed: Sequence[str]) -> str:
    if shape.text(value) is None:
        return f"'{name}' is missing or blank"
    return f"'{name}' is invalid (must be one of: {', '.join(allowed)})"


def _invalid(*errors: str) -> Refused:
    return Refused(Reason.INVALID, errors[0], errors=errors)
