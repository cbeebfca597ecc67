"""Form fields, urlencoded or multipart, as text by name. What the text is, JSON perhaps, others decide."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tandem.errors import Reason, Refused

MAX_FIELDS = 5_000
Fields = dict[str, list[bytes]]
"""The values of each name, in their order."""
_NAME = re.compile(r"([\w.\-\[\]%+]{1,200})=(.*)", re.DOTALL)
_BLANK = re.compile(r"\s")
USUAL = frozenset({"payload", "data", "json", "body", "message", "msg", "text", "title", "summary"})
"""Names that make a form of a line which nobody encoded: ``curl -d "message=disk full"``."""
_BOUNDARY = re.compile(rb"--([!-~]{1,70})\r?\n")


def urlencoded(text: str) -> Fields | None:
    """The fields of ``name=value&name=value``; None when ``text`` is something else. A stray ``&`` is part of a value.

    Raises:
        Refused: more than MAX_FIELDS fields.
    """
    first = _NAME.match(text)
    if first is None or (_BLANK.search(text) and first[1].casefold() not in USUAL):
        return None
    if text.count("&") > MAX_FIELDS:
        raise Refused(Reason.TOO_COMPLEX, f"more than {MAX_FIELDS} form fields")
    pairs: list[tuple[str, str]] = []
    for part in text.split("&"):
        match = _NAME.match(part)
        if match is not None:
            pairs.append((match[1], match[2]))
        elif part:
            name, value = pairs.pop()
            pairs.append((name, f"{value}&{part}"))
    fields: Fields = {}
    for name, value in pairs:
        fields.setdefault(_unquoted(name).decode("utf-8", "replace"), []).append(_unquoted(value))
    return fields


def _unquoted(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " ").encode("utf-8", "surrogatepass"))


def multipart(raw: bytes) -> Fields | None:
    """The parts of a multipart body by their names; the boundary is its own first line. None when it is none.

    Raises:
        Refused: more than MAX_FIELDS parts.
    """
    opening = _BOUNDARY.match(raw)
    if opening is None:
        return None
    if raw.count(opening[0].rstrip()) > MAX_FIELDS:
        raise Refused(Reason.TOO_COMPLEX, f"more than {MAX_FIELDS} form fields")
    gathering = _Parts()
    parser = MultipartParser(opening[1], gathering.callbacks())  # type: ignore[arg-type]
    try:
        parser.write(raw)
    except FormParserError:
        return None
    return gathering.fields or None


class _Parts:
    """What the parser calls back."""

    def __init__(self) -> None:
        self.fields: Fields = {}
        self._begin()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._part_data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._name, self._field, self._value, self._data = "", b"", b"", bytearray()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._name = parse_options_header(self._value)[1].get(b"name", b"").decode("utf-8", "replace")
        self._field, self._value = b"", b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _end(self) -> None:
        if self._name:
            self.fields.setdefault(self._name, []).append(bytes(self._data))
