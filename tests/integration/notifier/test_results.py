"""How attempts of two processes at one page come out, on a real PostgreSQL: a commit may be unheard and written again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tandem.bus.postgres import run
from tandem.db.write import Writes
from tandem_notifier.attempt import Result
from tandem_notifier.paging import Page
from tandem_notifier.store.attempts import put_result
from tandem_notifier.store.claims import claim
from tests.integration.notifier.test_claim import WISH

SOON = timedelta(seconds=1)


async def begun(pager) -> Page:
    """A page whose first attempt is this process's."""
    await pager.open()
    (page,) = pager.take()
    return page


async def wrote(pager, page: Page, *, delivered: bool) -> None:
    """The outcome of an attempt is written: it arrived, or is to be tried again in a second."""
    now = pager.clock.now()
    result = Result(
        page=page,
        started_at=now,
        ended_at=now,
        delivered=delivered,
        retry_at=None if delivered else now + SOON,
        give_way=False,
        reason=None if delivered else "timeout",
        detail=None,
    )
    writes = Writes()
    put_result(writes, result)
    async with pager.link.use() as connection, connection.transaction():
        await run(connection, writes)


async def taken_over(pager) -> Page:
    """The next attempt is another process's."""
    async with pager.link.use() as connection:
        claimed = await claim(connection, replace(WISH, boot="boot-2"), pager.clock.now() + 2 * SOON)
    (page,) = claimed.pages
    return page


async def stored(pager) -> tuple[str, int, str | None, bool, bool]:
    """State, attempt, holder of the lease, whether a next attempt is due, whether a failure stands there."""
    (row,) = await pager.rows("state, attempt, leased_by, next_attempt_at is not null, failure is not null")
    return row


async def test_a_failure_that_is_written_twice_leaves_the_next_attempt_of_another_process_alone(pager):
    first = await begun(pager)
    await wrote(pager, first, delivered=False)
    second = await taken_over(pager)

    await wrote(pager, first, delivered=False)  # its commit was not heard

    assert await stored(pager) == ("sending", 2, "boot-2", True, True)
    await wrote(pager, second, delivered=True)
    assert await stored(pager) == ("delivered", 2, None, False, False)


async def test_a_failure_that_is_written_twice_before_the_next_attempt_changes_nothing(pager):
    first = await begun(pager)
    await wrote(pager, first, delivered=False)

    await wrote(pager, first, delivered=False)

    assert await stored(pager) == ("planned", 1, None, True, True)


async def test_what_arrived_is_delivered_although_another_process_failed_since(pager):
    first = await begun(pager)
    await pager.admin.execute("update notifier.page set leased_until = now() - interval '1 second'")
    await wrote(pager, await taken_over(pager), delivered=False)
    assert await stored(pager) == ("planned", 2, None, True, True)

    await wrote(pager, first, delivered=True)

    assert await stored(pager) == ("delivered", 2, None, False, False)


async def test_a_failure_of_another_process_takes_nothing_back_from_what_arrived(pager):
    first = await begun(pager)
    await pager.admin.execute("update notifier.page set leased_until = now() - interval '1 second'")
    second = await taken_over(pager)
    await wrote(pager, first, delivered=True)

    await wrote(pager, second, delivered=False)

    assert await stored(pager) == ("delivered", 2, None, False, False)
