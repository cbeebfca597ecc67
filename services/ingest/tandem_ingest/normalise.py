"""From the bytes of an authentic post to alerts: decode, adapt, and what becomes of a body that cannot be read.

Pure. Knows no integration's secrets and gives no ids to alerts; accept.py does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from tandem.ids import alert_id
from tandem.model.alert import EMPTY, Alert, AlertStatus, Severity, VendorAlert
from tandem.model.integration import Integration
from tandem_ingest import kept_headers, tenancy, text, unwrap
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors.vendor import Vendor

_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a mistake in an adapter raises. The tests hold every adapter to be total; an outage must not wait for them."""
_CONTENT_TYPE = 200
_WRAPPED = 3
"""How many wrappers are taken off."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a body says. Without alerts and not quarantined, the post is none: a handshake, an installation."""

    alerts: tuple[VendorAlert, ...] = ()
    delivery_id: str | None = None
    """The dialect's own id of the post."""
    quarantined: str | None = None
    """Why the body, or a part of it, could not be read."""
    new_each_time: bool = False
    """An alert without a key is a new condition at every delivery, as its API promises, instead of R-P8's hash."""


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """An authentic post, as received."""

    integration: Integration
    vendor: Vendor
    body: bytes
    content_type: str | None
    received_at: datetime
    headers: Mapping[str, str] = EMPTY
    """Names in lower case; kept of a post that cannot be read, see kept_headers.py."""


def read(vendor: Vendor, body: bytes, headers: Mapping[str, str]) -> Reading:
    """Read ``body`` in ``vendor``'s dialect.

    Args:
        headers: names in lower case.

    Raises:
        Refused: TOO_COMPLEX, see ``decode``.
    """
    try:
        return read_value(vendor, vendor.decode(body, headers), headers)
    except Unreadable as fault:
        return Reading(alerts=fault.readable, quarantined=fault.reason)
    except _FAULTS as fault:
        return Reading(quarantined=f"the {vendor.slug} adapter failed: {type(fault).__name__}")


def read_value(vendor: Vendor, decoded: object, headers: Mapping[str, str]) -> Reading:
    """Read what ``vendor`` has decoded, or a door has; never raises.

    A body in which the adapter finds nothing is looked for inside what may have been put around it, see unwrap.py.
    """
    first = reading = _read_value(vendor, decoded, headers)
    for _ in range(_WRAPPED):
        if reading.alerts or reading.quarantined is None or (decoded := unwrap.inner(decoded)) is None:
            break
        reading = _read_value(vendor, decoded, headers)
    return reading if reading.alerts or reading.quarantined is None else first


def _read_value(vendor: Vendor, decoded: object, headers: Mapping[str, str]) -> Reading:
    try:
        return Reading(alerts=tuple(vendor.read(decoded, headers)), delivery_id=vendor.delivery_id(decoded, headers))
    except Unreadable as fault:
        return Reading(alerts=fault.readable, quarantined=fault.reason)
    except _FAULTS as fault:
        return Reading(quarantined=f"the {vendor.slug} adapter failed: {type(fault).__name__}")


def keys(reading: Reading, post: Post) -> list[str]:
    """The dedup key of each alert this post makes, in order; the plain alert of an unreadable part comes last."""
    found = [alert.dedup_key or derived_key(alert, post.integration) for alert in reading.alerts]
    return [*found, f"unreadable:{post.integration.name}"] if reading.quarantined is not None else found


def final_keys(keys: list[str], reading: Reading, post: Post, delivery_id: str) -> list[str]:
    """``keys`` once the delivery is known: a retry of a delivery has the keys it had, a new delivery has new ones."""
    if not reading.new_each_time:
        return keys
    missing = [alert.dedup_key is None for alert in reading.alerts]
    return [
        _id(post.integration, delivery_id, index).hex if missing[index : index + 1] == [True] else key
        for index, key in enumerate(keys)
    ]


def derived_key(alert: VendorAlert, integration: Integration) -> str:
    """The identity of a condition whose source gives it none: where it came from, where it is, what it says (R-P8)."""
    parts = (integration.tenant, integration.name, alert.customer or "", alert.host or "", alert.title.casefold())
    return f"derived:{text.short_hash(*parts)}"


def accepted(reading: Reading, post: Post, dedup_keys: list[str], delivery_id: str) -> list[Alert]:
    """The alerts of a delivery with their ids, in the order of ``dedup_keys``; the first carries the raw body.

    Where one post speaks of several customers, none of them may read it: only its unreadable part keeps the bytes,
    which waits for its owner. An alert whose owner is unknown has the integration's own tenant until then (tenancy.py).
    """
    found = [*reading.alerts]
    if reading.quarantined is not None:
        found.append(plain(post.integration, post.headers))
    last = len(found) - 1
    integration = post.integration
    keeper = 0
    if tenancy.is_mixed(integration, found):
        keeper = last if reading.quarantined is not None else -1
    return [
        Alert(
            alert_id=_id(integration, delivery_id, index),
            tenant=tenancy.owner(integration, each) or integration.tenant,
            integration=integration.name,
            vendor=post.vendor.slug,
            kind=post.vendor.kind,
            delivery_id=delivery_id,
            dedup_key=dedup_keys[index],
            title=each.title,
            status=each.status,
            severity=each.severity,
            severity_word=each.severity_word,
            host=each.host,
            occurred_at=each.occurred_at,
            received_at=post.received_at,
            expires_at=_expires_at(each, post.received_at),
            customer=each.customer,
            url=each.url,
            description=each.description,
            labels=each.labels,
            test=each.test,
            quarantined=reading.quarantined if index == last else None,
            raw=post.body if index == keeper else b"",
            content_type=_tidy(post.content_type) if index == keeper else None,
        )
        for index, each in enumerate(found)
    ]


def _expires_at(alert: VendorAlert, received_at: datetime) -> datetime | None:
    """When a firing alert is over of itself; an instant that has passed already says nothing."""
    at = alert.expires_at
    return at if at is not None and at > received_at and alert.status is AlertStatus.FIRING else None


def _id(integration: Integration, delivery_id: str, index: int) -> UUID:
    return alert_id(integration.tenant, integration.name, delivery_id, index)


def plain(integration: Integration, headers: Mapping[str, str] = EMPTY) -> VendorAlert:
    """The alert that stands for a post which could not be read, with what its ``headers`` say of it."""
    return VendorAlert(
        title=f"Unreadable alert from {integration.name}",
        status=AlertStatus.FIRING,
        severity=Severity.UNKNOWN,
        description="The sender proved who it is, but its message could not be read. The raw bytes are kept.",
        labels=kept_headers.kept(headers, integration) if headers else EMPTY,
    )


def _tidy(content_type: str | None) -> str | None:
    return text.line(content_type, _CONTENT_TYPE)[0] or None if content_type else None
