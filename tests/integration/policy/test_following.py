"""Running services follow the active version by themselves, each in its own process and book."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from tandem.agreement.compiled import Agreement
from tandem.agreement.load import Documents, tenant_source
from tandem.app.following import FOLLOW_S, keep_following
from tandem.db.pool import engine
from tandem.metrics import Metrics
from tandem.policy.book import AgreementBook
from tandem.policy.versions import activate, apply_documents
from tests.support.pulse import pulse

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEXT = "tenant: {{id: acme, name: Acme, kind: managed}}\nrunbooks: {{a: https://acme.example/{n}}}\n"


async def test_two_services_are_at_the_new_version_within_two_seconds_and_back_again(database):
    engines = [
        engine(database.dsn, role, pooled=False) for role in ("tandem_policy", "tandem_router", "tandem_notifier")
    ]
    policy, books = engines[0], [AgreementBook(each) for each in engines[1:]]
    stopping = asyncio.Event()
    await put(policy, 1)
    following = [asyncio.create_task(keep_following(book, Metrics(), stopping)) for book in books]
    try:
        await until(books, 1)

        await put(policy, 2)
        took = await until(books, 2)
        await activate(policy, "acme", 1, author="cleo", note="", now=NOW)
        took_back = await until(books, 1)
    finally:
        stopping.set()
        await asyncio.gather(*following)
        for each in engines:
            await each.dispose()

    assert max(took, took_back) < FOLLOW_S + 1  # a look every two seconds, and a moment for the look
    assert {agreement_of(book).runbooks["a"] for book in books} == {"https://acme.example/1"}


def agreement_of(book: AgreementBook) -> Agreement:
    agreement = book.active("acme")
    assert agreement is not None
    return agreement


async def put(policy, number: int) -> None:
    source = tenant_source(TEXT.format(n=number), file="acme.yaml")
    await apply_documents(policy, Documents({"acme": source}), author="ann", note="", now=NOW)


async def until(books, version: int) -> float:
    """Seconds until every book is at the version, as this process lived them."""
    async with asyncio.timeout(60), pulse() as lived:
        while {found.version for book in books if (found := book.active("acme"))} != {version}:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
        return lived.seconds
