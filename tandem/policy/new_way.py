"""A new way in, from what is wanted to a stored one with its first secret: the path of command line and console."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.errors import Reason, Refused
from tandem.model.integration import Integration
from tandem.model.integration_faults import faults
from tandem.policy import shelf
from tandem.policy.integrations import add_integration
from tandem.policy.mappings import set_mapping
from tandem.policy.secrets import Made


async def add_way(
    policy: AsyncEngine,
    wanted: Integration,
    *,
    key: bytes,
    now: datetime,
    secret: str | None = None,
    mapping: str | None = None,
) -> Made:
    """Store ``wanted``; its secret is in what is returned and nowhere else.

    Args:
        policy: may write schema agreement.
        secret: the vendor's own; by default Tandem makes one.
        mapping: a document that was checked before; None: its vendor's own reading.

    Raises:
        Refused: INVALID, NOT_FOUND for a provider without a document, CONFLICT for a name that is taken.
        Unavailable: the database is away.
    """
    wrong = faults(wanted)
    if wrong:
        raise Refused(Reason.INVALID, "; ".join(wrong))
    if wanted.provider is not None and not await shelf.provider_versions(policy, wanted.provider):
        raise Refused(Reason.NOT_FOUND, f"there is no provider {wanted.provider[:64]!r}; apply its document first")
    made = await add_integration(policy, wanted, key=key, now=now, secret=secret)
    if mapping is not None:
        await set_mapping(policy, wanted.name, mapping)
    return made
