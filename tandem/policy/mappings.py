"""The mapping an integration carries, in PostgreSQL. Whether a document is one is checked by whoever calls."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.db.pool import unavailable
from tandem.errors import Reason, Refused

_SET = text("UPDATE agreement.integration SET mapping = :mapping WHERE name = :name RETURNING name")
_GET = text("SELECT tenant, vendor, mapping FROM agreement.integration WHERE name = :name")


async def set_mapping(engine: AsyncEngine, name: str, mapping: str | None) -> None:
    """Read the integration's bodies by ``mapping``, None for the vendor's own reading; ingest knows in two seconds.

    Raises:
        Refused: there is no such integration.
    """
    with unavailable():
        async with engine.begin() as connection:
            if (await connection.execute(_SET, {"name": name, "mapping": mapping})).first() is None:
                raise _nowhere(name)


async def mapping_of(engine: AsyncEngine, name: str) -> tuple[str, str, str | None]:
    """Tenant, vendor and mapping of an integration.

    Raises:
        Refused: there is no such integration.
    """
    with unavailable():
        async with engine.connect() as connection:
            row = (await connection.execute(_GET, {"name": name})).first()
    if row is None:
        raise _nowhere(name)
    return row.tenant, row.vendor, row.mapping


def _nowhere(name: str) -> Refused:
    return Refused(Reason.NOT_FOUND, f"there is no integration {name[:64]!r}; `tandem integrations list` shows them")
