"""What leaves the house: CloudEvents on each party's own topic. The cloudevents library is the oracle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat

from tandem.bus.plan import Outgoing
from tandem.model.alert import Kind, Severity
from tandem.model.events import CommandKind
from tandem_router.routed import cloud_events
from tests.unit.router.test_incident import Desk
from tests.unit.router.world import NIGHT, NOON, alert


def headers_of(record: Outgoing) -> Mapping[str, str]:
    assert record.headers is not None
    return record.headers


def sent(*alerts):
    desk = Desk()
    return [cloud_events(event) for event in desk.run(*alerts).events][-1]


@pytest.mark.parametrize(
    ("one", "topics"),
    [
        (alert("space low"), ["tandem.routed.internal.acme"]),
        (alert("mail slow"), ["tandem.routed.msp.brightwater"]),
        (alert("disk full", NIGHT), ["tandem.routed.internal.acme", "tandem.routed.msp.brightwater"]),
        (
            alert("finding", kind=Kind.SIEM, severity=Severity.HIGH),
            ["tandem.routed.msp.brightwater", "tandem.routed.internal.acme"],
        ),
        (alert("erp slow"), ["tandem.routed.internal.acme", "tandem.routed.msp.brightwater"]),
    ],
    ids=["internal", "msp", "taken over", "both paged", "shared"],
)
def test_the_owner_and_every_paged_party_get_it_on_their_own_topic(one, topics):
    assert [record.name for record in sent(one)] == topics


def test_an_independent_reader_understands_it():
    (record,) = sent(alert("mail slow", severity_word="warn"))
    headers = {name: value.encode() for name, value in headers_of(record).items()}

    event = from_binary(KafkaMessage(headers=headers, key=record.key, value=record.payload), JSONFormat())

    assert event.get_type() == "io.tandem.incident.opened.v1"
    assert event.get_source() == "/tandem/tenants/acme"
    assert event.get_id() == f"{event.get_subject()}-1"
    assert event.get_time() == NOON
    data: Any = event.get_data()
    assert (data["tenant"], data["priority"], data["responsible_party"]) == ("acme", "P3", "msp")
    assert data["alert"]["severity_word"] == "warn"
    assert record.key == f"acme/{event.get_subject()}"


def test_every_fact_is_an_event_with_an_id_of_its_own():
    desk = Desk()
    desk.run(alert("mail slow"))
    desk.act(CommandKind.ACKNOWLEDGE)
    (record,) = cloud_events(desk.batch.events[-1])

    assert headers_of(record)["ce_type"] == "io.tandem.incident.acknowledged.v1"
    assert headers_of(record)["ce_id"].endswith("-2")
    assert json.loads(record.payload)["by"] == {"party": "msp", "person": "msp-person"}


def test_an_msp_without_a_provider_document_has_no_topic():
    desk = Desk()
    (event,) = desk.run(alert("mail slow")).events

    assert cloud_events(replace(event, incident=replace(event.incident, provider=None))) == []


def test_it_is_sent_with_the_time_it_counts():
    desk = Desk()
    desk.run(alert("mail slow", NOON))

    assert headers_of(cloud_events(desk.batch.events[0])[0])["ce_time"] == "2026-11-17T17:00:00Z"
