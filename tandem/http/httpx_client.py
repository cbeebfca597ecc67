"""The client of providers' APIs, on httpx. The only module that imports httpx."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from tandem.delivery import HttpAnswer, judge
from tandem.guard import Guard
from tandem.http.failures import not_connected, not_sendable, target_of, timed_out, tls_failed
from tandem.http.port import BODY_BYTES, CONNECTIONS, PER_HOST


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
            raise timed_out(timeout_s) from error
        except httpx.ConnectError as error:
            raise (tls_failed(error) if _is_tls(error) else not_connected(error)) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, ValueError) as error:
            raise not_sendable(error) from error
        except (httpx.HTTPError, OSError) as error:
            raise not_connected(error) from error

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        target = target_of(url)
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


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
