"""The client of pages, on aiohttp. It costs a fraction of httpx's CPU per POST."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from tandem.delivery import HttpAnswer, judge
from tandem.guard import Guard
from tandem.http.failures import not_connected, not_resolved, not_sendable, target_of, timed_out, tls_failed
from tandem.http.port import BODY_BYTES, CONNECTIONS, PER_HOST

NAMES_KEPT_S = 30
"""How long checked addresses of a name serve new connections."""


class AiohttpClient:
    """The client of the hot path. Sessions are made on first use, in the running loop."""

    def __init__(self, guard: Guard, *, tls: ssl.SSLContext | None = None) -> None:
        """``tls`` trusts more than the system does (tests, a private CA)."""
        self._guard = guard
        self._tls = tls or ssl.create_default_context()
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> HttpAnswer:
        """See HttpClient."""
        return await self._asked("POST", url, headers, body, timeout_s)

    async def get(self, url: str, *, timeout_s: float) -> HttpAnswer:
        """GET, by the same rules as ``post``."""
        return await self._asked("GET", url, {}, None, timeout_s)

    async def _asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> HttpAnswer:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._send(method, url, headers, body)
        except TimeoutError as error:
            raise timed_out(timeout_s) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise not_resolved(error) from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise tls_failed(error) from error
        except (aiohttp.InvalidURL, ValueError) as error:
            raise not_sendable(error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise not_connected(error) from error

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        target = target_of(url)
        plain = target.scheme == "http"
        # aiohttp asks no resolver about literals.
        self._guard.literal(target.raw_host or "", target.port or 0, plain=plain)
        session = self._session(plain=plain)
        sent = session.request(method, target, headers=dict(headers), data=body, allow_redirects=False)
        async with sent as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            text = await _read(response)
            if len(text) > BODY_BYTES:
                response.close()  # the rest is never read, so the connection cannot be used again
        return judge(HttpAnswer(response.status, found, text[:BODY_BYTES]))

    def _session(self, *, plain: bool) -> aiohttp.ClientSession:
        """One session with TLS, one without: their resolvers judge differently."""
        if plain not in self._sessions:
            connector = aiohttp.TCPConnector(
                resolver=_CheckedResolver(self._guard, plain=plain),
                limit=CONNECTIONS,
                limit_per_host=PER_HOST,
                ttl_dns_cache=NAMES_KEPT_S,
                ssl=self._tls,
            )
            self._sessions[plain] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # ours bounds everything
                auto_decompress=False,  # an answer of 64 KiB stays 64 KiB
                trust_env=False,
                headers={"accept-encoding": "identity"},
            )
        return self._sessions[plain]

    async def close(self) -> None:
        """See HttpClient."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """At most one byte more than we keep."""
    text = bytearray()
    while len(text) <= BODY_BYTES:
        chunk = await response.content.read(BODY_BYTES + 1 - len(text))
        if not chunk:
            break
        text += chunk
    return bytes(text)


class _CheckedResolver(AbstractResolver):
    """Gives aiohttp checked addresses only, as literals: it connects to them and resolves nothing again."""

    def __init__(self, guard: Guard, *, plain: bool) -> None:
        self._guard = guard
        self._plain = plain

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._guard.addresses(host, port, plain=self._plain)
        return [_resolved(host, address, port) for address in found if family in {socket.AF_UNSPEC, _family(address)}]

    async def close(self) -> None:
        """Nothing is held."""


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _resolved(host: str, address: str, port: int) -> ResolveResult:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=_family(address), proto=0, flags=flags)
