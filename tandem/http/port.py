"""The port through which pages and providers' APIs are reached, and the limits that both clients keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tandem.delivery import HttpAnswer

BODY_BYTES = 64 * 1024
"""Of an answer; the rest is not read."""
CONNECTIONS = 200
PER_HOST = 20


class HttpClient(Protocol):
    """What sends a page or calls a provider."""

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> HttpAnswer:
        """POST ``body`` and return the answer if it is 2xx.

        ``timeout_s`` bounds everything, resolving and reading included.

        Raises:
            DeliveryFailed: everything else, with whether a retry may help and the provider's wish for when.
        """
        ...

    async def close(self) -> None:
        """Close kept connections."""
        ...
