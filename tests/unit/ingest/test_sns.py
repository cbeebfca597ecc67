"""What Amazon SNS signed for one of our topics is let in; a stranger gets nothing in and has nothing fetched."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.errors import Unavailable
from tandem.model.integration import AuthKind, Integration
from tandem_ingest import sns_message
from tandem_ingest.doors.door import Answer
from tandem_ingest.normalise import Reading
from tandem_ingest.sns import KEPT, SnsDoor
from tests.support.integrations import integration
from tests.support.sns_sender import CERTIFICATE, SUBSCRIBE, TOPIC, Internet, certificate, key, message, subscription

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KNOWN = replace(integration("aws", auth=AuthKind.SNS, secrets=()), topics=(TOPIC,))


@pytest.fixture
def internet() -> Internet:
    return Internet({CERTIFICATE: certificate(NOW), SUBSCRIBE: b"<ConfirmSubscriptionResponse/>"})


async def is_let_in(internet: Internet, body: bytes, one: Integration | None = KNOWN, now: datetime = NOW) -> bool:
    return await SnsDoor(internet).proven(one, None, body, now) is not None


@pytest.mark.parametrize("version", ["1", "2"])
async def test_a_message_of_our_topic_is_let_in_by_either_version_of_the_signature(
    internet: Internet, version: str
) -> None:
    assert await is_let_in(internet, message(NOW, version=version))
    assert await is_let_in(
        internet, message(NOW, version=version, Subject=None, Message="line\nline \u00e9 \U0001f525")
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("Message", "{}"), ("Subject", "other"), ("MessageId", "other"), ("Timestamp", f"{NOW:%Y-%m-%dT%H:%M}:01.000Z")],
)
async def test_a_field_changed_after_signing_is_refused(internet: Internet, field: str, value: str) -> None:
    body = json.loads(message(NOW))

    assert not await is_let_in(internet, json.dumps({**body, field: value}).encode())


async def test_another_key_is_refused(internet: Internet) -> None:
    assert not await is_let_in(internet, message(NOW, by=key(1)))


@pytest.mark.parametrize("topic", ["arn:aws:sns:eu-west-3:999999999999:ops", TOPIC + "2", "", TOPIC.upper()])
async def test_a_topic_of_somebody_else_is_refused_though_amazon_signed_it_and_nothing_is_fetched(
    internet: Internet, topic: str
) -> None:
    assert not await is_let_in(internet, message(NOW, TopicArn=topic))
    assert internet.asked == []


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE.replace("https:", "http:"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE.replace("sns.eu-west-3", "evil.example/sns.eu-west-3"),
        CERTIFICATE.replace("sns.eu-west-3.amazonaws.com", "sns.eu-west-3.amazonaws.com@evil.example"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com:8443"),
        CERTIFICATE.replace("sns.eu", "s3.eu"),
        CERTIFICATE.replace("/Simple", "/../Simple"),
        CERTIFICATE.replace("/Simple", "\\@evil.example/Simple"),
        CERTIFICATE + "?x=1",
        CERTIFICATE + "#.pem",
        CERTIFICATE.replace(".pem", ".txt"),
        "https://169.254.169.254/SimpleNotificationService-0.pem",
        "https://sns..amazonaws.com/SimpleNotificationService-0.pem",
        "https://[::1/SimpleNotificationService-0.pem",
        "file:///etc/passwd",
        "",
    ],
)
async def test_a_certificate_from_anywhere_else_is_never_fetched(internet: Internet, url: str) -> None:
    assert not await is_let_in(internet, message(NOW, SigningCertURL=url))
    assert internet.asked == []


@pytest.mark.parametrize("host", ["sns.us-gov-west-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn"])
async def test_every_partition_of_amazon_may_sign(internet: Internet, host: str) -> None:
    url = CERTIFICATE.replace("sns.eu-west-3.amazonaws.com", host)
    internet.pages[url] = certificate(NOW)

    assert await is_let_in(internet, message(NOW, SigningCertURL=url))


@pytest.mark.parametrize(("minutes", "expected"), [(70, True), (80, False), (-80, False)])
async def test_a_message_is_taken_as_long_as_sns_tries_and_a_replay_after_that_is_refused(
    internet: Internet, minutes: int, expected: bool
) -> None:
    assert await is_let_in(internet, message(NOW), now=NOW + timedelta(minutes=minutes)) is expected


async def test_a_disabled_integration_and_one_of_another_kind_take_none(internet: Internet) -> None:
    for one in (None, replace(KNOWN, enabled=False), integration("aws"), replace(KNOWN, topics=())):
        assert not await is_let_in(internet, message(NOW), one)
    assert internet.asked == []


async def test_a_certificate_is_fetched_once(internet: Internet) -> None:
    door = SnsDoor(internet)

    for _ in range(3):
        assert await door.proven(KNOWN, None, message(NOW), NOW)

    assert internet.asked == [CERTIFICATE]


async def test_without_its_certificate_a_message_is_told_to_come_again_and_amazon_is_not_asked_at_each(
    internet: Internet,
) -> None:
    del internet.pages[CERTIFICATE]
    door = SnsDoor(internet)

    for _ in range(3):
        with pytest.raises(Unavailable):
            await door.proven(KNOWN, None, message(NOW), NOW)

    assert internet.asked == [CERTIFICATE]


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"not a certificate",
        certificate(NOW, days=-1),
        certificate(NOW, of=key(2, 1024)),
        certificate(NOW, curve=True),
    ],
    ids=["empty", "text", "expired", "short key", "elliptic"],
)
async def test_a_certificate_that_is_none_proves_nothing(internet: Internet, pem: bytes) -> None:
    internet.pages[CERTIFICATE] = pem

    with pytest.raises(Unavailable):
        await is_let_in(internet, message(NOW))


async def test_many_names_of_certificates_do_not_fill_the_memory(internet: Internet) -> None:
    door = SnsDoor(internet)
    for number in range(KEPT + 20):
        url = CERTIFICATE.replace("9c6465fa", f"{number:08x}")
        internet.pages[url] = certificate(NOW)
        assert await door.proven(KNOWN, None, message(NOW, SigningCertURL=url), NOW)

    assert len(door._known) == KEPT


async def test_a_subscription_is_confirmed_beside_the_answer(internet: Internet) -> None:
    door, body = SnsDoor(internet), subscription(NOW)

    assert await door.proven(KNOWN, None, body, NOW)
    said = door.heard(KNOWN, {}, body)
    await asyncio.gather(*door._confirming)

    assert isinstance(said, Answer)
    assert internet.asked[-1] == SUBSCRIBE


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/?Action=ConfirmSubscription",
        SUBSCRIBE.replace("https:", "http:"),
        SUBSCRIBE.replace("ConfirmSubscription", "Unsubscribe"),
        SUBSCRIBE.replace("amazonaws.com", "amazonaws.com.evil.example"),
        "https://169.254.169.254/?Action=ConfirmSubscription",
    ],
)
async def test_a_subscription_is_confirmed_at_amazon_only(internet: Internet, url: str) -> None:
    door = SnsDoor(internet)

    door.heard(KNOWN, {}, subscription(NOW, SubscribeURL=url))
    await asyncio.gather(*door._confirming)

    assert internet.asked == []


async def test_a_confirmation_under_way_does_not_hold_up_the_end(internet: Internet) -> None:
    del internet.pages[SUBSCRIBE]
    door = SnsDoor(internet)
    door.heard(KNOWN, {}, subscription(NOW))

    async with asyncio.timeout(30):
        await door.close()

    assert not door._confirming


async def test_an_ended_subscription_is_an_alert_because_silence_would_follow(internet: Internet) -> None:
    said = SnsDoor(internet).heard(KNOWN, {}, subscription(NOW, Type="UnsubscribeConfirmation"))

    assert isinstance(said, Reading)
    assert said.alerts[0].title == f"SNS topic {TOPIC} no longer posts to aws"


async def test_a_secret_in_the_url_does_for_sns_too_and_the_handshake_is_heard(internet: Internet) -> None:
    door, by_path = SnsDoor(internet), integration("aws", auth=AuthKind.PATH)
    named = {"x-amz-sns-message-type": "SubscriptionConfirmation"}

    assert isinstance(door.heard(by_path, named, subscription(NOW)), Answer)
    assert door.heard(by_path, {}, subscription(NOW)) is None
    assert door.heard(by_path, {"x-amz-sns-message-type": "Notification"}, message(NOW)) is None
    await asyncio.gather(*door._confirming)

    assert internet.asked == [SUBSCRIBE]


@given(
    st.dictionaries(
        st.sampled_from(["Type", "Message", "MessageId", "Timestamp", "TopicArn", "Signature", "SigningCertURL", "x"]),
        st.one_of(st.text(), st.sampled_from(["Notification", TOPIC, CERTIFICATE, "2026-11-20T09:00:00Z"]), st.none()),
    )
)
def test_reading_never_raises(said: dict[str, str | None]) -> None:
    found = sns_message.read(json.dumps(said).encode())

    assert found is None or isinstance(sns_message.may_post(found, KNOWN, NOW), bool)


@given(st.text())
def test_no_url_is_amazons_by_accident(url: str) -> None:
    assert not sns_message.is_amazons(url)
