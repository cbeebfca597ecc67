"""Reads a post that was put aside again, as its integration is read now, and sends what it says on the usual way.

The ids of the alerts it makes follow from the id of the post that was put aside: replayed twice, they are dropped by
the router as every delivery that comes again. They go by the table of what waits its turn, because only ingest writes
to the topic; so a replay of a thousand posts delays nobody. What becomes of a post is written down: see set_aside.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from msgspec import structs

from tandem.errors import Reason, Refused
from tandem.model.alert import Alert, AlertStatus, Severity, VendorAlert
from tandem.model.aside import Aside, Reread
from tandem.model.integration import Integration
from tandem_ingest import normalise, tenancy
from tandem_ingest.dialects import Dialects
from tandem_ingest.normalise import Post, Reading
from tandem_ingest.vendors.vendor import Vendor


def reading_for(integration: Integration) -> Vendor:
    """How the posts of ``integration`` are read now."""
    dialects = Dialects()
    faults = dialects.replace((integration,))
    if faults:
        raise Refused(Reason.CONFLICT, f"its mapping is faulty: {faults[integration.name]}")
    return dialects.of(integration)


def reread(aside: Aside, integration: Integration, now: datetime) -> Reread:
    """The alerts a post makes now, without those that it made when it came. Pure.

    Where one integration posts for several clients each alert goes to the one it names, as when it comes by the door;
    one that names nobody, of a post that a person gave to a client, is that client's.

    Raises:
        Refused: CONFLICT, with the reason why it cannot be read now either; TOO_COMPLEX for a bomb.
    """
    if aside.raw is None:
        raise Refused(Reason.CONFLICT, "the body of this post is not kept any longer")
    vendor = reading_for(integration)
    kind = {"content-type": aside.content_type} if aside.content_type else {}
    reading = normalise.read(vendor, aside.raw, {**aside.headers, **kind})
    if reading.quarantined is not None:
        raise Refused(Reason.CONFLICT, f"it still cannot be read as {vendor.name}: {reading.quarantined}")
    post = Post(
        integration=integration, vendor=vendor, body=aside.raw, content_type=aside.content_type, received_at=now
    )
    found = [_owned(each, aside, integration) for each in _alerts(aside, post, reading)]
    new = [each for each in found if each.dedup_key not in aside.known_keys]
    held = [each for each in new if _is_nobodys(each, aside, integration)]
    return Reread(alerts=tuple(each for each in new if each not in held), held=tuple(held), cleared=_clears(aside))


def cleared(aside: Aside, integration: Integration, now: datetime) -> Sequence[Alert]:
    """What ends the plain alert when ``aside`` was the last one and is discarded; nothing else. Pure."""
    if not _clears(aside):
        return ()
    post = Post(
        integration=integration, vendor=Dialects().of(replace(integration, mapping=None)), body=b"",
        content_type=None, received_at=now,
    )  # fmt: skip
    return [_owned(each, aside, integration) for each in _alerts(aside, post, Reading())]


def _alerts(aside: Aside, post: Post, reading: Reading) -> list[Alert]:
    clear = (_clear(post.integration),) if _clears(aside) else ()
    keys = [*normalise.keys(reading, post), *(_plain_key(post.integration) for _ in clear)]
    whole = Reading(alerts=(*reading.alerts, *clear))
    return normalise.accepted(whole, post, keys, f"replay:{aside.alert_id}")


def _clears(aside: Aside) -> bool:
    """Whether the plain alert ends with this post; of one that waits at ingest nobody was told by one."""
    return aside.last and not aside.waits


def _owned(alert: Alert, aside: Aside, integration: Integration) -> Alert:
    """``alert`` as its client's: what a post names counts, then what a person said."""
    if aside.waits or integration.tenant_from is None:
        return alert
    named = tenancy.customer_of(integration, alert)
    is_ours = alert.dedup_key == _plain_key(integration) or not named
    return replace(alert, tenant=aside.tenant) if is_ours else alert


def _is_nobodys(alert: Alert, aside: Aside, integration: Integration) -> bool:
    if alert.dedup_key == _plain_key(integration):
        return False
    named = tenancy.customer_of(integration, alert)
    return tenancy.waits(integration, alert) and (aside.waits or bool(named))


def _plain_key(integration: Integration) -> str:
    return f"unreadable:{integration.name}"


def _clear(integration: Integration) -> VendorAlert:
    plain = normalise.plain(integration)
    return structs.replace(
        plain,
        status=AlertStatus.RESOLVED,
        severity=Severity.UNKNOWN,
        description="What could not be read has been read again.",
    )
