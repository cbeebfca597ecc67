"""What a reader outside and a service may do on a cluster: exactly what the table of topics says, nobody's but one user's."""

from __future__ import annotations

import pytest

from tandem.bus.kafka_acls import Operation, Pattern, Resource, reader_rules, service_rules
from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.topics import ALL
from tandem.errors import Refused

PLAIN = KafkaSettings(bootstrap="b:9092")
SHARED = KafkaSettings(bootstrap="b:9092", prefix="eu.")
SERVICES = ("ingest", "router", "sla-clock", "notifier", "console")
TOPIC = "tandem.routed.internal.acme"


def topics(rules, operation, pattern=Pattern.LITERAL):
    return {
        rule.name
        for rule in rules
        if (rule.resource, rule.operation, rule.pattern) == (Resource.TOPIC, operation, pattern)
    }


def test_a_reader_may_read_one_topic_and_use_groups_of_its_own_name():
    assert [str(rule) for rule in reader_rules(SHARED, "soc", TOPIC)] == [
        "READ topic eu.tandem.routed.internal.acme",
        "DESCRIBE topic eu.tandem.routed.internal.acme",
        "READ group soc.*",
    ]


def test_no_rule_of_a_reader_names_the_beginning_of_topics():
    """``acme`` must not read what belongs to ``acme-dental``."""
    assert topics(reader_rules(PLAIN, "soc", TOPIC), Operation.READ, Pattern.PREFIXED) == set()


@pytest.mark.parametrize("groups", ["", "t", "tandem.", "tandem.router", "tandem.soc-of-acme"])
def test_a_reader_gets_no_group_of_tandem(groups: str):
    with pytest.raises(Refused):
        reader_rules(PLAIN, "soc", TOPIC, groups)


@pytest.mark.parametrize("user", ["", " ", "*", "a\nb", "x" * 201])
def test_a_rule_is_for_one_user_with_a_name(user: str):
    with pytest.raises(Refused):
        reader_rules(PLAIN, user, TOPIC)
    with pytest.raises(Refused):
        service_rules(PLAIN, user, "router")


def test_ingest_writes_what_it_accepts_and_reads_nothing():
    edge = service_rules(PLAIN, "u", "ingest")

    assert topics(edge, Operation.READ) == set()
    assert topics(edge, Operation.WRITE) == {"tandem.alerts", "tandem.signals"}
    assert topics(edge, Operation.WRITE, Pattern.PREFIXED) == set()


@pytest.mark.parametrize("service", ["router", "sla-clock", "notifier", "console"])
def test_who_relays_writes_what_any_of_them_publishes_and_never_alerts(service: str):
    rules = service_rules(PLAIN, "u", service)

    assert topics(rules, Operation.WRITE) == {topic.name for topic in ALL} - {"tandem.alerts"}
    assert topics(rules, Operation.WRITE, Pattern.PREFIXED) == {"tandem.routed."}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_the_table_says_in_its_own_group(service: str):
    rules = service_rules(SHARED, "u", service)
    read = {f"eu.{topic.name}" for topic in ALL if service in topic.readers}
    groups = {rule.name for rule in rules if rule.resource is Resource.GROUP}

    assert topics(rules, Operation.READ) == read
    assert groups == ({f"eu.tandem.{service}"} if read else set())
    assert {rule.operation for rule in rules} <= {Operation.READ, Operation.WRITE, Operation.CREATE}


def test_who_is_in_no_row_of_the_table_gets_no_rule():
    assert service_rules(PLAIN, "u", "somebody-who-only-looks-at-the-database") == []
