"""What it takes to make Kafka's topics as they should be: created, set, or left to a person."""

from __future__ import annotations

from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.kafka_topics import Found, compare, wanted, wanted_topic
from tandem.bus.topics import ALL

ONE = KafkaSettings(bootstrap="kafka:9092")
THREE = KafkaSettings(bootstrap="kafka:9092", replication=3, prefix="prod.")
ALERTS = wanted_topic(ONE, "tandem.alerts")


def found(**changes) -> dict[str, Found]:
    facts = {"partitions": 8, "replication": 1, "configs": dict(ALERTS.configs), **changes}
    return {"tandem.alerts": Found(**facts)}


def test_every_topic_of_the_table_is_wanted_and_those_of_parties():
    names = [topic.name for topic in wanted(THREE, ["tandem.routed.msp.brightwater"])]

    assert names == [*(f"prod.{topic.name}" for topic in ALL), "prod.tandem.routed.msp.brightwater"]


def test_three_copies_are_acknowledged_by_two():
    assert wanted_topic(THREE, "tandem.alerts").configs["min.insync.replicas"] == "2"
    assert ALERTS.configs["min.insync.replicas"] == "1"


def test_a_missing_topic_is_created():
    assert compare([ALERTS], {}).create == [ALERTS]


def test_a_topic_as_it_should_be_is_left_alone():
    changes = compare([ALERTS], found())

    assert (changes.create, changes.configure, changes.problems) == ([], [], [])
    assert changes.same == [ALERTS]


def test_a_setting_that_differs_is_set_and_what_others_set_stays():
    configs = {**ALERTS.configs, "retention.ms": "1000"}

    (change,) = compare([ALERTS], found(configs=configs, own={"retention.ms": "1000", "segment.ms": "5"})).configure

    assert change.differing == {"retention.ms": str(7 * 24 * 3600 * 1000)}
    assert change.whole == {**ALERTS.configs, "segment.ms": "5"}


def test_another_number_of_partitions_is_a_persons_decision():
    (problem,) = compare([ALERTS], found(partitions=12)).problems

    assert "tandem.alerts has 12 partitions, not 8" in problem
    assert "TANDEM_KAFKA_PARTITIONS=12" in problem


def test_fewer_copies_than_wanted_are_a_persons_decision():
    topic = wanted_topic(KafkaSettings(bootstrap="b", replication=3), "tandem.alerts")

    assert "kept 1 times, not 3" in compare([topic], found()).problems[0]


def test_an_outside_topic_may_have_any_number_of_partitions():
    topic = wanted_topic(ONE, "tandem.routed.msp.brightwater")
    there = {topic.name: Found(partitions=1, replication=1, configs=dict(topic.configs))}

    assert not compare([topic], there).problems
