"""Whose pages are sent by whom: a process leases what is due, and gives back what it did not send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.db.pool import unavailable
from tandem_notifier.lanes import Kind, kind_of
from tandem_notifier.paging import LEASE, Page
from tandem_notifier.store.due import claim_sql
from tandem_notifier.store.pages import COLUMNS, page_of
from tandem_notifier.urgency import Urgency

CLAIM = claim_sql(COLUMNS)

# A page that nobody began to send keeps its attempt; of one whose attempt was cut, the next one counts up.
_GIVE_BACK = """
UPDATE notifier.page
SET leased_by = CASE WHEN page_id = ANY($2::uuid[]) THEN leased_by END,
    leased_until = CASE WHEN page_id = ANY($2::uuid[]) THEN $3::timestamptz END
WHERE state = 'sending' AND leased_by = $1::text
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a process may claim now."""

    boot: str
    sole: bool
    """No other process sends: leases of older boots are nobody's."""
    in_memory: Sequence[UUID]
    ailing: Sequence[str]
    """Targets whose last attempt failed."""
    least: Urgency
    """The least urgent that is wanted."""
    places: int
    """Pages at most."""
    places_per_kind: int
    places_per_ailing_target: int
    """Of each urgency."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim got."""

    pages: list[Page]
    more: frozenset[Kind]
    """Of these kinds more may wait."""


async def claim(connection: Any, wish: Claim, now: datetime) -> Claimed:  # noqa: ANN401 - connection or proxy
    """Lease due pages to this boot: retries, and what another boot or a full queue left behind."""
    with unavailable():
        rows = await connection.fetch(
            CLAIM,
            now,
            wish.boot,
            wish.sole,
            list(wish.in_memory),
            list(wish.ailing),
            wish.places_per_kind,
            wish.places_per_ailing_target,
            now + LEASE,
            wish.places,
            wish.least,
        )
    pages = [page_of(row) for row in rows]
    full = len(pages) >= wish.places
    return Claimed(
        sorted(pages, key=lambda page: page.planned_at),
        frozenset(kind_of(page) for page, row in zip(pages, rows, strict=True) if full or row["more"]),
    )


async def give_back(connection: Any, boot: str, begun: Sequence[UUID], now: datetime) -> None:  # noqa: ANN401 - as claim
    """End the leases of ``boot``, which sends no more; ``begun``: pages whose attempt may have reached somebody.

    Raises:
        Unavailable: the database is away.
    """
    with unavailable():
        await connection.execute(_GIVE_BACK, boot, begun, now)
