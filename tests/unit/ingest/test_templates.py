"""A user's template may name its fields as it likes and may break: what it says is read all the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors import tags
from tandem_ingest.vendors.flat import Flat, Questions
from tandem_ingest.vendors.headline import headline
from tandem_ingest.vendors.template import REPAIRED, decode_template, fields


@pytest.mark.parametrize(
    "body",
    [
        {"EVENT.ID": 7}, {"event_id": 7}, {"EventID": 7}, {"event": {"id": 7}}, {"data": {"event": {"id": 7}}},
        {"event": {"event_id": 7}},
    ],
)  # fmt: skip
def test_a_name_is_its_letters_wherever_it_stands(body: dict[str, object]) -> None:
    assert Flat(body).first("eventid") == "7"


def test_what_stands_further_out_wins() -> None:
    assert Flat({"data": {"title": "inner"}, "title": "outer"}).first("title") == "outer"


@pytest.mark.parametrize(
    "value",
    [
        "{EVENT.ID}",
        "{{alert.id}}",
        "{{ alert.id }}",
        "[alert_uid]",
        "$ALERT_ID",
        "$HOSTNAME$",
        "%sensorid",
        "*UNKNOWN*",
    ],
)
def test_a_placeholder_is_no_value_but_is_remembered(value: str) -> None:
    says = Flat({"id": value, "name": "n"})

    assert says.first("id", "name") == "n"
    assert says.unfilled("id")


@pytest.mark.parametrize("value", ["[disk full] on srv1", "{a} and {b}", "100 %", "$5", "*", "[Down]"])
def test_a_text_with_brackets_is_a_value(value: str) -> None:
    assert Flat({"title": value}).first("title") == value


def test_null_and_empty_fields_are_absent() -> None:
    assert Flat({"a": None, "b": "", "c": " ", "d": 0}).first("a", "b", "c", "d") == "0"


@pytest.mark.parametrize(
    "message", ['a "quoted" word', "C:\\Data\\new", 'ends with "', "two\nlines", 'comma", and "more']
)
def test_a_message_that_breaks_the_json_costs_nothing(message: str) -> None:
    body = '{"message": "MESSAGE", "state": "raised", "uid": "u-1"}'.replace("MESSAGE", message).encode()

    assert decode_template(body, {}) == {"message": message, "state": "raised", "uid": "u-1"} | (
        {} if _is_json(body) else {REPAIRED: "broken JSON, read field by field"}
    )


def test_a_message_cannot_write_over_what_stands_behind_it() -> None:
    forged = b'{"message": "x", "state": "resolved", "y": "a "b"", "state": "raised", "uid": "u-1"}'

    assert fields(forged.decode())["state"] == "raised"


def test_a_body_that_was_cut_off_is_read_up_to_there() -> None:
    found = decode_template(b'{"state": "raised", "message": "Disk C: is fu', {})

    assert found == {"state": "raised", "message": "Disk C: is fu", REPAIRED: "broken JSON, read field by field"}


def test_a_json_string_of_broken_json_is_opened() -> None:
    found = decode_template(json.dumps('{"message": "a "b" c"}').encode(), {})

    assert found == {"message": 'a "b" c', REPAIRED: "broken JSON, read field by field"}


def test_plain_text_is_a_message() -> None:
    assert decode_template(b"Spooler stopped\non PRN-1", {}) == {
        "message": "Spooler stopped\non PRN-1",
        REPAIRED: "plain text",
    }


@pytest.mark.parametrize("body", [b"", b"  ", b"{", b"[1,", b"\x00\x01\x02", b"\xff\xfe\x00", b"{broken"])
def test_what_says_nothing_cannot_be_read(body: bytes) -> None:
    with pytest.raises(Unreadable):
        decode_template(body, {})


@given(st.text())
def test_no_broken_body_breaks_the_reading(text: str) -> None:
    assert all(isinstance(name, str) for name in fields("{" + text))


@pytest.mark.parametrize("piece", ['{"a":', ',"', ", ", '{ "aaaaaaaaaaaaaaaa', '"a":"b",'])
def test_a_hostile_body_gives_a_bounded_number_of_fields(piece: str) -> None:
    assert len(fields(piece * (1_000_000 // len(piece)))) <= 200


@pytest.mark.parametrize(
    "value",
    [
        [{"tag": "Customer", "value": "acme"}, {"tag": "prod", "value": ""}],
        [{"name": "customer", "value": "acme"}, {"name": "prod"}],
        ["customer:acme", "prod"],
        "customer:acme, prod",
        "customer=acme;prod",
        {"customer": "acme", "prod": None},
        '[{"tag": "customer", "value": "acme"}, {"tag": "prod"}]',
    ],
)
def test_tags_are_read_however_they_are_written(value: object) -> None:
    found = tags.pairs(value)

    assert found == {"customer": "acme", "prod": ""}
    assert tags.named(found, tags.CUSTOMER) == "acme"


def test_the_first_sign_parts_name_and_value() -> None:
    assert tags.pairs("url:http://x/?a=b,q=a:b") == {"url": "http://x/?a=b", "q": "a:b"}


@pytest.mark.parametrize(
    ("name", "detail", "title"),
    [
        ("WAN down", "Interface wan1 is down", "WAN down: Interface wan1 is down"),
        ("Disk full", "Disk full on srv1\nmore", "Disk full on srv1"),
        ("Disk full on srv1", "disk full", "Disk full on srv1"),
        ("Disk full", None, "Disk full"),
        (None, "a\nb", "a"),
        (None, " ", None),
    ],
)
def test_a_title_names_the_rule_and_what_happened(name: str | None, detail: str | None, title: str | None) -> None:
    assert headline(name, detail) == title


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body, strict=False)
    except ValueError:
        return False
    return True


ASKED = {"title": ("title", "name", "subject"), "told": ("message", "name"), "host": ("host", "eventhost", "device")}
_NAMES = st.sampled_from(["title", "Name", "subject", "message", "host", "event.host", "EVENT_HOST", "device", "other"])
_SAID = st.sampled_from(["a", " b ", "", " ", 7, True, None, [], ["c"], "{PLACEHOLDER}"])


@given(st.dictionaries(_NAMES, _SAID | st.dictionaries(_NAMES, _SAID, max_size=4), max_size=9))
def test_the_questions_of_an_adapter_are_answered_as_if_each_were_asked_alone(body: dict[str, object]) -> None:
    says = Flat(body)

    answers = Questions(**ASKED).answers(says)

    assert answers == {each: said for each, names in ASKED.items() if (said := says.first(*names)) is not None}


def test_a_question_that_nothing_answers_has_no_answer() -> None:
    assert Questions(**ASKED).answers(Flat({"message": "m", "device": None})) == {"told": "m"}
