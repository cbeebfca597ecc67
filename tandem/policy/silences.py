"""Silences and maintenance windows that people make at run time, in PostgreSQL.

What a document says needs no consent beyond its signatures; what a person makes here holds P1 and security alerts
only once somebody of each party has consented. Nothing is deleted: ending one is an instant, kept with who did it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from types import MappingProxyType

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.agreement.made import Consent, Made
from tandem.agreement.schema.suppression import MaintenanceSpec, SilenceSpec
from tandem.db.pool import unavailable
from tandem.errors import Reason, Refused
from tandem.model.ownership import Actor, Party
from tandem.model.suppression import SuppressionKind

MOST = 500
"""That stand at once per client and kind: a runaway script shall not slow every decision."""
KEPT_DAYS = 2
"""So long the services still see one that is over, to tell of its end."""

_TABLES = {SuppressionKind.SILENCE: "agreement.silence", SuppressionKind.WINDOW: "agreement.maintenance"}
_NAMES = {SuppressionKind.SILENCE: "silence", SuppressionKind.WINDOW: "maintenance window"}


async def add(engine: AsyncEngine, made: Made, *, consents: bool = True) -> Made:
    """Store one; with ``consents`` the maker's own party agrees by asking that P1 is held too.

    The same id again is the same request: what is stored is answered.

    Raises:
        Refused: too many stand already.
    """
    table = _TABLES[made.kind]
    async with _writing(engine) as connection:
        count = text(f"SELECT count(*) FROM {table} WHERE tenant = :tenant AND ended_at IS NULL"  # noqa: S608 - ours
                     " AND (expires_at IS NULL OR expires_at > :now)")  # fmt: skip
        standing = (await connection.execute(count, {"tenant": made.tenant, "now": made.made_at})).scalar_one()
        if standing >= MOST:
            raise Refused(Reason.CONFLICT, f"{MOST} of these stand already; end some before you make more")
        given = {}
        if consents and made.spec.allow_suppress_p1 and made.made_by.party is not None:
            given[made.made_by.party] = Consent(person=made.made_by.person or "somebody", at=made.made_at)
        insert = text(
            f"INSERT INTO {table} (tenant, id, spec, made_by_party, made_by, made_at, expires_at, consent)"  # noqa: S608
            " VALUES (:tenant, :id, cast(:spec as jsonb), :party, :person, :now, :expires_at, cast(:consent as jsonb))"
            " ON CONFLICT DO NOTHING"
        )
        values = {
            "tenant": made.tenant,
            "id": made.id,
            "spec": made.spec.model_dump_json(by_alias=True, exclude_none=True),
            "party": made.made_by.party.value if made.made_by.party else None,
            "person": made.made_by.person or "somebody",
            "now": made.made_at,
            "expires_at": made.expires_at,
            "consent": _consent_text(given),
        }
        await connection.execute(insert, values)
        return await _one(connection, made.kind, [made.tenant], made.id)


async def end(
    engine: AsyncEngine, kind: SuppressionKind, tenants: Iterable[str], id: str, *, by: Actor, now: datetime
) -> Made:
    """End one of ``tenants`` now; what it held is looked at again at once.

    Raises:
        Refused: there is none of that id, or it has ended already.
    """
    async with _writing(engine) as connection:
        found = await _one(connection, kind, tenants, id, lock=True)
        if found.ended_at is not None:
            raise Refused(Reason.CONFLICT, f"it was ended at {found.ended_at:%Y-%m-%d %H:%M} UTC already")
        update = text(
            f"UPDATE {_TABLES[kind]} SET ended_at = :now, ended_by_party = :party, ended_by = :person"  # noqa: S608
            " WHERE tenant = :tenant AND id = :id"
        )
        who = {"party": by.party.value if by.party else None, "person": by.person or "somebody"}
        await connection.execute(update, {"tenant": found.tenant, "id": id, "now": now, **who})
        return await _one(connection, kind, [found.tenant], id)


async def consent(
    engine: AsyncEngine, kind: SuppressionKind, tenants: Iterable[str], id: str, *, by: Actor, now: datetime
) -> Made:
    """Agree, for one's own party, that it holds P1 and security alerts too. Agreeing twice changes nothing.

    Raises:
        Refused: nothing was asked for, it has ended, or the person belongs to no party.
    """
    async with _writing(engine) as connection:
        found = await _one(connection, kind, tenants, id, lock=True)
        if by.party is None:
            raise Refused(Reason.FORBIDDEN, "only a person of one of the parties can consent")
        if not found.spec.allow_suppress_p1:
            raise Refused(Reason.CONFLICT, "it does not ask to hold P1 and security alerts; nothing to consent to")
        if found.ended_at is not None:
            raise Refused(Reason.CONFLICT, "it has ended already")
        given = {by.party: Consent(person=by.person or "somebody", at=now), **found.consent}
        update = text(
            f"UPDATE {_TABLES[kind]} SET consent = cast(:consent as jsonb) WHERE tenant = :tenant AND id = :id"  # noqa: S608
        )
        await connection.execute(update, {"tenant": found.tenant, "id": id, "consent": _consent_text(given)})
        return await _one(connection, kind, [found.tenant], id)


async def listed(
    engine: AsyncEngine,
    kind: SuppressionKind,
    tenants: Iterable[str],
    *,
    now: datetime,
    over: bool = False,
    limit: int = MOST,
) -> list[Made]:
    """Those that stand or are to come, newest first; with ``over`` also those that are over."""
    query = text(
        f"SELECT * FROM {_TABLES[kind]} WHERE tenant = any(:tenants) AND (:over OR (ended_at IS NULL"  # noqa: S608
        " AND (expires_at IS NULL OR expires_at > :now))) ORDER BY made_at DESC, id LIMIT :limit"
    )
    values = {"tenants": sorted(tenants), "over": over, "now": now, "limit": limit}
    with unavailable():
        async with engine.connect() as connection:
            return [_made(kind, row) for row in (await connection.execute(query, values)).mappings()]


async def standing(connection: AsyncConnection, since: datetime | None) -> list[Made]:
    """Everything that services have to know, of every client; what was over before ``since`` is left out."""
    found = []
    for kind, table in _TABLES.items():
        query = text(
            f"SELECT * FROM {table} WHERE cast(:since as timestamptz) IS NULL"  # noqa: S608
            " OR (coalesce(ended_at, :since) >= :since AND coalesce(expires_at, :since) >= :since) ORDER BY tenant, id"
        )
        rows = (await connection.execute(query, {"since": since})).mappings()
        found += [_made(kind, row) for row in rows]
    return found


@asynccontextmanager
async def _writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    with unavailable():
        async with engine.begin() as connection:
            yield connection


async def _one(
    connection: AsyncConnection, kind: SuppressionKind, tenants: Iterable[str], id: str, *, lock: bool = False
) -> Made:
    for_update = " FOR UPDATE" if lock else ""
    query = text(f"SELECT * FROM {_TABLES[kind]} WHERE tenant = any(:tenants) AND id = :id{for_update}")  # noqa: S608
    row = (await connection.execute(query, {"tenants": sorted(tenants), "id": id})).mappings().first()
    if row is None:
        raise Refused(Reason.NOT_FOUND, f"there is no {_NAMES[kind]} {id[:64]!r} here that a person made")
    return _made(kind, row)


def _made(kind: SuppressionKind, row: RowMapping) -> Made:
    model = SilenceSpec if kind is SuppressionKind.SILENCE else MaintenanceSpec
    given = {Party(party): msgspec.convert(each, Consent) for party, each in row["consent"].items()}
    return Made(
        kind=kind,
        tenant=row["tenant"],
        id=row["id"],
        spec=model.model_validate(row["spec"]),
        made_by=_actor(row["made_by_party"], row["made_by"]),
        made_at=row["made_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        ended_by=_actor(row["ended_by_party"], row["ended_by"]) if row["ended_at"] else None,
        consent=MappingProxyType(given),
    )


def _actor(party: str | None, person: str) -> Actor:
    return Actor(Party(party) if party else None, person)


def _consent_text(given: Mapping[Party, Consent]) -> str:
    return msgspec.json.encode({party.value: each for party, each in given.items()}).decode()
