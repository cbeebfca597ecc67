"""Decoding for dialects in which plain text is a message too: JSON where there is some, else the text itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tandem_ingest.decode import as_text, decode
from tandem_ingest.unreadable import Unreadable

_MARKED = re.compile(r"\[[A-Za-z0-9 ._:/#-]{1,40}\]\s*[^\s,\]]")
"""``[P2] fileserver``: text, although it begins like a list."""
_FIELD = re.compile(r"(?:payload|message|data|body|json)=", re.IGNORECASE)


def json_or_text(body: bytes, headers: Mapping[str, str]) -> object:  # noqa: ARG001 - the decoders' one signature
    """The JSON value of ``body``, or its text.

    Raises:
        Refused: a bomb, see ``decode``.
        Unreadable: empty, or JSON that was begun and is none: half an object is no text.
    """
    said = as_text(body).strip("\x00\ufeff \t\r\n")
    if not said or said[0] in "{[":
        return said if _MARKED.match(said) else decode(body)
    try:
        found = decode(body)
    except Unreadable:
        return said
    if not isinstance(found, dict | list | str):
        return said  # a number or null is a word here
    # A form's message is its text; the same letters inside a sentence are not a form.
    is_field = isinstance(found, dict) and found.keys() == {"message"}
    return found if not is_field or _FIELD.match(said) else said
