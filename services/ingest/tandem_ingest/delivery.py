"""Which posts are the same delivery come again. Pure memory, no clock, no I/O; bounded.

A dialect's own id decides where there is one. Without one, identical bytes within ten minutes are one delivery
unless another status of one of its dedup keys came between: then the condition did come back. The id is made of
the bytes, the ten minutes the first of them came in, and how often those keys have changed status; so another process,
or this one after a restart, makes the same id for a retry, without a look-up. What a restart forgets is the number of
changes: README.md says what that can cost.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Generic, TypeVar

from tandem.model.alert import AlertStatus

WINDOW = timedelta(minutes=10)
CAPACITY = 20_000
"""Deliveries, and dedup keys, remembered; about 15 MiB when both are full."""
_OWN_LENGTH = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class Seen:
    """One delivery we know."""

    delivery_id: str
    first_at: datetime
    changes: int
    digest: bytes
    durable: bool = False
    """It has been appended: coming again it needs no second append."""


class _Recent(Generic[Key, Value]):
    """The last ``capacity`` entries by use. A plain dict finds its first entry only past all that were deleted."""

    def __init__(self, capacity: int) -> None:
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._capacity = capacity

    def get(self, key: Key) -> Value | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: Key, entry: Value) -> None:
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


class Deliveries:
    """Remembers deliveries and the status of their conditions."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._seen: _Recent[tuple[str, str | bytes], Seen] = _Recent(capacity)
        self._status: _Recent[tuple[str, str], tuple[AlertStatus, int]] = _Recent(capacity)

    def recognise(
        self,
        integration: str,
        own_id: str | None,
        body: bytes,
        statuses: Iterable[tuple[str, AlertStatus]],
        now: datetime,
    ) -> Seen:
        """The delivery this post is, known or new; call it once per post, before the append.

        Args:
            integration: ids and bytes count within one integration only.
            own_id: the dialect's own id of the delivery, of any content.
            body: as received.
            statuses: dedup key and status of each alert, in order.
            now: aware UTC.
        """
        changes = self._count_changes(integration, dict(statuses))
        digest = sha256(body).digest()
        if own_id:
            return self._by_id(integration, tidy(own_id), digest, changes, now)
        seen = self._seen.get((integration, digest))
        if seen is None or now - seen.first_at >= WINDOW or seen.changes != changes:
            seen = Seen(_derived_id(digest, now, changes), now, changes, digest)
            self._seen.put((integration, digest), seen)
        return seen

    def _by_id(self, integration: str, own_id: str, digest: bytes, changes: int, now: datetime) -> Seen:
        """An id that comes with other bytes is a vendor's mistake: dropping it would lose an alert."""
        seen = self._seen.get((integration, own_id))
        if seen is not None and seen.digest != digest:
            own_id = f"{own_id}~{digest.hex()[:16]}"
            seen = self._seen.get((integration, own_id))
        if seen is None:
            seen = Seen(own_id, now, changes, digest)
            self._seen.put((integration, own_id), seen)
        return seen

    def _count_changes(self, integration: str, statuses: dict[str, AlertStatus]) -> int:
        """How often the conditions of a post have changed status, this post included."""
        total = 0
        for dedup_key, status in statuses.items():
            last, changes = self._status.get((integration, dedup_key)) or (status, 0)
            if last is not status:
                changes += 1
            self._status.put((integration, dedup_key), (status, changes))
            total += changes
        return total


def tidy(own_id: str) -> str:
    """A vendor's id as it may be stored: printable ASCII of bounded length, or else its hash."""
    if len(own_id) <= _OWN_LENGTH and own_id.isascii() and own_id.isprintable():
        return own_id
    return sha256(own_id.encode("utf-8", "surrogatepass")).hexdigest()


def _derived_id(digest: bytes, now: datetime, changes: int) -> str:
    window = (now - _EPOCH) // WINDOW
    return f"{digest.hex()[:32]}@{window}.{changes}" if changes else f"{digest.hex()[:32]}@{window}"
