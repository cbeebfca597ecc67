"""Graylog event notifications (HTTP), and the alert callback of Graylog before 3.1. Events are never cleared.

One event definition and key, or group of an aggregation, is one condition. ``event.source`` is the Graylog server:
fields and the messages of the backlog name the machine.
Source: Graylog documentation "Alerts: data available to notifications".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline

PRIORITY: Mapping[str, Severity] = MappingProxyType(
    {
        "0": Severity.INFO,
        "1": Severity.LOW,
        "2": Severity.MEDIUM,
        "3": Severity.HIGH,
        "4": Severity.CRITICAL,
        **{word: level for word, level in severity.WORDS.items() if word != "normal"},
        "normal": Severity.MEDIUM,
    }
)
TEST_TITLE = "event definition test title"
HOSTS = ("host", "hostname", "source", "computer", "host_hostname", "agent_name", "winlogbeat_computer_name")
BACKLOG = 50
_SOURCES = (("source",), ("fields", "source"), ("message", "source"))


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The event of a post; a list of posts is a batch."""
    return batch.one_or_many(body, _alert)


def delivery_id(body: object, headers: Mapping[str, str]) -> str | None:  # noqa: ARG001 - as above
    """The event's id; a repeated notification of the same event is the same delivery."""
    return shape.text(shape.dig(body, "event", "id"))


def _alert(body: object) -> VendorAlert:
    says = shape.mapping(body)
    event = shape.mapping(says.get("event"))
    if not event and says.get("check_result") is not None:
        return _callback(says)
    event = event or says  # a custom notification's template may be flat
    title = headline(shape.first(says.get("event_definition_title")), event.get("message"))
    if title is None:
        raise Unreadable("no event_definition_title or event.message: not a Graylog notification")
    fields = {**shape.mapping(event.get("fields")), **shape.mapping(event.get("group_by_fields"))}
    return draft(
        title=title,
        status=AlertStatus.FIRING,
        severity=severity.of_word(event.get("priority"), PRIORITY),
        severity_word=event.get("priority"),
        host=_host(fields) or _host_of_backlog(says.get("backlog")) or shape.text(event.get("source")),
        occurred_at=times.parse(event.get("timestamp")),
        dedup_key=_condition(says, event),
        customer=shape.first(*(fields.get(name) for name in ("customer", "tenant", "client"))),
        url=says.get("http_external_uri"),
        description=shape.first(says.get("event_definition_description"), event.get("message")),
        labels={
            "event_definition": says.get("event_definition_title"),
            "event_definition_type": says.get("event_definition_type"),
            "streams": event.get("source_streams"),
            "key": event.get("key"),
            **fields,
        },
        test=shape.word(says.get("event_definition_title")) == TEST_TITLE,
    )


def _condition(says: Mapping[str, object], event: Mapping[str, object]) -> str | None:
    definition = shape.first(says.get("event_definition_id"), event.get("event_definition_id"))
    groups = shape.mapping(event.get("group_by_fields"))  # of an aggregation, which has no key
    key = shape.first(event.get("key"), shape.joined(event.get("key_tuple")), shape.joined(list(groups.values())))
    return f"{definition}/{key}" if definition and key else definition


def _host(fields: Mapping[str, object]) -> str | None:
    return shape.first(*(fields.get(name) for name in HOSTS))


def _host_of_backlog(backlog: object) -> str | None:
    """The machine all messages of the backlog come from; of several none is the one."""
    messages = backlog[:BACKLOG] if isinstance(backlog, list) else []
    found = {shape.first(*(shape.dig(each, *path) for path in _SOURCES)) for each in messages} - {None}
    return found.pop() if len(found) == 1 else None


def _callback(says: Mapping[str, object]) -> VendorAlert:
    result, stream = shape.mapping(says.get("check_result")), shape.mapping(says.get("stream"))
    condition = shape.mapping(result.get("triggered_condition"))
    stream_id, condition_id = shape.text(stream.get("id")), shape.text(condition.get("id"))
    return draft(
        title=headline(shape.first(condition.get("title"), stream.get("title")), result.get("result_description")),
        status=AlertStatus.RESOLVED if result.get("triggered") is False else AlertStatus.FIRING,
        host=_host_of_backlog(result.get("matching_messages")),
        occurred_at=times.parse(result.get("triggered_at")),
        dedup_key=f"{stream_id or ''}/{condition_id or ''}" if stream_id or condition_id else None,
        description=result.get("result_description"),
        labels={"stream": stream.get("title"), "condition_type": condition.get("type")},
    )
