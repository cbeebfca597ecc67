"""A broker refuses each batch for now, ten times a second and partition: the log says so once a minute, with what to do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import NotEnoughReplicasError, NotLeaderForPartitionError
from aiokafka.producer.sender import SendProduceReqHandler
from aiokafka.structs import TopicPartition

from tandem.bus.kafka_flood import EVERY_S, Flood, calm

NOT_ENOUGH, NOT_LEADER = NotEnoughReplicasError.errno, NotLeaderForPartitionError.errno
ISR = "The size of the current ISR Set(1) is insufficient to satisfy the min.isr requirement of 2 for partition {}"


class Broker:
    """The client's own handler of answers, given refusals as a broker sends them."""

    def __init__(self) -> None:
        client = SimpleNamespace(force_metadata_update=lambda: None)
        self._sender = SimpleNamespace(client=client, _txn_manager=object(), _retry_backoff_ms=100, _retry_backoff=0.1)

    def refuses(self, code: int, *, topic: str = "tandem.alerts", partition: int = 0, said: str | None = None) -> None:
        handler = SendProduceReqHandler(self._sender, {TopicPartition(topic, partition): object()})
        answer: tuple[Any, ...] = (partition, code, -1, -1, 0, [], said)
        handler.handle_response(SimpleNamespace(API_VERSION=8, topics=[(topic, [answer])]))


class Told:
    """The filter over the client's logger, at a clock of its own."""

    now = 1000.0


@pytest.fixture
def told() -> Iterator[Told]:
    logger = logging.getLogger("aiokafka.producer.sender")
    clock = Told()
    flood = Flood(lambda: clock.now)
    logger.addFilter(flood)
    yield clock
    logger.removeFilter(flood)


def test_a_flood_of_one_refusal_is_one_line_a_minute_with_advice(told: Told, caplog: pytest.LogCaptureFixture):
    broker = Broker()
    for tick in range(int(2 * EVERY_S)):
        told.now = 1000.0 + tick
        for partition in range(8):
            broker.refuses(NOT_ENOUGH, partition=partition, said=ISR.format(f"tandem.alerts-{partition}"))

    first, second = [record.getMessage() for record in caplog.records]
    for words in ("tandem.alerts", "ISR Set(1)", "min.insync.replicas", "bring the brokers back"):
        assert words in first
    assert "and 479 times more" in second


def test_other_refusals_are_told_beside_it_and_say_what_the_broker_said(told: Told, caplog: pytest.LogCaptureFixture):
    broker = Broker()
    for _ in range(3):
        broker.refuses(NOT_ENOUGH)
        broker.refuses(NOT_LEADER, topic="tandem.pages")

    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "NotEnoughReplicas" in said[0]
    assert "bring the brokers back" in said[0]
    assert "tandem.pages" in said[1]
    assert "NotLeader" in said[1]
    assert "bring the brokers back" not in said[1]


def test_other_lines_of_the_client_pass(told: Told, caplog: pytest.LogCaptureFixture):
    logger = logging.getLogger("aiokafka.producer.sender")
    for _ in range(2):
        logger.warning("Got error produce response: %s", "x")

    assert [record.getMessage() for record in caplog.records] == ["Got error produce response: x"] * 2


def test_a_producer_calms_the_client_once_however_often_it_is_made():
    logger = logging.getLogger("aiokafka.producer.sender")
    calm()
    calm()

    assert sum(isinstance(each, Flood) for each in logger.filters) == 1
