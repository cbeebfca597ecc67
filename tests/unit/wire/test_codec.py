"""What a payload says survives the wire; what cannot be read is poison and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.bus.topics import ALL
from tandem.errors import PoisonRecord
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.events import Command, CommandDetail, CommandKind, Quarantined
from tandem.model.ownership import Actor, Party
from tandem.wire.codec import SCHEMA, decode, encode
from tandem.wire.v1 import command_pb2, quarantined_pb2
from tests.support.payloads import instances_of

PAYLOADS = [topic.payload for topic in ALL]
AT = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
COMMAND = Command(
    command_id=UUID(int=1),
    tenant="acme",
    incident_id=UUID(int=2),
    kind=CommandKind.NOTE,
    by=Actor(Party.MSP, "ann"),
    at=AT,
    detail=CommandDetail(text="seen"),
)

ALERT = Alert(
    alert_id=UUID(int=3),
    tenant="acme",
    integration="acme-rmm",
    vendor="generic",
    kind=Kind.RMM,
    delivery_id="d-1",
    dedup_key="disk",
    title="Disk full",
    status=AlertStatus.FIRING,
    severity=Severity.HIGH,
    received_at=AT,
)


def as_message(payload):
    return command_pb2.Command.FromString(encode(payload))


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.__name__)
@settings(deadline=None)
@given(data=st.data())
def test_every_payload_comes_back_as_it_was(payload, data):
    value = data.draw(instances_of(payload))

    assert decode(payload, encode(value)) == value


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.__name__)
@settings(deadline=None)
@given(raw=st.binary(max_size=300))
def test_bytes_of_anybody_are_poison_or_a_payload(payload, raw):
    try:
        value = decode(payload, raw)
    except PoisonRecord:
        return
    assert isinstance(value, payload)


@settings(deadline=None)
@given(data=st.data())
def test_a_damaged_record_is_poison_or_a_payload(data):
    wire = bytearray(encode(data.draw(instances_of(Command))))
    place = data.draw(st.integers(0, len(wire) - 1))
    wire[place] = data.draw(st.integers(0, 255))

    try:
        value = decode(Command, bytes(wire))
    except PoisonRecord:
        return
    assert isinstance(value, Command)


def test_an_instant_of_another_zone_comes_back_as_the_same_instant_in_utc():
    berlin = AT.astimezone(timezone(timedelta(hours=1)))

    read = decode(Command, encode(replace(COMMAND, at=berlin)))

    assert read.at == berlin
    assert read.at.tzinfo is UTC


def test_decoded_mappings_are_read_only():
    read = decode(Alert, encode(replace(ALERT, labels={"site": "berlin"})))

    with pytest.raises(TypeError):
        read.labels["site"] = "paris"  # type: ignore[index]


def test_absent_fields_of_older_code_take_their_defaults():
    message = as_message(COMMAND)
    for name in ("via", "page_id", "detail"):
        message.ClearField(name)

    read = decode(Command, message.SerializeToString())

    assert (read.via, read.page_id, read.detail) == ("console", None, CommandDetail())


@pytest.mark.parametrize("name", ["command_id", "tenant", "incident_id", "kind", "by", "at"])
def test_a_missing_required_field_is_poison_and_named(name):
    message = as_message(COMMAND)
    message.ClearField(name)

    with pytest.raises(PoisonRecord, match=rf"Command\.{name} is missing"):
        decode(Command, message.SerializeToString())


def test_an_unknown_member_of_an_enum_is_poison():
    message = as_message(COMMAND)
    message.kind = 4711

    with pytest.raises(PoisonRecord, match=r"Command\.kind cannot be read"):
        decode(Command, message.SerializeToString())


def test_an_id_of_the_wrong_length_is_poison():
    message = as_message(COMMAND)
    message.command_id = b"short"

    with pytest.raises(PoisonRecord, match=r"Command\.command_id cannot be read"):
        decode(Command, message.SerializeToString())


def test_an_instant_past_the_calendar_is_poison():
    message = as_message(COMMAND)
    message.at = 2**62

    with pytest.raises(PoisonRecord, match=r"Command\.at cannot be read"):
        decode(Command, message.SerializeToString())


@pytest.mark.parametrize("schema", [0, SCHEMA + 1])
def test_another_major_version_is_poison(schema):
    message = as_message(COMMAND)
    message.schema = schema

    with pytest.raises(PoisonRecord, match="this code reads 1"):
        decode(Command, message.SerializeToString())


def test_fields_of_newer_code_are_ignored():
    newer = encode(COMMAND) + bytes([0xFA, 0x3F, 3]) + b"new"  # field 1023, length-delimited

    assert decode(Command, newer) == COMMAND


@pytest.mark.parametrize(
    "value",
    [
        replace(COMMAND, tenant="\ud800"),
        replace(COMMAND, at=AT.replace(tzinfo=None)),
        replace(COMMAND, detail=CommandDetail(expected_version=2**63)),
        replace(COMMAND, kind="whistle"),  # type: ignore[arg-type]
    ],
    ids=["lone surrogate", "naive instant", "65 bits", "text for an enum"],
)
def test_what_has_no_wire_form_is_poison(value):
    with pytest.raises(PoisonRecord, match="Command cannot be written"):
        encode(value)


def test_empty_text_and_bytes_are_not_missing():
    empty = Quarantined(tenant=None, service="", integration=None, topic="", reason="", at=AT, raw=b"")

    message = quarantined_pb2.Quarantined.FromString(encode(empty))

    assert decode(Quarantined, message.SerializeToString()) == empty
