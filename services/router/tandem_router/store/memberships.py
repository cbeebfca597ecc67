"""Which incident holds a condition that its group does not tell, and the last number per tenant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from tandem.db.pool import unavailable
from tandem.db.write import Statement, Writes
from tandem_router.joining import MOST_MOVED
from tandem_router.together.work import Membership

PUT_MEMBER = Statement(
    name="router_member",
    width=4,
    sql="insert into router.member (tenant, dedup_key, incident_id, unkept)"
    " select * from unnest($1::text[], $2::text[], $3::uuid[], $4::bool[])"
    " on conflict (tenant, dedup_key) do update set incident_id = excluded.incident_id, unkept = excluded.unkept",
)

PUT_NUMBER = Statement(
    name="router_numbering",
    width=2,
    sql="insert into router.numbering as n (tenant, last) select * from unnest($1::text[], $2::int[])"
    " on conflict (tenant) do update set last = greatest(n.last, excluded.last)",
)

_CONDITIONS = """
select m.incident_id, m.dedup_key from unnest($1::uuid[]) as i(id) cross join lateral (
    select incident_id, dedup_key from router.member m where m.incident_id = i.id limit $2
) m
"""


def put_memberships(writes: Writes, joined: Mapping[Membership, UUID], unkept: Collection[Membership]) -> None:
    """Remember which incident holds a dedup key that was grouped with others, and whether it fires unkept there."""
    for member, incident_id in joined.items():
        writes.put(PUT_MEMBER, member, (*member, incident_id, member in unkept))


def put_numbers(writes: Writes, numbers: Mapping[str, int]) -> None:
    """The last number per tenant."""
    for tenant, last in numbers.items():
        writes.put(PUT_NUMBER, tenant, (tenant, last))


async def conditions_of(
    connection: Any,  # noqa: ANN401 - as lookup.load
    incidents: Collection[UUID],
) -> dict[UUID, set[str]]:
    """Conditions that incidents are found by beside their group, at most one more than a merge may move."""
    found: dict[UUID, set[str]] = {}
    if incidents:
        with unavailable():
            for row in await connection.fetch(_CONDITIONS, list(incidents), MOST_MOVED + 1):
                found.setdefault(row["incident_id"], set()).add(row["dedup_key"])
    return found
