"""Outgoing HTTP: one port, two clients behind one guard. The only module that imports httpx.

``AiohttpClient`` costs a fraction of httpx's CPU per POST, so pages go through it; ``HttpxClient`` is for providers'
APIs. Both keep connections, resolve a name once, check every address (tandem/egress.py), connect to a checked one under
the name's certificate, follow no redirect, read no proxy settings, and fail only as DeliveryFailed. Retrying is not
decided here: it is a row.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Protocol

import aiohttp
import httpcore
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from tandem.delivery import HttpAnswer, judge
from tandem.errors import DeliveryFailed, DeliveryReason
from tandem.guard import Guard, blocked
from tandem.redaction import clean

BODY_BYTES = 64 * 1024
"""Of an answer; the rest is not read."""
CONNECTIONS = 200
PER_HOST = 20
NAMES_KEPT_S = 30
"""How long checked addresses of a name serve new connections."""


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


# --- aiohttp: pages ------------------------------------------------------------------------------------------------


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
            raise _timed_out(timeout_s) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise DeliveryFailed(DeliveryReason.DNS, _brief(error), retry=True) from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise _tls_failed(error) from error
        except (aiohttp.InvalidURL, ValueError) as error:
            raise _not_sendable(error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _not_connected(error) from error

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        target = _target(url)
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


# --- httpx: providers' APIs ------------------------------------------------------------------------------------------


class HttpxClient:
    """The client for providers' APIs."""

    def __init__(self, guard: Guard, *, tls: ssl.SSLContext | None = None) -> None:
        """``tls`` trusts more than the system does (tests, a private CA)."""
        context = tls or ssl.create_default_context()
        self._guard = guard
        self._client = httpx.AsyncClient(
            mounts={
                "https://": _CheckedTransport(guard, context, plain=False),
                "http://": _CheckedTransport(guard, context, plain=True),
            },
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # one client serves many customers
            timeout=None,  # noqa: S113 - ours bounds everything
        )

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> HttpAnswer:
        """See HttpClient."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._post(url, headers, body)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise _timed_out(timeout_s) from error
        except httpx.ConnectError as error:
            raise (_tls_failed(error) if _is_tls(error) else _not_connected(error)) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, ValueError) as error:
            raise _not_sendable(error) from error
        except (httpx.HTTPError, OSError) as error:
            raise _not_connected(error) from error

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        target = _target(url)
        self._guard.literal(target.raw_host or "", target.port or 0, plain=target.scheme == "http")
        sent = {"accept-encoding": "identity", **headers}
        async with self._client.stream("POST", str(target), headers=sent, content=body) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            text = bytearray()
            async for chunk in response.aiter_raw():
                text += chunk[: BODY_BYTES - len(text)]
                if len(text) >= BODY_BYTES:
                    break
        return judge(HttpAnswer(response.status_code, found, bytes(text)))

    async def close(self) -> None:
        """See HttpClient."""
        await self._client.aclose()


class _CheckedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool that asks the guard at every connect.

    httpx lets nobody give it a network backend, so its pool is replaced; ``tests/integration/http`` would notice if a
    release stopped using it. URL, Host and certificate check keep the name.
    """

    def __init__(self, guard: Guard, tls: ssl.SSLContext, *, plain: bool) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=CONNECTIONS,
            max_keepalive_connections=PER_HOST,
            keepalive_expiry=15.0,
            network_backend=_CheckedBackend(guard, plain=plain),
        )


class _CheckedBackend(httpcore.AnyIOBackend):
    """Connects to checked addresses, one after the other until one takes the connection."""

    def __init__(self, guard: Guard, *, plain: bool) -> None:
        super().__init__()
        self._guard = guard
        self._plain = plain

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.AsyncNetworkStream:
        del socket_options
        failed: httpcore.ConnectError | None = None
        for address in await self._guard.addresses(host, port, plain=self._plain):
            try:
                return _Connected(await super().connect_tcp(address, port, timeout, local_address))
            except httpcore.ConnectError as error:
                failed = error
        raise failed or httpcore.ConnectError("no address")


class _Connected(httpcore.AsyncNetworkStream):
    """A TCP stream that is closed when a deadline ends its TLS handshake; httpcore closes it on errors only."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except asyncio.CancelledError:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


# --- what an error means --------------------------------------------------------------------------------


def _target(url: str) -> URL:
    """The parsed URL, path and query as given; raises DeliveryFailed for what is never sent."""
    if any(ord(char) <= 0x20 or ord(char) == 0x7F for char in url):
        raise blocked("a URL has no spaces and no control characters")
    try:
        target = URL(url, encoded=url.isascii())  # quoting anew would break signed URLs
    except ValueError as error:
        raise _not_sendable(error) from error
    if target.scheme not in {"http", "https"} or not target.raw_host:
        raise blocked("only http and https URLs with a host")
    if target.user is not None or target.password is not None:
        raise blocked("credentials belong in a header, not in a URL")
    return target


def _timed_out(timeout_s: float) -> DeliveryFailed:
    return DeliveryFailed(DeliveryReason.TIMEOUT, f"no answer within {timeout_s:g} s", retry=True)


def _tls_failed(error: Exception) -> DeliveryFailed:
    """A certificate does not get better by asking again; a broken handshake may."""
    return DeliveryFailed(DeliveryReason.TLS, _brief(error), retry="CERTIFICATE_VERIFY_FAILED" not in str(error))


def _not_connected(error: Exception) -> DeliveryFailed:
    return DeliveryFailed(DeliveryReason.CONNECT, _brief(error), retry=True)


def _not_sendable(error: Exception) -> DeliveryFailed:
    return DeliveryFailed(DeliveryReason.REJECTED, _brief(error), retry=False)


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _brief(error: Exception) -> str:
    return str(clean(f"{type(error).__name__}: {error}"))[:300]
