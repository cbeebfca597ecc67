"""TLS to a real broker: by password and by certificate, and what is told when a certificate is not as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from tandem.app.kafka import wait_for_broker
from tandem.bus.kafka import KafkaBus
from tandem.bus.kafka_acls import grant, service_rules
from tandem.bus.kafka_settings import KafkaSettings, Security
from tandem.bus.kafka_topics import admin
from tandem.bus.port import Consumer, Record
from tandem.bus.topics import ALERTS, INCIDENTS
from tandem.clock import SystemClock, monotonic
from tandem.errors import StartFailed, Unavailable
from tests.support.kafka import tls
from tests.support.kafka.bus import kafka_bus
from tests.support.kafka.fixtures import KafkaRoom, TlsWays
from tests.support.postgres import Database

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]  # the first test starts the broker

COME_S = 60.0


async def test_by_tls_and_a_password_records_go_there_and_come_back(
    tls_ways: TlsWays, secured_room: KafkaRoom, database: Database
):
    await secured_room.create([ALERTS.name])

    async with kafka_bus(tls_ways.by_password(), database) as bus:
        member = await bus.consumer("router", [ALERTS.name])
        await bus.append([Record(ALERTS.name, "acme/a", b"by TLS")])
        values = await fetched(member)
        await bus.answers()

    assert values == [b"by TLS"]
    assert bus.settings.client("test")["ssl_context"].check_hostname


async def test_who_comes_by_certificate_may_do_what_its_name_was_granted(
    tls_ways: TlsWays, secured_room: KafkaRoom, database: Database
):
    await secured_room.create([ALERTS.name, INCIDENTS.name])
    ungranted = tls_ways.by_certificate()
    with pytest.raises(Unavailable, match=r"kafka: our login may write no topic .* `tandem kafka grant-service`"):
        async with kafka_bus(ungranted, database):
            pass
    await grant(secured_room.settings, service_rules(secured_room.settings, f"CN={tls.CLIENT}", "ingest"))

    async with kafka_bus(await granted(ungranted, database), database) as bus:
        await bus.append([Record(ALERTS.name, "acme/a", b"an alert")])
        with pytest.raises(Unavailable):
            await bus.append([Record(INCIDENTS.name, "acme/a", b"forged")])

    assert await secured_room.values(ALERTS.name) == [b"an alert"]
    assert await secured_room.values(INCIDENTS.name) == []


WRONG: dict[str, tuple[Callable[[TlsWays], KafkaSettings], str]] = {
    "signed by somebody else": (
        lambda ways: ways.by_password(ca_file=ways.files.other_authority),
        r"certificate is not trusted .* set TANDEM_KAFKA_CA_FILE",
    ),
    "signed by nobody the system knows": (
        lambda ways: ways.by_password(ca_file=None),
        r"certificate is not trusted .* set TANDEM_KAFKA_CA_FILE",
    ),
    "for another host": (
        lambda ways: ways.by_password(tls.ELSEWHERE),
        r"certificate is for another host .*'127\.0\.0\.1'.* TANDEM_KAFKA_BOOTSTRAP",
    ),
    "out of date": (lambda ways: ways.by_password(tls.EXPIRED), r"out of date .* renew it on the broker"),
    "ours not shown": (
        lambda ways: ways.by_certificate(None),
        r"wants a client's certificate .* TANDEM_KAFKA_CLIENT_CERT",
    ),
    "ours signed by somebody else": (
        lambda ways: ways.by_certificate("stranger"),
        r"does not take our certificate, TANDEM_KAFKA_CLIENT_CERT .* trust store",
    ),
    "no TLS there": (
        lambda ways: ways.by_password(bootstrap=ways.plain.bootstrap),
        r"without TLS needs TANDEM_KAFKA_SECURITY=plaintext or sasl_plaintext",
    ),
    "no TLS here": (
        lambda ways: replace(ways.plain, bootstrap=ways.addresses[tls.GOOD]),
        r"with TLS needs TANDEM_KAFKA_SECURITY=sasl_ssl",
    ),
    "no login here": (
        lambda ways: ways.by_password(security=Security.SSL, username=None, password=None),
        r"with logins needs TANDEM_KAFKA_SECURITY=sasl_ssl",
    ),
    "no login there": (
        lambda ways: ways.by_password(tls.MUTUAL, **ways.files.client()),
        r"takes no logins: TANDEM_KAFKA_SECURITY=ssl",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_wrong_is_told_in_one_line_with_what_to_do(tls_ways: TlsWays, database: Database, wrong: str):
    of_settings, told = WRONG[wrong]
    settings = of_settings(tls_ways)
    bus = KafkaBus(settings, database.dsn, "tandem_router", clock=SystemClock())

    with pytest.raises(Unavailable, match=told) as refused:
        await bus.start()
    await bus.stop()
    with pytest.raises(Unavailable, match=told):
        async with admin(settings):
            pass

    assert str(refused.value).startswith(f"kafka: {settings.bootstrap}: ")
    assert "\n" not in str(refused.value)


async def test_a_broker_that_calls_itself_what_its_certificate_does_not_is_named(tls_ways: TlsWays, database: Database):
    settings = tls_ways.by_password(tls.CALLED)
    bus = KafkaBus(settings, database.dsn, "tandem_router", clock=SystemClock(), append_s=0.1)

    with pytest.raises(Unavailable, match=r"localhost:\d+, as the broker calls itself: .*advertised\.listeners"):
        await bus.start()
    await bus.stop()


async def test_who_waits_for_the_broker_says_what_it_waits_for(tls_ways: TlsWays, database: Database):
    settings = tls_ways.by_password(ca_file=tls_ways.files.other_authority)
    bus = KafkaBus(settings, database.dsn, "tandem_router", clock=SystemClock())
    said: list[str] = []

    with pytest.raises(StartFailed, match="TANDEM_KAFKA_CA_FILE"):
        await wait_for_broker(bus, asyncio.Event(), seconds=0.2, waiting=said.append)
    await bus.stop()

    assert said
    assert all(each.startswith("waiting for kafka: ") and "TANDEM_KAFKA_CA_FILE" in each for each in said)


async def fetched(member: Consumer) -> list[bytes]:
    """The first batch that holds anything."""
    until = monotonic() + COME_S
    while True:
        batch = await member.fetch(10, 1)
        if batch.records:
            return [record.value for record in batch.records]
        assert monotonic() < until, "nothing came"


async def granted(settings: KafkaSettings, database: Database) -> KafkaSettings:
    """Its rules are in force: the controller has them before the broker does."""
    until = monotonic() + COME_S
    while True:
        bus = KafkaBus(settings, database.dsn, "tandem_router", clock=SystemClock())
        try:
            await bus.start()
        except Unavailable:
            assert monotonic() < until, "never in force"
            await asyncio.sleep(0.1)
        else:
            return settings
        finally:
            await bus.stop()
