"""What leaves the house: bodies, subjects, signatures, and when a failed page is tried again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tandem.errors import DeliveryFailed, DeliveryReason, StartFailed
from tandem_notifier import render, signing
from tandem_notifier.backoff import LONGEST_WISH_S, OVERDUE, judge
from tandem_notifier.channels.email import message, parse_smtp_url
from tandem_notifier.lanes import AILING_QUEUE, FIRST_AT_ONCE, HEALTHY_AT_ONCE, Lanes
from tandem_notifier.paging import Page
from tests.support.ladder import MSP, START, Ladder, agreement, incident

KEY = bytes(range(32))
BROKEN = DeliveryFailed(DeliveryReason.STATUS_5XX, "HTTP 500", retry=True)
FINAL = DeliveryFailed(DeliveryReason.STATUS_4XX, "HTTP 404", retry=False)


def page(**fields) -> Page:
    return Ladder(agreement(), incident(**fields)).open().pages[0]


def test_a_webhook_body_holds_the_promised_fields_and_stays_below_20_kb():
    body = json.loads(render.webhook(page(title="x" * 300, because=("y" * 500,) * 20), "https://t/a/1"))

    assert {
        *("page_id", "incident_id", "alert_ids", "tenant", "party", "track", "person", "step", "attempt", "title"),
        *("priority", "ack_url", "incident_url", "owner", "responsible_party", "reason"),
    } <= body.keys()
    assert len(json.dumps(body)) < 20_000


def test_what_is_only_told_has_no_link_to_acknowledge():
    told = Ladder(agreement(), incident(informed=(MSP,))).open().pages[-1]

    assert told.told
    assert render.ack_url(told, KEY, "https://t") is None
    assert json.loads(render.webhook(told, None))["ack_url"] is None


@given(st.text(max_size=400))
def test_no_title_breaks_a_mail_header(title: str):
    title = title.encode("utf-8", "ignore").decode()
    mail = message(
        replace(page(title=title or "x"), target="ina@acme.example"), "https://t/a/1", "tandem@example.org", START
    )

    head = mail.as_bytes().partition(b"\n\n")[0].decode("ascii")
    names = [line.partition(":")[0] for line in head.splitlines() if line[:1] not in " \t"]
    assert sorted(names) == sorted(set(names))
    assert set(names) <= {
        *("Subject", "From", "To", "Date", "Message-ID", "References", "Auto-Submitted"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }


def test_a_mail_says_what_happened_and_how_to_acknowledge():
    mail = render.mail(page(host="srv-1"), "https://t/a/1")

    assert mail.subject == "[P1] Acme: Disk full on srv-1"
    assert "Acknowledge: https://t/a/1" in mail.text
    assert "https://tandem.example/incidents/" in mail.text


@pytest.mark.parametrize("target", ["@@<", "", "nobody", "a@b, c@d", "x\r\nBcc: y@z"])
def test_an_address_that_is_none_is_no_contact(target: str):
    with pytest.raises(DeliveryFailed) as caught:
        message(replace(page(), target=target), None, "tandem@example.org", START)

    assert caught.value.reason is DeliveryReason.NO_CONTACT


def test_ntfy_publishes_to_the_topic_of_the_contact():
    url, body = render.ntfy(replace(page(), target="https://ntfy.example/sub/oncall-ina/"), "https://t/a/1")

    assert url == "https://ntfy.example/sub/"
    assert json.loads(body)["topic"] == "oncall-ina"


def test_signatures_are_those_of_standard_webhooks():
    secret = signing.receiver_secret(KEY, "acme", "ina")
    headers = signing.headers(secret, UUID(int=1), START, b'{"a":1}')

    expected = Webhook(secret).sign(str(UUID(int=1)), START, '{"a":1}')
    assert headers["webhook-signature"] == expected
    assert headers["webhook-timestamp"] == str(int(START.timestamp()))


def test_every_receiver_has_a_secret_of_its_own():
    secrets = {signing.receiver_secret(KEY, tenant, who) for tenant in ("a", "ab") for who in ("b", "bb", "c")}

    assert len(secrets) == 6


def test_delays_grow_and_end_at_the_deadline():
    current, at, moments = page(), START, []
    while (verdict := judge(current, BROKEN, at)).retry_at is not None:
        moments.append(verdict.retry_at)
        current, at = replace(current, attempt=current.attempt + 1), verdict.retry_at

    gaps = [(later - sooner).total_seconds() for sooner, later in zip([START, *moments], moments, strict=False)]
    assert 0.8 <= gaps[0] <= 1.2
    assert max(gap for gap, moment in zip(gaps, moments, strict=True) if moment <= START + timedelta(seconds=15)) <= 3.6
    assert moments[-1] < current.deadline_at
    assert current.deadline_at - moments[-1] < timedelta(seconds=80)


def test_a_page_gives_way_within_a_minute_and_says_so_once():
    current, at, given = page(), START, []
    for _ in range(20):
        verdict = judge(current, BROKEN, at)
        if verdict.give_way:
            given.append(at)
            current = replace(current, late=True)
        current, at = replace(current, attempt=current.attempt + 1), verdict.retry_at or at

    assert len(given) == 1
    assert given[0] - START <= OVERDUE < timedelta(seconds=60)


def test_a_final_refusal_is_not_tried_again():
    verdict = judge(page(), FINAL, START)

    assert (verdict.retry_at, verdict.give_way) == (None, True)


def test_a_receivers_wish_is_honoured_up_to_a_bound():
    patient = DeliveryFailed(DeliveryReason.THROTTLED, "HTTP 429", retry=True, retry_after_s=30)
    absurd = DeliveryFailed(DeliveryReason.THROTTLED, "HTTP 429", retry=True, retry_after_s=1e9)

    assert judge(page(), patient, START).retry_at == START + timedelta(seconds=30)
    assert judge(page(), absurd, START).retry_at == START + timedelta(seconds=LONGEST_WISH_S)


def test_one_target_has_few_places_until_it_answered_and_one_while_it_fails():
    lanes, mine = Lanes(), page()
    places = [lanes.enter(mine) for _ in range(FIRST_AT_ONCE + 1)]
    assert places == [True] * FIRST_AT_ONCE + [False]
    assert lanes.enter(replace(mine, target="https://other.example")) is True

    started, dropped = lanes.leave(mine, healthy=True)
    assert (len(started), dropped) == (1, [])
    assert [lanes.enter(mine) for _ in range(HEALTHY_AT_ONCE)].count(True) == HEALTHY_AT_ONCE - FIRST_AT_ONCE

    for _ in range(10):
        lanes.enter(mine)
    started, dropped = lanes.leave(mine, healthy=False)
    assert started == []
    assert len(dropped) == FIRST_AT_ONCE + 10 - AILING_QUEUE
    assert lanes.ailing() == [mine.target]


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "nonsense", "smtp://u:p@host:notaport"])
def test_an_smtp_url_that_is_none_stops_the_start_without_repeating_it(url: str):
    with pytest.raises(StartFailed) as caught:
        parse_smtp_url(url)

    assert caught.value.exit_code == 2
    assert "u:p@" not in str(caught.value)


def test_an_smtp_url_names_server_account_and_tls():
    server = parse_smtp_url("smtps://us%40er:p%2Fw@mail.example")

    assert (server.host, server.port, server.tls) == ("mail.example", 465, True)
    assert (server.user, server.password) == ("us@er", "p/w")
