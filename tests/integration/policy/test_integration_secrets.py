"""Secrets of ways in: several while rotating, the vendor's own, ended, sealed anew; and a provider's customers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.agreement.load import Documents, provider_source, tenant_source
from tandem.db.pool import engine
from tandem.errors import Refused
from tandem.model.integration import AuthKind, Integration
from tandem.model.signing import PRESETS
from tandem.policy import secrets
from tandem.policy.integrations import add_integration, enable, load_integrations, one_integration
from tandem.policy.seal import SealBroken
from tandem.policy.versions import apply_documents
from tandem_ingest.signature import verify
from tests.support.postgres import Database
from tests.support.vendor_signers import SIGNERS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY, NEW_KEY = b"k" * 32, b"n" * 32
WAY = Integration(name="hunt", tenant="acme", vendor="generic", auth=AuthKind.HMAC, hmac=PRESETS["svix"])


@dataclass
class Desk:
    """The policy's hand, and ingest's eyes."""

    policy: AsyncEngine
    ingest: AsyncEngine

    async def add(self, one: Integration, **more) -> secrets.Made:
        return await add_integration(self.policy, one, key=KEY, now=NOW, **more)

    async def known(self, name: str, now: datetime = NOW, key: bytes = KEY) -> Integration:
        return next(each for each in await load_integrations(self.ingest, key, now) if each.name == name)

    async def lets_in(self, name: str, secret: str, now: datetime = NOW, key: bytes = KEY) -> bool:
        one = await self.known(name, now, key)
        headers = SIGNERS["svix"](secret, b"{}", now) if one.hmac else {"authorization": f"Bearer {secret}"}
        try:
            verify(one, headers, None, b"{}", now)
        except Refused:
            return False
        return True


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    policy = engine(database.dsn, "tandem_policy", pooled=False)
    ingest = engine(database.dsn, "tandem_ingest", pooled=False)
    yield Desk(policy, ingest)
    await policy.dispose()
    await ingest.dispose()


async def test_everything_an_integration_says_is_kept(desk: Desk) -> None:
    one = replace(
        WAY,
        also=(AuthKind.PATH, AuthKind.QUERY),
        header="Authorization",
        prefix="GenieKey",
        parameter="token",
        topics=("arn:aws:sns:eu-west-3:111122223333:ops",),
        provider="brightwater",
        tenant_from="labels.site",
    )

    await desk.add(one)

    assert replace(await desk.known("hunt"), secrets=()) == one


async def test_while_rotating_both_secrets_prove_a_post_until_the_overlap_ends(desk: Desk) -> None:
    first = await desk.add(WAY)
    second = await secrets.rotate(desk.policy, WAY, key=KEY, now=NOW, overlap=HOUR)

    for secret, later, expected in (
        (first.secret, timedelta(minutes=59), True),
        (second.secret, timedelta(minutes=59), True),
        (first.secret, HOUR, False),
        (second.secret, HOUR * 1000, True),
    ):
        assert await desk.lets_in("hunt", secret, NOW + later) is expected


async def test_no_overlap_ends_the_old_one_at_once(desk: Desk) -> None:
    first = await desk.add(WAY)

    await secrets.rotate(desk.policy, WAY, key=KEY, now=NOW, overlap=timedelta(0))

    assert not await desk.lets_in("hunt", first.secret)


async def test_a_second_rotation_does_not_lengthen_the_life_of_the_oldest(desk: Desk) -> None:
    first = await desk.add(WAY)
    await secrets.rotate(desk.policy, WAY, key=KEY, now=NOW, overlap=HOUR)
    await secrets.rotate(desk.policy, WAY, key=KEY, now=NOW, overlap=HOUR * 24)

    assert not await desk.lets_in("hunt", first.secret, NOW + HOUR)


async def test_the_vendors_own_secret_is_taken(desk: Desk) -> None:
    own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    await desk.add(WAY)

    made = await secrets.rotate(desk.policy, WAY, key=KEY, now=NOW, secret=own)

    assert made.secret == own
    assert await desk.lets_in("hunt", own)


@pytest.mark.parametrize(
    "own", ["", "short", "a" * 40, "x" * 600, "with a \n in the middle of it", "pässword-of-sixteen"]
)
async def test_a_secret_that_could_be_guessed_or_cannot_be_sent_is_refused(desk: Desk, own: str) -> None:
    with pytest.raises(Refused):
        await desk.add(WAY, secret=own)

    assert await load_integrations(desk.ingest, KEY, NOW) == []


async def test_one_secret_is_ended_by_the_beginning_of_its_id_and_the_others_stay(desk: Desk) -> None:
    first = await desk.add(WAY)
    second = await secrets.rotate(desk.policy, WAY, key=KEY, now=NOW, overlap=HOUR)

    await secrets.revoke(desk.policy, "hunt", str(first.secret_id)[:8], now=NOW)

    assert not await desk.lets_in("hunt", first.secret)
    assert await desk.lets_in("hunt", second.secret)
    for begin in (str(first.secret_id)[:8], "ffff0000", "%%%%", "a"):
        with pytest.raises(Refused):
            await secrets.revoke(desk.policy, "hunt", begin, now=NOW)


async def test_a_secret_of_another_integration_is_not_ended(desk: Desk) -> None:
    await desk.add(WAY)
    other = await desk.add(replace(WAY, name="other"))

    with pytest.raises(Refused):
        await secrets.revoke(desk.policy, "hunt", str(other.secret_id), now=NOW)


async def test_what_is_said_of_secrets_names_none(desk: Desk) -> None:
    made = await desk.add(WAY)

    (said,) = await secrets.valid_secrets(desk.policy, "hunt", NOW)

    assert said.keys() == {"id", "ending", "key_id", "created_at", "expires_at"}
    assert len(said["ending"]) == 4
    assert made.secret not in repr(made)


async def test_a_disabled_integration_lets_nobody_in_and_comes_back_with_its_secrets(desk: Desk) -> None:
    made = await desk.add(WAY)
    await enable(desk.policy, "hunt", enabled=False)
    off = await desk.lets_in("hunt", made.secret)
    await enable(desk.policy, "hunt", enabled=True)

    assert (off, await desk.lets_in("hunt", made.secret)) == (False, True)
    with pytest.raises(Refused):
        await enable(desk.policy, "nobody", enabled=True)
    with pytest.raises(Refused):
        await one_integration(desk.policy, "nobody")


async def test_where_amazon_signs_there_is_no_secret(desk: Desk) -> None:
    topics = ("arn:aws:sns:eu-west-3:111122223333:ops",)

    made = await desk.add(Integration(name="aws", tenant="acme", vendor="generic", auth=AuthKind.SNS, topics=topics))

    assert made.secret == ""
    assert (await desk.known("aws")).secrets == ()


# --- at rest ---------------------------------------------------------------------------------------------------------


async def test_no_secret_stands_in_the_database(desk: Desk, database: Database) -> None:
    made = [await desk.add(WAY), await desk.add(replace(WAY, name="plain", auth=AuthKind.BEARER, hmac=None))]
    admin = await database.admin()

    rows = await admin.fetch(
        "select t::text as row from agreement.secret t union all select t::text from agreement.integration t"
    )

    for each in made:
        assert not any(each.secret in row["row"] for row in rows)
        assert not any(each.secret.encode().hex() in row["row"] for row in rows)


async def test_a_row_moved_to_another_tenant_does_not_open(desk: Desk, database: Database) -> None:
    await desk.add(WAY)
    admin = await database.admin()
    await admin.execute("update agreement.secret set tenant = 'globex'")

    with pytest.raises(SealBroken):
        await desk.known("hunt")


async def test_a_new_envelope_key_takes_over_and_every_secret_still_proves_posts(desk: Desk) -> None:
    made = [await desk.add(replace(WAY, name=f"n{number}")) for number in range(3)]
    plain = await desk.add(replace(WAY, name="plain", auth=AuthKind.BEARER, hmac=None))

    first = await secrets.rewrap(desk.policy, old=KEY, new=NEW_KEY)
    again = await secrets.rewrap(desk.policy, old=KEY, new=NEW_KEY)

    assert (first, again) == ((3, 3), (3, 0))
    for each in (*made, plain):
        assert await desk.lets_in(each.integration.name, each.secret, key=NEW_KEY)
    with pytest.raises(SealBroken):
        await desk.known("n0", key=KEY)


async def test_a_wrong_old_key_changes_nothing_at_all(desk: Desk, database: Database) -> None:
    made = await desk.add(WAY)
    await desk.add(replace(WAY, name="second"))
    admin = await database.admin()
    before = await admin.fetch("select id, sealed, key_id from agreement.secret order by id")

    with pytest.raises(SealBroken):
        await secrets.rewrap(desk.policy, old=os.urandom(32), new=NEW_KEY)

    assert await admin.fetch("select id, sealed, key_id from agreement.secret order by id") == before
    assert await desk.lets_in("hunt", made.secret)


async def test_the_console_sees_how_old_secrets_of_its_tenants_are_and_no_digest(
    desk: Desk, database: Database
) -> None:
    await desk.add(WAY)
    pool = await database.pool("tandem_console")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('app.tenants', 'acme', true)")
        (row,) = await connection.fetch("select * from agreement.secrets")
        await connection.execute("select set_config('app.tenants', 'globex', true)")
        others = await connection.fetch("select * from agreement.secrets")

    assert set(row.keys()) == {"id", "tenant", "integration", "ending", "created_at", "expires_at"}
    assert others == []


# --- a provider's customers ------------------------------------------------------------------------------------------

PROVIDER = "provider: {{id: {id}, name: P, customers: {{{customers}}}}}\n"
TENANT = "tenant: {{id: {id}, name: T, kind: managed}}\nuse: {use}\n"


async def put(desk: Desk, mapping: str, now: datetime = NOW) -> None:
    providers = {
        "north": provider_source(PROVIDER.format(id="north", customers=mapping), file="north.yaml"),
        "south": provider_source(PROVIDER.format(id="south", customers=""), file="south.yaml"),
    }
    tenants = {
        name: tenant_source(TENANT.format(id=name, use=use), file=f"{name}.yaml")
        for name, use in (("acme", "north"), ("globex", "north"), ("foreign", "south"))
    }
    await apply_documents(desk.policy, Documents(tenants, providers), author="ann", note="", now=now)


async def test_the_newest_document_of_the_provider_maps_customers_to_its_own_clients_only(desk: Desk) -> None:
    await desk.add(replace(WAY, provider="north", tenant_from="customer"))
    await put(desk, '"17": acme, Theirs: foreign, Nowhere: nobody')
    first = await desk.known("hunt")
    await put(desk, '"17": globex', NOW + HOUR)

    second = await desk.known("hunt")

    assert dict(first.customers) == {"17": "acme"}
    assert dict(second.customers) == {"17": "globex"}
    assert (await desk.known("hunt")).tenant_of("Theirs") is None
