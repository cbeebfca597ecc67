"""Requests as they arrive, for every lane: headers by name, and bodies of which not too many may be on their way."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import Message, Receive, Scope

from tandem.errors import Unavailable
from tandem.web.body import DEADLINE_S, LIMIT, read_body, whole_body


class Arriving:
    """Reads the bodies of one lane; slow senders may not fill the memory together."""

    def __init__(self, most_bytes: int, *, deadline_s: float = DEADLINE_S) -> None:
        """``most_bytes`` of all bodies that are not complete yet; ``deadline_s`` for one of them."""
        self._most_bytes = most_bytes
        self._deadline_s = deadline_s
        self._bytes = 0

    async def body(self, scope: Scope, receive: Receive, *, limit: int = LIMIT) -> bytes:
        """The whole body as it was sent.

        Raises:
            Refused: TOO_LARGE, TOO_SLOW, or INVALID when the sender hung up.
            Unavailable: too many bodies are on their way at once.
        """
        whole = whole_body(scope, limit=limit)
        if whole is not None:
            self._check(len(whole))
            return whole
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            size = len(message.get("body", b""))
            self._check(size)
            arrived += size
            self._bytes += size
            return message

        try:
            return await read_body(counted, limit=limit, deadline_s=self._deadline_s)
        finally:
            self._bytes -= arrived

    def _check(self, more: int) -> None:
        if self._bytes + more > self._most_bytes:
            raise Unavailable("intake", "too many bodies are arriving")


def headers_of(pairs: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; one that comes twice is joined, so that a secret sent twice is a wrong one."""
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    return found if len(found) == len(pairs) else _joined(pairs)


def _joined(pairs: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {name: ", ".join(values) for name, values in found.items()}
