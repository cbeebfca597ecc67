"""Bytes become a JSON value, or are refused as a bomb, or are unreadable; nothing else ever happens."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.errors import Reason, Refused
from tandem_ingest.decode import MAX_KEYS, decode
from tandem_ingest.unreadable import Unreadable

DEEP = 10_000


@given(st.binary() | st.binary().map(lambda raw: b'{"a":' + raw) | st.text('[]{}",:\\ae1NI-. ').map(str.encode))
def test_any_bytes_give_a_value_or_a_deliberate_answer(raw: bytes) -> None:
    try:
        decode(raw)
    except (Unreadable, Refused):
        return


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
        max_leaves=40,
    ).filter(lambda value: not isinstance(value, str))
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_means_the_same_in_every_encoding_senders_use(encoding: str, value: object) -> None:
    raw = json.dumps(value, ensure_ascii=False).encode(encoding)

    assert decode(raw) == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":"x\ny\x01"}', {"a": "x\ny\x01"}),
        (b'{"a":"\\ud800"}', {"a": "\ud800"}),
        (b'{"a":"\\u0000"}', {"a": "\x00"}),
        ('{"a":"\u00e9"}'.encode("latin-1"), {"a": "\u00e9"}),
        ('{"a":"\u00e9"}'.encode("utf-16-be"), {"a": "\u00e9"}),
        (b' \t\r\n{"a":1} ', {"a": 1}),
        (b'{"a":' + b"9" * 5_000 + b"}", {"a": "9" * 5_000}),
        (json.dumps(json.dumps({"a": [1]})).encode(), {"a": [1]}),
        (json.dumps("just text").encode(), "just text"),
        (json.dumps("{broken").encode(), "{broken"),
        (b"payload=%7B%22a%22%3A1%7D&x=y", {"a": 1}),
        (b"message=caf%C3%A9+closed", {"message": "caf\u00e9 closed"}),
    ],
)
def test_what_senders_write_is_read(raw: bytes, value: object) -> None:
    assert decode(raw) == value


@pytest.mark.parametrize(
    "raw",
    [b"", b"  ", b"\0\0", b'{"a":', b"plain text", b"<xml", b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":1e400}', b"=&="],
)
def test_what_is_no_json_is_unreadable_and_not_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b"[" * DEEP,
        b"[" * 65 + b"]" * 65,
        json.dumps({str(i): i for i in range(MAX_KEYS + 1)}).encode(),
        b"[" + b"{}," * (MAX_KEYS + 1) + b"0]",
        json.dumps("[" * DEEP).encode(),
        ("[" * 100 + "]" * 100).encode("utf-16"),
        b"payload=" + b"[" * DEEP,
    ],
    ids=range(9),
)
def test_a_bomb_is_refused_without_being_parsed(raw: bytes) -> None:
    with pytest.raises(Refused) as caught:
        decode(raw)

    assert caught.value.reason is Reason.TOO_COMPLEX


def test_the_limits_are_inclusive_and_do_not_count_what_stands_in_strings() -> None:
    assert decode(b"[" * 64 + b"]" * 64)
    assert decode(json.dumps({str(i): "{[:" for i in range(MAX_KEYS)}).encode())
    assert decode(b'{"a":"' + b'\\"[{:' * 20_000 + b'"}')


def test_an_unfinished_string_full_of_quotes_is_looked_at_once() -> None:
    hostile = b"[" * 65 + b'"' + b'\\"' * 500_000

    with pytest.raises(Refused):
        decode(hostile)


def test_numbers_are_finite() -> None:
    value = decode(b'{"a":1e308,"b":\n-0.0,"c":"\x01"}')

    assert isinstance(value, dict)
    assert math.isfinite(value["a"])
