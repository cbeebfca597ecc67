"""What ``GET /api/v2/alerts`` shows: the alerts that came by this door and have not ended. Memory, bounded by bytes.

Not the truth of anything: it belongs to this process, begins empty with it, and forgets the oldest when it is full.
Incidents are in the console. It is here because amtool asks back what it has posted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

import msgspec

from tandem_ingest.doors.posted_alerts import Posted

BYTES = 8 << 20
LARGEST = 64 << 10
RECEIVER = "tandem"
_encode = msgspec.json.Encoder().encode


class StandingAlerts:
    """Encoded alerts by integration and fingerprint."""

    def __init__(self, most_bytes: int = BYTES) -> None:
        """``most_bytes`` over all integrations."""
        self._most = most_bytes
        self._size = 0
        self._kept: OrderedDict[tuple[str, str], tuple[datetime, bytes]] = OrderedDict()

    def heard(self, integration: str, alerts: Iterable[Posted], now: datetime) -> None:
        """Keep the firing ones, forget the resolved ones."""
        for posted in alerts:
            self._forget((integration, posted.fingerprint))
            document = _document(posted, now)
            if posted.ends_at > now and len(document) <= LARGEST:
                self._kept[integration, posted.fingerprint] = posted.ends_at, document
                self._size += len(document)
        while self._size > self._most:
            self._forget(next(iter(self._kept)))

    def of(self, integration: str, now: datetime) -> list[bytes]:
        """The JSON of each alert of ``integration`` that has not ended."""
        return [
            document for (name, _), (ends_at, document) in self._kept.items() if name == integration and ends_at > now
        ]

    def _forget(self, key: tuple[str, str]) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._size -= len(gone[1])


def _document(posted: Posted, now: datetime) -> bytes:
    """A ``gettableAlert`` of Alertmanager's API."""
    return _encode(
        {
            "annotations": posted.annotations,
            "endsAt": posted.ends_at,
            "fingerprint": posted.fingerprint,
            "receivers": [{"name": RECEIVER}],
            "startsAt": posted.starts_at,
            "status": {"inhibitedBy": [], "silencedBy": [], "state": "active"},
            "updatedAt": now,
            "generatorURL": posted.url,
            "labels": posted.labels,
        }
    )
