"""The one text type of people-facing models: what PostgreSQL and UTF-8 can hold, and no longer than anybody reads.

Alerts are cleaned instead of refused (ingest does that): a tool cannot correct itself, a person can.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

LONGEST = 4_000
"""Characters."""

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
"""For every request model: NaN and infinities are no numbers, unknown fields are typing errors."""


def _storable(text: str) -> str:
    """``text`` itself; ValueError when it holds NUL or a lone surrogate."""
    if "\x00" in text:
        raise ValueError("text holds a NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("text holds half of a surrogate pair") from None
    return text


Text = Annotated[str, AfterValidator(_storable), Field(max_length=LONGEST)]
"""Free text of a person; narrow it by ``Annotated[Text, Field(max_length=300)]``."""

Line = Annotated[str, AfterValidator(_storable), Field(min_length=1, max_length=300, pattern=r"^[^\r\n]*$")]
"""A title or a name: one line, never empty."""

Slug = Annotated[Line, Field(max_length=64)]
"""An id: of a client, a function."""
