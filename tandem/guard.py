"""From a host and a port to addresses that may be connected to: resolves once, then asks tandem/egress.py."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tandem.egress import Egress
from tandem.errors import DeliveryFailed, DeliveryReason
from tandem.redaction import clean

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(name, port) -> every address, as text. Raises OSError."""


class ThreadResolver:
    """The system's resolver in threads of its own: a hanging name server must not take the threads of others."""

    def __init__(self, threads: int = 8) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Addresses in the system's order."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True, slots=True)
class Guard:
    """Turns host and port into addresses that may be connected to."""

    egress: Egress
    resolve: Resolve = field(default_factory=ThreadResolver)

    async def addresses(self, host: str, port: int, *, plain: bool) -> Sequence[str]:
        """Checked addresses of ``host``; raises DeliveryFailed BLOCKED_TARGET or DNS."""
        host = host.lower()
        literal = self.literal(host, port, plain=plain)
        if literal is not None:
            return [literal]
        try:
            found = await self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise DeliveryFailed(DeliveryReason.DNS, f"{host[:100]}: {error}", retry=True) from error
        self._check(host, found, port, plain=plain)
        return found

    def literal(self, host: str, port: int, *, plain: bool) -> str | None:
        """The checked address that ``host`` writes out, None for a name."""
        try:
            address = self.egress.literal(host.lower())
        except ValueError as error:
            raise blocked(str(error)) from None
        if address is None:
            return None
        self._check(host, [str(address)], port, plain=plain)
        return str(address)

    def _check(self, host: str, addresses: Sequence[str], port: int, *, plain: bool) -> None:
        why = self.egress.verdict(host, addresses, port, plain=plain)
        if why is not None:
            raise blocked(why)


def blocked(why: str) -> DeliveryFailed:
    """The refusal of a target; no retry makes it reachable."""
    return DeliveryFailed(DeliveryReason.BLOCKED_TARGET, str(clean(why)), retry=False)
