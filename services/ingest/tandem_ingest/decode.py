"""Bytes to a value of JSON's shape, within limits, trusting nothing the headers say about them. Knows no vendor.

A bomb of nesting or keys is refused; anything else that cannot be read is Unreadable, which costs the
sender nothing. Valid JSON takes the short way; what strict parsers refuse and senders write all the same (a BOM,
UTF-16, Latin-1, raw control characters, lone surrogates, JSON inside a JSON string, JSON lines) takes the long one, and
so do XML (markup.py) and form fields (forms.py), told by how they begin.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import NoReturn

import msgspec

from tandem.errors import Reason, Refused
from tandem_ingest import forms, markup
from tandem_ingest.unreadable import Unreadable

MAX_DEPTH = 64
MAX_KEYS = 5_000
"""Keys, and also objects and arrays."""
_DIGITS = 18
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string or an unfinished one: it always matches where it starts, so a hostile body costs one pass."""
_BRACKETS = re.compile(rb"[\[\]{}]")
_ENVELOPES = ("payload", "data", "json", "body")
"""Form fields that hold the whole of what is said, where they hold JSON."""
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_from_json = msgspec.json.Decoder().decode
_NESTED = 3
"""How often a JSON string may hold JSON again: senders do it once, gateways once more."""
_OPENING = b'{["<'
_OPENINGS = (b"{", b"[", b'"', b"")
_OUTER = "\x00\ufeff \t\r\n"
"""What stands around a body and means nothing."""


def decode(raw: bytes) -> object:
    """The value ``raw`` holds; numbers are finite, integers that no tool writes come back as text.

    XML is an object of its root, see ``markup.tree_of``. A form is an object of its fields (a list for a name that
    comes twice), or the JSON of its one field ``payload`` or the like.

    Raises:
        Refused: nested deeper than MAX_DEPTH or more than MAX_KEYS keys.
        Unreadable: no JSON value, XML or form; NaN or Infinity.
    """
    return _decode(raw, _NESTED)


def or_text(raw: bytes, headers: Mapping[str, str]) -> object:  # noqa: ARG001 - what a body claims to be decides nothing
    """``decode``, and any other text as a str: the ``Vendor.decode`` of dialects that read plain text.

    Raises:
        Refused: as ``decode``.
        Unreadable: nothing but blanks.
    """
    try:
        return decode(raw)
    except Unreadable:
        text = as_text(raw).strip(_OUTER)
        if not text:
            raise
        return text


def _decode(raw: bytes, nested: int) -> object:
    check_limits(raw)
    try:
        value: object = _from_json(raw)
    except ValueError:  # every fault of msgspec and of UTF-8
        value = _decode_odd(raw, nested)
    if isinstance(value, str):
        return _unwrapped(value, nested)
    return _out_of_body(value, nested)


def _out_of_body(value: object, nested: int) -> object:
    """What a gateway put, as text or as it is, under the one name ``body``; anything else stays itself."""
    if not isinstance(value, dict) or len(value) != 1 or "body" not in value:
        return value
    inner = _unwrapped(value["body"], nested) if isinstance(value["body"], str) else value["body"]
    return inner if isinstance(inner, dict | list) else value


def check_limits(raw: bytes) -> None:
    """Refuse a bomb before any parser recurses into it; linear, and a count or two for a usual body.

    Raises:
        Refused: see ``decode``.
    """
    containers = raw.count(b"{") + (raw.count(b"[") if b"[" in raw else 0)
    if containers <= MAX_DEPTH and (len(raw) <= MAX_KEYS or raw.count(b":") <= MAX_KEYS):
        return
    if raw[:64].lstrip()[:1] not in _OPENINGS:
        return  # no JSON yet, and colons and brackets of a text are no keys; what it turns into comes here again
    bare = _STRING.sub(b"", raw)
    if bare.count(b":") > MAX_KEYS or bare.count(b"{") + bare.count(b"[") > MAX_KEYS:
        raise Refused(Reason.TOO_COMPLEX, f"more than {MAX_KEYS} keys, objects or arrays")
    depth = 0
    for bracket in _BRACKETS.findall(bare):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise Refused(Reason.TOO_COMPLEX, f"nested deeper than {MAX_DEPTH}")


def _unwrapped(value: str, nested: int) -> object:
    """The JSON inside a JSON string; other text stays text."""
    inner = value.strip()
    if not nested or inner[:1] not in {"{", "[", '"'}:
        return value
    try:
        return _decode(inner.encode("utf-8", "surrogatepass"), nested - 1)
    except Unreadable:
        return value


def _decode_odd(raw: bytes, nested: int) -> object:
    text = as_text(raw).strip(_OUTER)
    if not text:
        raise Unreadable("an empty body")
    recoded = text.encode("utf-8", "surrogatepass")
    if len(recoded) != len(raw):
        check_limits(recoded)  # UTF-16 hides its brackets from a scan of bytes
    if text[0] == "<":
        return markup.tree_of(text)
    try:
        value: object = json.loads(
            text, strict=False, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_integer
        )
    except RecursionError as error:  # not reachable within MAX_DEPTH; a bomb all the same
        raise Refused(Reason.TOO_COMPLEX, f"nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:
        if text[0] == "{" and (lines := _lines(text)):
            return lines
        if text[0] in '{["':
            raise Unreadable("not JSON") from error
        return _decode_other(recoded, text, nested)
    return value


def _lines(text: str) -> list[object]:
    """The objects of JSON lines, or written one behind the other; empty when it is not two or more of them.

    Kibana's ``{{#context.alerts}}{{{.}}}{{/context.alerts}}`` renders without anything between them.
    """
    found: list[object] = []
    place = 0
    try:
        while place < len(text):
            value, end = _DECODER.raw_decode(text, place)
            if not isinstance(value, dict):
                return []
            found.append(value)
            place = end + len(text[end : end + _GAP]) - len(text[end : end + _GAP].lstrip(", \t\r\n"))
    except (ValueError, RecursionError):
        return []
    return found if len(found) > 1 else []


def _decode_other(raw: bytes, text: str, nested: int) -> object:
    """A form; ``raw`` is ``text`` in UTF-8."""
    fields = forms.multipart(raw) if text.startswith("--") else forms.urlencoded(text)
    if fields is None:
        raise Unreadable("not JSON")
    values = {name: [_field(each, nested) for each in several] for name, several in fields.items()}
    for name in _ENVELOPES:
        if name in values and isinstance(values[name][0], dict | list):
            return values[name][0]
    return {name: several[0] if len(several) == 1 else several for name, several in values.items()}


def _field(raw: bytes, nested: int) -> object:
    """The JSON a form's field holds, else its text."""
    if nested and raw[:64].lstrip()[:1] in {b"{", b"["}:
        try:
            return _decode(raw, nested - 1)
        except Unreadable:
            return as_text(raw)
    return as_text(raw)


def as_text(raw: bytes) -> str:
    """Bytes of an unstated encoding as text, never failing: a BOM, then UTF-16 by its zeros, UTF-8, Latin-1."""
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(encoding, "replace")
    if raw[1:2] == b"\0" and raw[:1] in _OPENING:
        return raw.decode("utf-16-le", "replace")
    if raw[:1] == b"\0" and raw[1:2] in _OPENING:
        return raw.decode("utf-16-be", "replace")
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is no number in JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Unreadable("a number out of range")
    return value


def _integer(digits: str) -> int | str:
    """Python refuses to read integers of 4,300 digits, and no field of an alert means one."""
    return int(digits) if len(digits) <= _DIGITS else digits


_DECODER = json.JSONDecoder(strict=False, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_integer)
_GAP = 1_000
"""Characters looked at between two objects: blanks, line ends, commas."""
