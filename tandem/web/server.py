"""The listener: uvicorn inside our lifecycle. Takes no signals, installs no logging, makes no loop, never exits.

The socket is bound first, so that a taken port is known before anything else starts and port 0 has its number.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator

import structlog
import uvicorn
from starlette.types import ASGIApp

from tandem.clock import wait_event
from tandem.errors import StartFailed
from tandem.web.protocol import BoundedProtocol, Limits, bounded

BACKLOG = 1024

_log = structlog.stdlib.get_logger(__name__)


class PortTaken(StartFailed):
    """Another program listens there; ``host`` and ``port`` are what was asked for."""

    def __init__(self, host: str, port: int) -> None:
        """Say what to do, in one line."""
        self.host = host
        self.port = port
        super().__init__(f"{host}:{port} is taken: stop the other program or choose another with --listen {host}:PORT")


def bind(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one.

    Raises:
        PortTaken: somebody listens there.
        StartFailed: this address cannot be bound at all (not ours, a privileged port, not a name).
    """
    if not 0 <= port <= 0xFFFF:
        raise StartFailed(f"cannot listen on {host}:{port}: a port is 0 to 65535")  # getaddrinfo takes it modulo 65536
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, OverflowError, UnicodeError) as error:
        raise StartFailed(f"cannot listen on {host}:{port}: {error}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)  # two binders both succeed until one listens
        bound.setblocking(False)  # noqa: FBT003 - the standard library's signature
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port) from error
        raise StartFailed(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return bound


class WebServer:
    """One listener for one ASGI application. ``start`` and ``stop`` once each, on one event loop."""

    def __init__(
        self, app: ASGIApp, *, listening: socket.socket, stopping: asyncio.Event, limits: Limits | None = None
    ) -> None:
        """Take ownership of ``listening`` (see ``bind``).

        ``stopping`` is set by ``stop`` before anything is closed; endless answers (SSE) must end on it.
        """
        limits = limits or Limits()
        self.stopping = stopping
        self._listening = listening
        self._task: asyncio.Task[None] | None = None
        self._server = _Server(
            uvicorn.Config(
                app,
                loop="none",
                http=bounded(limits),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
            )
        )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it is bound to."""
        host, port = self._address
        return host, port

    async def start(self, within_s: float = 10.0) -> None:
        """Return when requests are answered; raises StartFailed when that takes longer than ``within_s``."""
        name = self._listening.getsockname()
        self._address = (str(name[0]), int(name[1]))
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listening]), name="web server")
        ready = await wait_event(self._server.ready, within_s)
        if not ready:
            await self.stop(0.0)
            raise StartFailed(f"the web server did not start within {within_s:g} s")

    async def wait(self) -> None:
        """Return when the listener has ended, by ``stop`` or by a fault, which it raises."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def stop(self, deadline_s: float) -> None:
        """Refuse new connections, let answers under way end, and cut what is left after ``deadline_s``."""
        self.stopping.set()
        self._server.should_exit = True
        if self._task is None:
            self._listening.close()
            return
        _, unfinished = await asyncio.wait([self._task], timeout=deadline_s)
        if unfinished:
            await self._cut()
        self._listening.close()

    async def _cut(self) -> None:
        state = self._server.server_state
        _log.warning("connections cut at shutdown", connections=len(state.connections), requests=len(state.tasks))
        for request in list(state.tasks):
            request.cancel()
        for connection in list(state.connections):
            if isinstance(connection, BoundedProtocol):
                connection.transport.abort()
        self._server.force_exit = True
        if self._task is not None:
            _, stuck = await asyncio.wait([self._task], timeout=1.0)
            for task in stuck:
                task.cancel()


class _Server(uvicorn.Server):
    """uvicorn without hands on signals, telling when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()
