"""Uptime Kuma: ``{heartbeat, monitor, msg}``, as JSON, in the field ``data`` of a form, or as query parameters.

``heartbeat`` and ``monitor`` are both null in its test message and in notices that concern no beat, such as a
certificate that will expire. ``time`` is UTC without saying so. A monitor has no severity; by our convention its tags
``severity``, ``host`` and ``customer`` count.
Source: louislam/uptime-kuma, server/notification-providers/webhook.js and server/model.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from urllib.parse import urlsplit

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import batch, chat, severity, shape, tags
from tandem_ingest.vendors.draft import draft

STATES = {"0": "down", "1": "up", "2": "pending", "3": "maintenance"}
MARKS = {
    " up]": "up", "[up]": "up", " down]": "down", "[down]": "down", " is up!": "up", " is back online": "up",
    " went down": "down",
}  # fmt: skip
"""What a notice without a beat says of the state, "[name] [✅ Up] reason"; the last ones are of messages for chats."""
TEST = frozenset({"test", "testing"})
_EXPIRY = (" will expire", " will be expired")
"""The second is of 1.x."""


def read(body: object, headers: Mapping[str, str]) -> list[VendorAlert]:  # noqa: ARG001 - the adapters' one signature
    """The one beat or notice of a post."""
    return batch.one_or_many(body, _beat)


def _beat(body: object) -> VendorAlert:
    says = shape.mapping(tags.opened(shape.dig(body, "data")) or body)
    if says.keys().isdisjoint(("msg", "heartbeat", "monitor")):  # its messages for Slack, Discord and the like
        says = shape.mapping(chat.plain(says))
    beat, monitor = (shape.mapping(tags.opened(says.get(name))) for name in ("heartbeat", "monitor"))
    custom = {name.casefold(): value for name, value in says.items()}  # of a body of one's own, in any spelling
    notice = shape.first(*(custom.get(name) for name in ("msg", "message", "body", "title", "text", "summary")))
    title = _headline(notice, beat, monitor)
    if title is None:
        raise Unreadable("no msg, heartbeat or monitor: not an Uptime Kuma notification")
    tagged = tags.pairs(monitor.get("tags"))
    state, word = _state(beat, f"{notice} [{custom.get('status')}]"), tagged.get("severity")
    return draft(
        title=title,
        status=AlertStatus.RESOLVED if state == "up" else AlertStatus.FIRING,
        severity=Severity.INFO if state == "maintenance" else severity.of_word(word),
        severity_word=word,
        host=tags.named(tagged, tags.HOST) or _host(monitor),
        occurred_at=times.parse(beat.get("time"), zone=UTC),
        dedup_key=shape.first(
            None if beat else _expiring(notice),
            monitor.get("id"),
            beat.get("monitorID"),
            None if "monitor" in says else custom.get("service name") or custom.get("monitor") or _named(notice),
        ),
        customer=tags.named(tagged, tags.CUSTOMER),
        url=_url(monitor),
        description=shape.first(beat.get("msg"), notice),
        labels={
            "state": state,
            "monitor": monitor.get("name"),
            "monitor_type": monitor.get("type"),
            "path": monitor.get("pathName"),
            "important": beat.get("important"),
            "retries": beat.get("retries"),
            "ping": beat.get("ping"),
            **tagged,
        },
        test=not beat and not monitor and _is_test(notice or ""),
    )


def _is_test(notice: str) -> bool:
    """Its button sends "NAME Testing"; a certificate of a test site that expires is none."""
    return _expiring(notice) is None and not TEST.isdisjoint(notice.casefold().split())


def _state(beat: Mapping[str, object], notice: str | None) -> str | None:
    said = shape.word(beat.get("status"))
    if said:
        return STATES.get(said, said)
    told = (notice or "").casefold()
    return next((state for mark, state in MARKS.items() if mark in told), None)


def _headline(notice: str | None, beat: Mapping[str, object], monitor: Mapping[str, object]) -> str | None:
    """``msg`` has all: "[name] [Down] reason"."""
    parts = shape.text(monitor.get("name")), shape.text(beat.get("msg"))
    return notice.splitlines()[0] if notice else ": ".join(each for each in parts if each) or None


def _host(monitor: Mapping[str, object]) -> str | None:
    """What is watched: its address, the host of its URL, or its name."""
    return shape.first(monitor.get("hostname"), _host_of(shape.text(monitor.get("url"))), monitor.get("name"))


def _host_of(url: str | None) -> str | None:
    try:
        return urlsplit(url).hostname if url else None
    except ValueError:  # brackets that hold no address
        return None


def _url(monitor: Mapping[str, object]) -> str | None:
    """What is watched; a monitor that watches no URL holds a bare ``https://``."""
    url = shape.text(monitor.get("url"))
    return url if _host_of(url) else None


def _named(notice: str | None) -> str | None:
    """The monitor in "[name] [Down] reason", of a body of one's own that has only this text."""
    name, bracket, rest = (notice or "").partition("]")
    return name[1:].strip() or None if name.startswith("[") and bracket and rest.strip().startswith("[") else None


def _expiring(notice: str | None) -> str | None:
    """A certificate that expires is told on several days: all but the number of days is the same."""
    mark = next((each for each in _EXPIRY if each in (notice or "")), None)
    return (notice or "").split(mark)[0] if mark else None
