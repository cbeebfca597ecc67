"""Parts of lists: limits, cursors with the filter frozen inside, the Link header."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from tandem.web.text import Text
from tandem_console.cursor import LONGEST, Cursor, read, write

DEFAULT = 50
MOST = 200

Limit = Annotated[int, Query(ge=1, le=MOST, description="Items in this part.")]
At = Annotated[Text | None, Query(max_length=LONGEST, description="Opaque; from the Link header of the part before.")]


def start(cursor: str | None, key: bytes, filters: dict[str, Any]) -> tuple[Cursor | None, dict[str, Any]]:
    """Where a part starts, and the filters that count: a cursor keeps those of the first part."""
    if cursor is None:
        return None, filters
    after = read(cursor, key)
    return after, after.filters


def link_next(
    request: Request, response: Response, key: bytes, last: tuple[datetime, UUID], filters: dict[str, Any], limit: int
) -> None:
    """Say where the next part is."""
    cursor = write(Cursor(*last, filters), key)
    query = urlencode({"limit": limit, "cursor": cursor})
    response.headers["link"] = f'<{request.url.path}?{query}>; rel="next"'
