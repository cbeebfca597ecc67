"""Bodies that are plain text: what a template without JSON in it renders."""

from __future__ import annotations

from tandem_ingest.unreadable import Unreadable


def message(body: str) -> str:
    """The text itself.

    Raises:
        Unreadable: it is empty, or begins like JSON: then it is JSON that broke off, and no message for people.
    """
    text = body.strip()
    if not text or text[0] in "{[":
        raise Unreadable("an empty text, or JSON that broke off")
    return text
