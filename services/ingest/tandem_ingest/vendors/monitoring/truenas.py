"""TrueNAS: the text of its alert services Slack and Mattermost, whose address is free.

``TrueNAS @ HOST``, then what is new and what has been cleared, each as a list, then all that goes on, which was told
before. An alert's text is the same when it is cleared. It says neither how bad it is nor since when.
Source: truenas/middleware src/middlewared/middlewared/alert/base.py (format_alerts), html2text (lists, lines of 78).
"""

from __future__ import annotations

from collections.abc import Iterator

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest import text
from tandem_ingest.vendors.draft import draft

OPENINGS = ("TrueNAS ", "FreeNAS ")
"""What its text begins with."""
_AT = " @ "
_BULLET = "* "
_TEST = "this is a test alert"
_ALERTS = 200


def alerts_of(said: str) -> list[VendorAlert]:
    """The alerts that are new or cleared in ``said``; empty when it is no text of TrueNAS."""
    first, _, rest = said.partition("\n")
    _, at, host = first.partition(_AT)
    if not at or not said.startswith(OPENINGS):
        return []
    if rest.strip().casefold() == _TEST:
        return [draft(title=rest, status=AlertStatus.FIRING, host=host, test=True)]
    return [
        draft(
            title=item,
            status=status,
            host=host,
            dedup_key=f"truenas:{text.short_hash(host.strip(), item.casefold())}",
            description=item,
        )
        for _, (status, item) in zip(range(_ALERTS), _items(rest), strict=False)
    ]


def _items(said: str) -> Iterator[tuple[AlertStatus, str]]:
    """The items of the lists that count; a line further in goes on with the item before it."""
    status: AlertStatus | None = None
    item: list[str] = []
    for line in (*said.splitlines(), _BULLET):
        told = line.strip()
        is_head, is_item = line[:1].isalpha() and told.endswith(":"), f"{told} ".startswith(_BULLET)
        if item and status is not None and (is_head or is_item):
            yield status, " ".join(item)
        if is_head:
            status, item = _status(told), []
        elif is_item:
            item = [told.removeprefix(_BULLET)]
        elif told and item:
            item.append(told)


def _status(head: str) -> AlertStatus | None:
    """Of the list below ``New alerts:``, ``These alerts have been cleared:``; None below ``Current alerts:``."""
    if head.startswith("New "):
        return AlertStatus.FIRING
    return AlertStatus.RESOLVED if head.endswith(" cleared:") else None
