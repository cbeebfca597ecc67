"""Decodes bodies of user templates: where a value broke the JSON, the fields are read one by one.

A template pastes a message between quotes as it is; a quote, a backslash or a line end in it is enough. The alert
would be lost in "cannot be read" although all of it is there. What was read this way says so in REPAIRED.
Our templates put what decides (state, id, severity) behind the free text: of two equal names the last counts, here as
in JSON, so a message cannot write over them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from tandem_ingest.decode import as_text, decode
from tandem_ingest.unreadable import Unreadable

REPAIRED = "tandem_repaired"
_FIELD = re.compile(r'[{,]\s{0,64}"([A-Za-z@][\w .@-]{0,59})"\s{0,64}:')
_FIELDS = 200


def decode_template(body: bytes, headers: Mapping[str, str]) -> object:  # noqa: ARG001 - what a body claims decides nothing
    """The JSON value of ``body``; of broken JSON its fields, of other text ``{"message": text}``.

    Raises:
        Unreadable: none of these.
        Refused: a bomb, see ``decode``.
    """
    try:
        value = decode(body)
    except Unreadable as fault:
        return _mended(as_text(body), fault)
    return _mended(value, Unreadable("not JSON")) if isinstance(value, str) else value


def _mended(text: str, fault: Unreadable) -> dict[str, object]:
    text = text.strip()
    if text.startswith("{"):
        found = fields(text)
        if found:
            return {**found, REPAIRED: "broken JSON, read field by field"}
    elif text[:1] not in {"[", '"'} and _is_text(text):
        return {"message": text, REPAIRED: "plain text"}
    raise fault


def _is_text(text: str) -> bool:
    return any(map(str.isalnum, text)) and text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable()


def fields(text: str) -> dict[str, object]:
    """What stands behind each name of a flat object that is no JSON any more, up to the next name or the end."""
    places = [match for _, match in zip(range(_FIELDS), _FIELD.finditer(text), strict=False)]
    ends = [*(match.start() for match in places[1:]), len(text)]
    return {match[1]: _value(text[match.end() : end]) for match, end in zip(places, ends, strict=False)}


def _value(text: str) -> object:
    """JSON where it is, also with its end cut off; else the text between its quotes, every backslash as it stands."""
    text = text.strip()
    for attempt in (text, text.rstrip("}, \r\n\t"), f'{text}"'):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return text.rstrip("}, \r\n\t").removeprefix('"').removesuffix('"')
