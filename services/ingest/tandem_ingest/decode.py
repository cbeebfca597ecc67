"""Bytes to a JSON value, within limits and without trusting what the headers say about them. Knows no vendor.

A bomb of nesting or keys is refused; anything else that cannot be read is Unreadable, which costs the
sender nothing. Valid JSON takes the short way; what strict parsers refuse and senders write all the same (a BOM,
UTF-16, Latin-1, raw control characters, lone surrogates, JSON inside a JSON string, form fields) takes the long one.
"""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn

import msgspec

from tandem.errors import Reason, Refused
from tandem_ingest.unreadable import Unreadable

MAX_DEPTH = 64
MAX_KEYS = 5_000
"""Keys, and also objects and arrays."""
_DIGITS = 18
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string or an unfinished one: it always matches where it starts, so a hostile body costs one pass."""
_BRACKETS = re.compile(rb"[\[\]{}]")
_FORM = re.compile(rb"(?:^|&)(payload|message|data|body|json)=([^&]*)", re.IGNORECASE)
_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_NESTED = 3
"""How often a JSON string may hold JSON again: senders do it once, gateways once more."""
_OPENING = b'{["'


def decode(raw: bytes) -> object:
    """The JSON value ``raw`` holds; numbers are finite, integers that no tool writes come back as text.

    Raises:
        Refused: nested deeper than MAX_DEPTH or more than MAX_KEYS keys.
        Unreadable: no JSON value, NaN or Infinity.
    """
    return _decode(raw, _NESTED)


def _decode(raw: bytes, nested: int) -> object:
    check_limits(raw)
    try:
        value: object = msgspec.json.decode(raw)
    except ValueError:  # every fault of msgspec and of UTF-8
        value = _decode_odd(raw, nested)
    if isinstance(value, str):
        return _unwrapped(value, nested)
    return value


def check_limits(raw: bytes) -> None:
    """Refuse a bomb before any parser recurses into it; linear, and two counts for a usual body.

    Raises:
        Refused: see ``decode``.
    """
    containers = raw.count(b"{") + raw.count(b"[")
    if containers <= MAX_DEPTH and raw.count(b":") <= MAX_KEYS:
        return
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
    text = as_text(raw).strip("\x00\ufeff \t\r\n")
    if not text:
        raise Unreadable("an empty body")
    recoded = text.encode("utf-8", "surrogatepass")
    if len(recoded) != len(raw):
        check_limits(recoded)  # UTF-16 hides its brackets from a scan of bytes
    try:
        value: object = json.loads(
            text, strict=False, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_integer
        )
    except RecursionError as error:  # not reachable within MAX_DEPTH; a bomb all the same
        raise Refused(Reason.TOO_COMPLEX, f"nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:
        if text[0] not in '{["':
            return _form(raw, nested)
        raise Unreadable("not JSON") from error
    return value


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


def _form(raw: bytes, nested: int) -> object:
    """The JSON of a form's ``payload`` field, or ``{"message": text}``; for anything else there is no reading."""
    match = _FORM.search(raw)
    if match is None:
        raise Unreadable("not JSON")
    field = _ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode()), match[2].replace(b"+", b" "))
    if nested and field.lstrip()[:1] in (b"{", b"["):
        return _decode(field, nested - 1)
    return {"message": as_text(field)}


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
