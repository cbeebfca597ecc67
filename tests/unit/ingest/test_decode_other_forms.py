"""What is not JSON is read all the same: XML, forms, multipart parts, a query string, plain text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.errors import Reason, Refused
from tandem_ingest import query
from tandem_ingest.decode import decode, or_text
from tandem_ingest.unreadable import Unreadable

MULTIPART = (
    b'--{0}\r\nContent-Disposition: form-data; name="data"\r\n\r\n{1}\r\n'
    b'--{0}\r\nContent-Disposition: form-data; name="note"; filename="n.txt"\r\nContent-Type: text/plain\r\n\r\n'
    b"caf\xe9\r\n--{0}--\r\n"
)  # fmt: skip
LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;">]><a>&m;</a>',
    b'<!DOCTYPE a SYSTEM "http://evil.example/x.dtd"><a/>',
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>',
)


def parts(boundary: bytes, data: bytes) -> bytes:
    return MULTIPART.replace(b"{0}", boundary).replace(b"{1}", data)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"<a><b>1</b></a>", {"a": {"b": "1"}}),
        (b'<a x="1">t<b/></a>', {"a": {"@x": "1", "b": None, "#text": "t"}}),
        (b"<a><b>1</b><c/><b>2</b><b/></a>", {"a": {"b": ["1", "2", None], "c": None}}),
        (b'<?xml version="1.0" encoding="utf-16"?>\n<a>\xc3\xa9</a>', {"a": "\u00e9"}),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>', {"a": "\u00e9"}),
        ("<a>\u00e9</a>".encode("utf-16"), {"a": "\u00e9"}),
        (b"\xef\xbb\xbf<a>t</a>", {"a": "t"}),
        (b"<a><![CDATA[x < y & z]]></a>", {"a": "x < y & z"}),
        (b"<a>R&D &amp; ops &lt;x&gt;</a>", {"a": "R&D & ops <x>"}),
        ("<a>t</a>".encode("utf-16-le"), {"a": "t"}),
        (b"<a>before\x01after</a>", {"a": "before after"}),
        (b'<s:E xmlns:s="urn:x" s:id="7"><s:Body>t</s:Body></s:E>', {"E": {"@id": "7", "Body": "t"}}),
    ],
)
def test_xml_has_the_shape_of_json(raw: bytes, value: object) -> None:
    assert decode(raw) == value


@pytest.mark.parametrize("raw", [*LAUGHS, b"<a><b></a>", b"<", b"<html><br>text</html>", b"<a/><b/>", b"<a>"])
def test_xml_that_is_broken_or_brings_a_document_type_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"<a>" * 65 + b"</a>" * 65,
        b"<a>" + b"<b/>" * 5_001 + b"</a>",
        b"<a " + b" ".join(b'x%d="1"' % i for i in range(5_001)) + b"/>",
        b"&".join(b"a%d=1" % i for i in range(6_000)),
        b"data=" + b"[" * 10_000,
        parts(b"xyz", b"[" * 10_000),
        b"--x\r\n" + b'Content-Disposition: form-data; name="a"\r\n\r\nb\r\n--x\r\n' * 6_000,
    ],
    ids=range(7),
)
def test_a_bomb_of_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as caught:
        decode(raw)

    assert caught.value.reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"host=srv1&state=down&note=caf%C3%A9+closed", {"host": "srv1", "state": "down", "note": "caf\u00e9 closed"}),
        (b"tag=a&tag=b&x=", {"tag": ["a", "b"], "x": ""}),
        (b"message=disk full on R&D server", {"message": "disk full on R&D server"}),
        (b"heartbeat=%7B%22status%22%3A0%7D&monitor=null&msg=x", {"heartbeat": {"status": 0}, "monitor": "null", "msg": "x"}),
        (b"payload=%7B%22a%22%3A1%7D&token=x", {"a": 1}),
        (b"message=%5BDown%5D+web&host=a", {"message": "[Down] web", "host": "a"}),
        (b"note=caf%E9", {"note": "caf\u00e9"}),
        (parts(b"---WebKit7MA4", b'{"monitor":{"id":7}}'), {"monitor": {"id": 7}}),
        (parts(b"b", b"no JSON"), {"data": "no JSON", "note": "caf\u00e9"}),
    ],
)  # fmt: skip
def test_forms_are_their_fields_or_the_json_they_carry(raw: bytes, value: object) -> None:
    assert decode(raw) == value


@pytest.mark.parametrize(
    "text", ["Server srv1 is down", "state = down\nhost = srv1", "a=b c=d", "-- alert --\nx", "x" * 9]
)
def test_plain_text_is_text_where_a_dialect_reads_text_and_unreadable_elsewhere(text: str) -> None:
    assert or_text(text.encode("utf-16"), {}) == text
    with pytest.raises(Unreadable):
        decode(text.encode())


def test_text_full_of_colons_and_brackets_is_no_bomb() -> None:
    text = "12:00:01 [a] {b} failed\n" * 3_000

    assert or_text(text.encode(), {}) == text.strip()


def test_broken_json_is_text_where_a_dialect_reads_text() -> None:
    assert or_text(b'{"message": "say "cheese""}', {}) == '{"message": "say "cheese""}'


@given(st.binary() | st.text("<>/ab=&%-;\"'\r\n:{}[]").map(str.encode) | st.binary().map(lambda raw: b"--b\r\n" + raw))
def test_any_bytes_give_a_value_text_or_a_deliberate_answer(raw: bytes) -> None:
    try:
        json.dumps(or_text(raw, {}))
    except (Unreadable, Refused):
        return


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"", b""),
        (b"key=s", b""),
        (b"a=1&key=s&b=2", b"a=1&b=2"),
        (b"KEY=s&&a=%26", b"a=%26"),
        (b"monkey=1", b"monkey=1"),
    ],
)
def test_a_query_is_a_form_without_the_secret_in_it(sent: bytes, body: bytes) -> None:
    assert query.as_body(sent) == body


def test_json_lines_are_a_list_and_broken_ones_are_no_json() -> None:
    assert decode(b'{"a":1}\n{"a":"}\\n{"}\r\n\n{"b":[2]}\n') == [{"a": 1}, {"a": "}\n{"}, {"b": [2]}]
    assert decode(b'{"a":1}{"a":2}, {"a":3}') == [{"a": 1}, {"a": 2}, {"a": 3}]
    for broken in (b'{"a":1}\n{"a":', b'{"a":1}{"a":2', b'{"a":1} x', b'{"a":1}\n[2]', b'{"a":1}\n{"a":NaN}'):
        with pytest.raises(Unreadable):
            decode(broken)
