"""The sender against a real local HTTP server and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import socket
from uuid import UUID

from standardwebhooks import Webhook

from tandem_notifier.lanes import FIRST_AT_ONCE
from tandem_notifier.sender import POLL_S
from tandem_notifier.signing import receiver_secret
from tests.support.pager import KEY, paging, parsed
from tests.support.provider import OK, answering, hang_up, provider, silent

AGAIN_S = 60


def in_turn(*scripts):
    """Each request gets the next script; the last one repeats."""
    left = list(scripts)

    async def script(request, writer):
        await (left.pop(0) if len(left) > 1 else left[0])(request, writer)

    return script


def status(line: str, *headers: str):
    head = "\r\n".join([f"HTTP/1.1 {line}", *headers, "Content-Length: 0", "", ""])
    return answering(head.encode())


fine = answering(OK)


async def test_a_page_arrives_signed_and_is_recorded(pager):
    async with provider(fine) as phone, pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/ina")
        await pager.open()

        sender.offer(pager.take())
        await pager.until_states("delivered")

    path, headers, body = parsed(phone.requests[0])
    raw = phone.requests[0].partition(b"\r\n\r\n")[2]
    Webhook(receiver_secret(KEY, "acme", "ina")).verify(raw, headers)
    assert path == "/ina"
    assert headers["webhook-id"] == body["page_id"] == str((await pager.rows("page_id"))[0][0])
    assert (body["attempt"], body["person"], body["priority"], body["tenant"]) == (1, "ina", "P1", "acme")
    assert body["incident_id"] == str(UUID(int=1))
    assert body["alert_ids"] == [str(UUID(int=1))]
    assert body["ack_url"].startswith("https://answer.example/a/")
    assert await pager.admin.fetchval("select result from notifier.attempt") == "delivered"
    kinds = await pager.admin.fetchval("select count(*) from bus.log where topic = 'tandem.pages'")
    assert kinds == 2
    assert pager.metrics.registry.get_sample_value("tandem_alert_to_page_seconds_count") == 1


async def test_a_slow_target_does_not_delay_others(pager, monkeypatch):
    monkeypatch.setattr("tandem_notifier.channels.webhook.TIMEOUT_S", 600.0)  # who waits for the slow one waits in vain
    async with provider(silent) as slow, provider(fine) as quick, pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{slow.port}/slow")
        for number in range(1, 61):
            await pager.open(number)
        pager.book.compiled = paging(f"http://127.0.0.1:{quick.port}/quick")
        for number in range(61, 71):
            await pager.open(number)

        sender.offer(pager.take())

        async def quick_ones_arrived() -> bool:
            return len(quick.requests) == 10

        await pager.until(quick_ones_arrived)
        assert len(slow.requests) <= 16


async def test_a_500_is_tried_again_with_the_same_key(pager):
    async with provider(in_turn(status("500 Oops"), fine)) as phone, pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        await pager.open()

        sender.offer(pager.take())
        await pager.until_states("delivered")

    first, second = (parsed(request) for request in phone.requests)
    assert first[1]["webhook-id"] == second[1]["webhook-id"]
    assert (first[2]["attempt"], second[2]["attempt"]) == (1, 2)
    attempts = await pager.admin.fetch("select attempt, result from notifier.attempt order by attempt")
    assert [tuple(row) for row in attempts] == [(1, "status_5xx"), (2, "delivered")]


async def test_a_429_is_not_tried_before_the_receiver_wants_it(pager):
    busy = status("429 Busy", "Retry-After: 120")
    async with provider(busy) as phone, pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        await pager.open()

        sender.offer(pager.take())
        await pager.until_states("planned")

        wait = await pager.admin.fetchval("select extract(epoch from next_attempt_at - planned_at) from notifier.page")
        assert 120 <= wait < 130
        assert len(phone.requests) == 1


async def test_a_reply_that_is_lost_after_the_receiver_took_it_repeats_the_same_key(pager):
    async with provider(in_turn(hang_up, fine)) as phone, pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        await pager.open()

        sender.offer(pager.take())
        await pager.until_states("delivered")

    assert len(phone.requests) == 2
    assert len({parsed(request)[1]["webhook-id"] for request in phone.requests}) == 1


async def test_a_final_refusal_lets_the_escalation_go_on_at_once(pager):
    async with provider(status("404 Gone")) as phone, pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        await pager.open()

        sender.offer(pager.take())

        async def told_of_a_timer() -> bool:  # after the commit that the states show
            return bool(pager.timers)

        await pager.until_states("failed")
        await pager.until(told_of_a_timer)
        assert len(pager.timers) == 1
        await pager.commit()

    assert sorted(await pager.rows("person, state")) == [("ina", "failed"), ("ivo", "sending")]


async def test_mail_that_is_not_set_up_fails_with_a_clear_reason(pager):
    async with pager.sender() as sender:
        pager.book.compiled = paging("ina@acme.example", channel="email")
        await pager.open()

        sender.offer(pager.take())
        await pager.until_states("failed")

    detail = await pager.admin.fetchval("select detail from notifier.attempt")
    assert "TANDEM_SMTP_URL" in detail


async def test_a_redirect_is_not_followed(pager):
    async with provider(fine) as other, provider(status("302 Found", "Location: http://127.0.0.1:1/")) as phone:
        async with pager.sender() as sender:
            pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
            await pager.open()
            sender.offer(pager.take())
            await pager.until_states("failed")

        assert other.requests == []


async def test_pages_of_a_dead_boot_are_sent_by_the_next_with_the_same_key(pager):
    async with provider(fine) as phone:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        await pager.open()
        lost = pager.take()  # the process died between the commit and the send

        async with pager.sender(boot="boot-2", sole=True):
            await pager.until_states("delivered")

    (request,) = phone.requests
    assert parsed(request)[1]["webhook-id"] == str(lost[0].page_id)
    assert parsed(request)[2]["attempt"] == 2


async def test_another_process_leaves_a_living_lease_alone(pager):
    async with provider(fine) as phone:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        await pager.open()

        async with pager.sender(boot="boot-2", sole=False):
            await asyncio.sleep(1.5)

        assert phone.requests == []
        await pager.admin.execute("update notifier.page set leased_until = now() - interval '1 second'")
        async with pager.sender(boot="boot-2", sole=False):
            await pager.until_states("delivered")


async def test_what_a_stop_cuts_or_leaves_waiting_another_process_sends_at_once(pager, monkeypatch):
    monkeypatch.setattr("tandem_notifier.sender.DRAIN_S", 0.2)
    turns = [silent] * FIRST_AT_ONCE + [fine]
    async with provider(in_turn(*turns)) as phone:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        for number in range(1, FIRST_AT_ONCE + 2):
            await pager.open(number)

        async def all_places_are_taken() -> bool:
            return len(phone.requests) == FIRST_AT_ONCE

        async with pager.sender() as sender:
            sender.offer(pager.take())
            await pager.until(all_places_are_taken)

        free = "leased_until is null or leased_until <= now()"
        assert await pager.admin.fetchval(f"select bool_and({free}) from notifier.page")
        async with pager.sender(boot="boot-2", sole=False):
            await pager.until_states(*["delivered"] * (FIRST_AT_ONCE + 1))

    # The next attempt at a page that was cut is its second; nobody had begun the one that waited.
    attempts = await pager.admin.fetch("select attempt from notifier.attempt order by attempt")
    assert [row[0] for row in attempts] == [1, *[2] * FIRST_AT_ONCE]


async def test_a_stopping_sender_sends_what_the_batch_at_hand_still_offers(pager, monkeypatch):
    monkeypatch.setattr("tandem_notifier.sender.DRAIN_S", 60.0)  # it ends when there is no more, not when this is over
    batch = [True]
    async with provider(fine) as phone:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        await pager.open()

        async with pager.sender(more_to_come=lambda: bool(batch)) as sender:

            def commits() -> None:
                sender.offer(pager.take())
                batch.clear()

            asyncio.get_running_loop().call_later(0.2, commits)

    assert await pager.states() == ["delivered"]
    assert len(phone.requests) == 1


async def test_a_page_that_was_acknowledged_meanwhile_is_not_tried_again(pager):
    # Long enough to cancel it before the second attempt, however busy the machine is.
    away = status("429 Busy", f"Retry-After: {AGAIN_S}")
    async with provider(away) as phone, pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        await pager.open()
        sender.offer(pager.take())
        await pager.until_states("planned")

        await pager.admin.execute("update notifier.page set state = 'cancelled', next_attempt_at = now()")
        await asyncio.sleep(3 * POLL_S)

        assert len(phone.requests) == 1


async def test_pages_that_found_no_room_are_found_in_the_table(pager):
    async with provider(fine) as phone, pager.sender():
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        for number in range(1, 21):
            await pager.open(number)

        pager.take()  # dropped: the queue was full
        await pager.until_states(*["delivered"] * 20)

    assert len({parsed(request)[1]["webhook-id"] for request in phone.requests}) == 20


async def test_a_pager_that_was_down_gets_every_page_once_it_is_back(pager):
    place = socket.socket()
    place.bind(("127.0.0.1", 0))  # ours, and nobody listens yet
    async with pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{place.getsockname()[1]}/")
        for number in range(1, 31):
            await pager.open(number)
        sender.offer(pager.take())
        await asyncio.sleep(1.5)

        server = await asyncio.start_server(_fine, sock=place)
        try:
            await pager.until_states(*["delivered"] * 30)
        finally:
            server.close()


async def _fine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            writer.write(OK)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def test_outcomes_wait_for_a_database_that_is_away(pager):
    async with provider(fine) as phone, pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/")
        await pager.open()
        pager.sender_link.away = True

        async def refused_with_the_outcome_at_hand() -> bool:
            return bool(phone.requests) and pager.sender_link.refused > 3

        sender.offer(pager.take())
        await pager.until(refused_with_the_outcome_at_hand)
        assert await pager.states() == ["sending"]
        pager.sender_link.away = False
        await pager.until_states("delivered")

    assert len(phone.requests) == 1


async def test_ntfy_gets_one_post_with_a_button(pager):
    async with provider(fine) as phone, pager.sender() as sender:
        pager.book.compiled = paging(f"http://127.0.0.1:{phone.port}/oncall-ina", channel="ntfy")
        await pager.open()

        sender.offer(pager.take())
        await pager.until_states("delivered")

    path, _, body = parsed(phone.requests[0])
    assert path == "/"
    assert (body["topic"], body["priority"]) == ("oncall-ina", 5)
    assert body["actions"][0]["method"] == "POST"
    assert body["actions"][0]["url"].startswith("https://answer.example/a/")
