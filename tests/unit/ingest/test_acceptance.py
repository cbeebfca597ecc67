"""Accepting means durable: ids, group commit, and an honest refusal when the bus is away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec import structs

from tandem import ids
from tandem.bus.partition import partition_of
from tandem.errors import PoisonRecord, Unavailable
from tandem.model.alert import Alert
from tandem.wire import codec
from tandem_ingest.accept import QUEUE_BYTES, QUEUE_RECORDS, Acceptance
from tandem_ingest.normalise import Post, read
from tandem_ingest.vendors.catalogue import GENERIC
from tests.support.fake_bus import FakeBus
from tests.support.integrations import integration

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def post(body: bytes = b'{"title":"Disk full","host":"srv1"}', at: datetime = NOW, name: str = "rmm") -> Post:
    return Post(
        integration=integration(name), vendor=GENERIC, body=body, content_type="application/json", received_at=at
    )


async def take(acceptance: Acceptance, its: Post, own_id: str | None = None) -> list[Alert]:
    alerts, _ = await acceptance.accept(its, read(GENERIC, its.body, {}), own_id)
    return alerts


def acceptance(bus: FakeBus, **more) -> Acceptance:
    return Acceptance(bus, encode=codec.encode, **more)


def decoded(bus: FakeBus) -> list[Alert]:
    return [codec.decode(Alert, record.value) for record in bus.records]


async def until(condition) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it never became true")


async def test_an_alert_is_on_the_bus_when_it_is_accepted() -> None:
    bus = FakeBus()

    alerts = await take(acceptance(bus), post())

    assert decoded(bus) == alerts
    assert bus.records[0].topic == "tandem.alerts"
    assert bus.records[0].key == f"acme/{alerts[0].dedup_key}"
    assert alerts[0].raw == post().body
    assert alerts[0].received_at == NOW


async def test_nothing_is_accepted_before_the_append_returns() -> None:
    bus = FakeBus()
    bus.open.clear()
    accepting = asyncio.create_task(take(acceptance(bus), post()))
    await until(lambda: bus.waiting == 1)

    assert not accepting.done()
    bus.open.set()

    assert len(await accepting) == 1


async def test_the_same_post_gets_the_same_ids_and_is_appended_once() -> None:
    bus = FakeBus()
    intake = acceptance(bus)

    first = await take(intake, post())
    again = await take(intake, post(at=NOW + timedelta(minutes=5)))

    assert [alert.alert_id for alert in again] == [alert.alert_id for alert in first]
    assert len(bus.records) == 1


async def test_the_same_post_after_a_restart_gets_the_same_ids() -> None:
    before = await take(acceptance(FakeBus()), post())
    after = await take(acceptance(FakeBus()), post(at=NOW + timedelta(minutes=3)))

    assert [alert.alert_id for alert in after] == [alert.alert_id for alert in before]


async def test_ids_are_derived_from_tenant_integration_delivery_and_index() -> None:
    alerts = await take(acceptance(FakeBus()), post(b'[{"title":"a"},{"title":"b"}]'), "msg_1")

    assert [alert.alert_id for alert in alerts] == [ids.alert_id("acme", "rmm", "msg_1", index) for index in (0, 1)]
    assert {alert.alert_id.version for alert in alerts} == {8}
    assert [bool(alert.raw) for alert in alerts] == [True, False]


async def test_a_refused_post_that_comes_again_gets_its_ids_and_is_appended() -> None:
    bus = FakeBus()
    intake = acceptance(bus)
    bus.away()
    with pytest.raises(Unavailable):
        await take(intake, post())
    assert intake.fault() is not None
    bus.back()

    alerts = await take(intake, post(at=NOW + timedelta(minutes=1)))

    assert decoded(bus) == alerts
    assert alerts[0].alert_id == (await take(acceptance(FakeBus()), post()))[0].alert_id
    assert intake.fault() is None


async def test_while_a_batch_commits_the_next_gathers() -> None:
    bus = FakeBus()
    intake = acceptance(bus, lanes=1)
    bus.open.clear()
    first = asyncio.create_task(take(intake, post(b'{"title":"0"}')))
    await until(lambda: bus.waiting == 1)
    rest = [asyncio.create_task(take(intake, post(b'{"title":"%d"}' % i))) for i in range(1, 50)]
    await asyncio.sleep(0)
    bus.open.set()

    await asyncio.gather(first, *rest)

    assert bus.batches == [1, 49]


async def test_lanes_do_not_wait_for_each_other_and_a_key_stays_in_its_lane() -> None:
    bus = FakeBus()
    bus.open.clear()
    intake = acceptance(bus, lanes=2)
    bodies = [b'{"title":"t","dedup_key":"k%d"}' % i for i in range(8)]
    accepting = [asyncio.create_task(take(intake, post(body))) for body in bodies]

    await until(lambda: bus.waiting == 2)
    bus.open.set()
    await asyncio.gather(*accepting)

    lanes = {partition_of(record.key) % 2 for record in bus.records}
    assert lanes == {0, 1}


async def test_a_batch_over_several_lanes_is_accepted_as_one() -> None:
    bus = FakeBus()
    body = b"[" + b",".join(b'{"title":"t","dedup_key":"k%d"}' % i for i in range(20)) + b"]"

    alerts = await take(acceptance(bus, lanes=4), post(body))

    assert len(alerts) == len(bus.records) == 20
    assert len({alert.alert_id for alert in alerts}) == 20


async def test_a_batch_over_several_lanes_is_refused_as_one() -> None:
    bus = FakeBus()
    bus.away()
    body = b"[" + b",".join(b'{"title":"t","dedup_key":"k%d"}' % i for i in range(20)) + b"]"

    with pytest.raises(Unavailable):
        await take(acceptance(bus, lanes=4), post(body))


async def test_an_append_that_hangs_is_refused_in_time() -> None:
    bus = FakeBus()
    bus.open.clear()
    intake = acceptance(bus)

    with pytest.raises(Unavailable):
        async with asyncio.timeout(15):
            await take(intake, post())


async def test_a_fault_in_the_bus_itself_refuses_and_does_not_stop_the_lane() -> None:
    bus = FakeBus()
    bus.fault = KeyError("a bug")
    intake = acceptance(bus, lanes=1)
    with pytest.raises(Unavailable):
        await take(intake, post(b'{"title":"a"}'))
    bus.back()

    assert len(await take(intake, post(b'{"title":"b"}'))) == 1


async def test_what_waits_is_bounded_and_past_it_posts_are_refused_at_once() -> None:
    bus = FakeBus()
    bus.open.clear()
    intake = acceptance(bus)
    body = b"[" + b",".join(b'{"title":"%d"}' % i for i in range(4_000)) + b"]"
    accepting = [asyncio.create_task(take(intake, post(body, name=f"i{n}"))) for n in range(2)]
    await until(lambda: bus.waiting == 2)
    assert 2 * 4_000 <= QUEUE_RECORDS < 3 * 4_000

    with pytest.raises(Unavailable, match="intake"):
        await take(intake, post(body, name="i3"))

    bus.open.set()
    await asyncio.gather(*accepting)
    assert len(await take(intake, post(body, name="i4"))) == 4_000


async def test_what_waits_is_bounded_in_bytes_too() -> None:
    bus = FakeBus()
    bus.open.clear()
    intake = acceptance(bus, deadline_s=60.0)
    body = b'{"title":"t","pad":"' + b"x" * 1_000_000 + b'"}'
    fitting = QUEUE_BYTES // 1_010_000
    accepting = [asyncio.create_task(take(intake, post(body, name=f"i{n}"))) for n in range(fitting)]
    await until(lambda: bus.waiting == 2)

    with pytest.raises(Unavailable, match="intake"):
        await asyncio.gather(*(take(intake, post(body, name=f"more{n}")) for n in range(2)))

    bus.open.set()
    await asyncio.gather(*accepting)


async def test_a_sender_that_gave_up_does_not_disturb_the_others() -> None:
    bus = FakeBus()
    bus.open.clear()
    intake = acceptance(bus, lanes=1)
    gone = asyncio.create_task(take(intake, post(b'{"title":"a"}')))
    stays = asyncio.create_task(take(intake, post(b'{"title":"b"}')))
    await until(lambda: bus.waiting == 1)
    gone.cancel()
    bus.open.set()

    assert len(await stays) == 1
    assert gone.cancelled() or gone.cancelling()


async def test_draining_waits_for_what_is_on_its_way() -> None:
    bus = FakeBus()
    bus.open.clear()
    intake = acceptance(bus)
    accepting = asyncio.create_task(take(intake, post()))
    await until(lambda: bus.waiting == 1)
    draining = asyncio.create_task(intake.drain())
    await asyncio.sleep(0)
    assert not draining.done()

    bus.open.set()
    await draining

    assert len(bus.records) == 1
    await accepting


async def test_an_unreadable_body_becomes_one_plain_alert_with_its_bytes() -> None:
    bus = FakeBus()

    (alert,) = await take(acceptance(bus), post(b"\x00not json"))

    assert alert.title == "Unreadable alert from rmm"
    assert alert.dedup_key == "unreadable:rmm"
    assert alert.quarantined == "not JSON"
    assert alert.raw == b"\x00not json"
    assert decoded(bus) == [alert]


async def test_the_readable_part_of_a_batch_is_kept_beside_the_plain_alert() -> None:
    alerts = await take(acceptance(FakeBus()), post(b'[{"title":"good"},5]'))

    assert [alert.title for alert in alerts] == ["good", "Unreadable alert from rmm"]
    assert [alert.quarantined is None for alert in alerts] == [True, False]


async def test_a_condition_without_a_key_is_known_by_where_it_is_and_what_it_says() -> None:
    async def key(body: bytes, name: str = "rmm") -> str:
        return (await take(acceptance(FakeBus()), post(body, name=name)))[0].dedup_key

    disk = await key(b'{"title":"Disk full","host":"srv1"}')

    assert disk == await key(b'{"title":"DISK FULL","host":"srv1","severity":"high"}')
    assert disk != await key(b'{"title":"Disk full","host":"srv2"}')
    assert disk != await key(b'{"title":"Disk full","host":"srv1","customer":"globex"}')
    assert disk != await key(b'{"title":"Disk full","host":"srv1"}', name="other")


async def test_an_alert_without_a_wire_form_is_quarantined_and_not_lost() -> None:
    bus = FakeBus()

    def encode(alert: Alert) -> bytes:
        if alert.quarantined is None:
            raise PoisonRecord("no wire form")
        return codec.encode(alert)

    (alert,) = await take(Acceptance(bus, encode=encode), post())

    assert alert.dedup_key == "unreadable:rmm"
    assert isinstance(decoded(bus)[0].alert_id, UUID)


async def test_the_same_bytes_read_by_a_mended_mapping_are_a_new_delivery() -> None:
    taking, first = acceptance(FakeBus()), post()
    mended = structs.replace(first, integration=replace(first.integration, mapping="alert: {title: $.title}"))

    before, after, again = [await take(taking, its) for its in (first, mended, mended)]

    assert before[0].alert_id != after[0].alert_id
    assert after[0].alert_id == again[0].alert_id
