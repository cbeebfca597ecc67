"""Idempotency-Key: a POST that comes again gets the first one's answer instead of being done twice.

Scope is principal, route and key; kept 24 hours; another body under the same key is refused. The key is optional. A
request whose process died before its answer keeps the key for a lease; then the same request may be made again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256

from fastapi import HTTPException, Request, Response

from tandem.clock import Clock
from tandem.errors import Reason, Refused, TandemError
from tandem_console.access import Principal
from tandem_console.store.records import RecordStore, Remembered, Slot

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)
"""Of a request without an answer: many times what one may take, so that none runs beside its own repetition."""
LONGEST_KEY = 255
_KEPT_HEADERS = ("etag", "location", "content-type")


class Remember:
    """Runs a request once per key."""

    def __init__(self, records: RecordStore, clock: Clock) -> None:
        """``records`` keeps the answers."""
        self._records = records
        self._clock = clock

    async def once(
        self, request: Request, principal: Principal, produce: Callable[[], Awaitable[Response]]
    ) -> Response:
        """The answer of ``produce``, or the one remembered for this key.

        Raises:
            Refused: INVALID key, CONFLICT while the first request with it still runs.
            HTTPException: 422 when the key came with another body.
        """
        key = key_of(request)
        if key is None:
            return await produce()
        slot = Slot(principal.identity, f"{request.method} {request.url.path}", key)
        fingerprint = sha256(await request.body()).digest()
        remembered = await self._records.claim(slot, fingerprint, self._clock.now(), LEASE)
        if remembered is not None:
            return replay(remembered, fingerprint)
        try:
            response = await produce()
        except TandemError:
            # Refused or not taken: nothing was done, so the same key may try again.
            await self._records.release(slot)
            raise
        headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
        await self._records.answered(slot, response.status_code, headers, bytes(response.body))
        return response


def key_of(request: Request) -> str | None:
    """The request's key, with or without the quotes of a structured field; None when there is none."""
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    key = given.strip().removeprefix('"').removesuffix('"')
    if not 0 < len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise Refused(Reason.INVALID, f"Idempotency-Key: 1 to {LONGEST_KEY} printable ASCII characters")
    return key


def replay(remembered: Remembered, fingerprint: bytes) -> Response:
    """The first request's answer, marked as such."""
    if remembered.fingerprint != fingerprint:
        raise HTTPException(422, "this Idempotency-Key was used with another body")
    if remembered.status is None:
        raise Refused(Reason.CONFLICT, "the first request with this Idempotency-Key still runs")
    headers = {**remembered.headers, "idempotent-replayed": "true"}
    return Response(remembered.body, remembered.status, headers)
