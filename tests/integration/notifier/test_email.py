"""Pages by e-mail, through a real SMTP conversation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tandem.errors import DeliveryFailed, DeliveryReason
from tandem_notifier.channels.email import EmailChannel
from tests.support.smtp import Mailbox, mailbox
from tests.unit.notifier.test_render import page

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
LINK = "https://answer.example/a/token"


@pytest.fixture
async def box():
    async with mailbox() as box:
        yield box


def addressed(to: str = "ina@northwind.example", **changes):
    return replace(page(), channel="email", target=to, **changes)


async def test_a_page_arrives_as_one_plain_message_with_its_link(box: Mailbox):
    channel = EmailChannel(box.address, "tandem@tandem.example")
    sent = addressed()

    await channel.deliver(sent, LINK, AT)

    (mail,) = box.mails
    assert box.recipients == ["ina@northwind.example"]
    assert mail["Message-ID"] == f"<{sent.page_id}@tandem.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert LINK in mail.get_content()
    assert mail.get_content_type() == "text/plain"


async def test_an_address_the_server_does_not_know_is_not_tried_again(box: Mailbox):
    box.refuse["ina@northwind.example"] = "550 no such user"

    with pytest.raises(DeliveryFailed) as failed:
        await EmailChannel(box.address, "tandem@tandem.example").deliver(addressed(), LINK, AT)

    assert (failed.value.reason, failed.value.retry) == (DeliveryReason.REJECTED, False)


async def test_a_server_that_is_busy_is_tried_again(box: Mailbox):
    box.greeting = "421 too busy"

    with pytest.raises(DeliveryFailed) as failed:
        await EmailChannel(box.address, "tandem@tandem.example").deliver(addressed(), LINK, AT)

    assert failed.value.retry


async def test_a_server_that_is_away_is_tried_again(box: Mailbox):
    channel = EmailChannel("smtp://127.0.0.1:9", "tandem@tandem.example")

    with pytest.raises(DeliveryFailed) as failed:
        await channel.deliver(addressed(), LINK, AT)

    assert (failed.value.reason, failed.value.retry) == (DeliveryReason.CONNECT, True)


async def test_a_second_recipient_cannot_be_smuggled_into_an_address(box: Mailbox):
    channel = EmailChannel(box.address, "tandem@tandem.example")

    with pytest.raises(DeliveryFailed):
        await channel.deliver(addressed("ina@northwind.example, eve@evil.example"), LINK, AT)

    assert box.mails == []
