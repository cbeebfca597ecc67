"""The cluster's affairs that agreements decide: whose outside topics there are, and who may read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tandem.bus.kafka_acls import Granted, Rule, grant
from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.kafka_topics import Changes, admin, create_outside, ensure
from tandem.bus.topics import routed_topic
from tandem.db.migrate import wait_for_schema
from tandem.db.pool import engine
from tandem.errors import Reason, Refused
from tandem.model.ownership import Party
from tandem.policy.book import AgreementBook


@dataclass(frozen=True, slots=True)
class Given:
    """What a reader outside was given, or would be."""

    granted: Granted
    made_topic: bool
    """Its topic was not there."""


async def ensure_all(settings: KafkaSettings, dsn: str, *, dry_run: bool) -> Changes:
    """Every topic of the table, and those outside for the parties of the active agreements.

    Raises:
        Unavailable: the database or the cluster does not answer.
    """
    return await ensure(settings, outside_topics(await _agreements(dsn)), dry_run=dry_run)


async def outside_topic(dsn: str, tenant: str, party: Party) -> str:
    """The topic on which ``party`` of ``tenant`` is told; an MSP has one for all its clients.

    Raises:
        Refused: NOT_FOUND, there is no such client, or it has no MSP.
        Unavailable: the database does not answer.
    """
    book = await _agreements(dsn)
    agreement = book.active(tenant)
    if agreement is None:
        known = ", ".join(book.tenants()) or "none"
        raise Refused(Reason.NOT_FOUND, f"no client {tenant[:64]!r} has an agreement in force; there are {known}")
    if party is Party.INTERNAL:
        return routed_topic(party.value, agreement.tenant.id)
    if not agreement.provider:
        raise Refused(Reason.NOT_FOUND, f"the agreement of {tenant} uses no provider's document: it has no MSP topic")
    return routed_topic(party.value, agreement.provider)


async def grant_reader(settings: KafkaSettings, rules: Sequence[Rule], topic: str, *, dry_run: bool) -> Given:
    """Give a reader its ``rules``, and make its topic if no record has: a reader of a missing one waits in silence.

    Raises:
        Unavailable: the cluster does not answer, or does not let us.
    """
    granted = await grant(settings, rules, dry_run=dry_run)
    async with admin(settings) as client:
        missing = settings.topic(topic) not in await client.list_topics()
    if missing and not dry_run:
        await create_outside(settings, topic)
    return Given(granted, made_topic=missing)


async def _agreements(dsn: str) -> AgreementBook:
    """What is in force.

    Raises:
        Unavailable: the database does not answer, or has not this release's schema: run `tandem db upgrade`.
    """
    await wait_for_schema(dsn, seconds=0)
    policy = engine(dsn, "tandem_policy", pooled=False)
    try:
        book = AgreementBook(policy)
        await book.refresh()
    finally:
        await policy.dispose()
    return book


def outside_topics(book: AgreementBook) -> list[str]:
    """The topics of every party that the active agreements name."""
    agreements = [agreement for tenant in book.tenants() if (agreement := book.active(tenant)) is not None]
    internal = [routed_topic(Party.INTERNAL.value, agreement.tenant.id) for agreement in agreements]
    msps = [routed_topic(Party.MSP.value, agreement.provider) for agreement in agreements if agreement.provider]
    return sorted({*internal, *msps})
