"""One process, from its settings to its end: opens the ground, builds its targets, serves, stops by a deadline."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import structlog

from tandem.app.ground import BusUse, Ground, OnBus, open_ground
from tandem.app.lifecycle import Lifecycle
from tandem.app.pipeline import composes, start_stages
from tandem.app.settings import Settings
from tandem.app.targets import ALL, BUSLESS, TARGETS, Parts, build_of
from tandem.bus.kafka import KafkaBus
from tandem.db.roles import role_of
from tandem.errors import StartFailed
from tandem.metrics import Metrics
from tandem.policy.follow import apply_directory, keep_applying
from tandem.web.application import build_app
from tandem.web.door import Door
from tandem.web.server import WebServer, bind

_CUT_S = 0.5
"""What answers under way get when the start has failed; else the listener has long been closed by then."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""A full disk, a used up quota, a read-only file system: for a person to put right."""

log = structlog.get_logger("tandem.app")

Extend = Callable[[Ground, Parts], Awaitable[None]]
"""Adds to a process before it serves: the demo's inbox and feed."""


class Process:
    """A running process; ``run`` returns its exit code."""

    def __init__(self, settings: Settings, targets: Sequence[str], *, extend: Extend | None = None) -> None:
        """``targets`` are names of the table, already checked by ``expand``."""
        self._settings = settings
        self._targets = list(targets)
        self._extend = extend
        self.lifecycle = Lifecycle(shutdown_s=settings.shutdown_s, notice_s=settings.shutdown_notice_s)
        self.ground: Ground | None = None
        self.address = ""

    async def run(self) -> int:
        """Serve until ``lifecycle.stop``; 0 after a wish to stop, 1 after a failure.

        Raises:
            StartFailed: it never served.
        """
        try:
            return await self.lifecycle.live(self._start)
        except OSError as fault:
            if fault.errno not in _NO_ROOM:
                raise
            raise StartFailed(f"cannot write in {self._settings.data_dir}: {fault.strerror}") from fault

    async def _start(self) -> None:
        listening = bind(*self._settings.host_port)
        host, port = listening.getsockname()[:2]
        self.address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        metrics = Metrics(version=version("tandem"))
        parts, door = Parts(), Door(self.lifecycle.leaving)
        server = WebServer(door, listening=listening, stopping=parts.stopping)
        self.lifecycle.on_close("door", lambda: server.stop(_CUT_S))
        if self._settings.database_url is not None:
            await server.start()  # it may be long in coming; who asks meanwhile is told so
        ground = await open_ground(
            self._settings,
            self.lifecycle,
            metrics,
            address=self.address,
            on_bus=self._on_bus(),
            waiting=door.say,
        )
        self.ground = ground
        self._ready_file().unlink(missing_ok=True)  # a killed process left it, and names itself in it
        if self._settings.agreements is not None:
            await self._apply(ground, self._settings.agreements)
        for name in self._targets:
            await build_of(name)(ground, parts)
        if self._extend is not None:
            await self._extend(ground, parts)
        if parts.console is not None:
            parts.routers.extend(parts.console.routers())
        await start_stages(ground, parts)
        if self._bus_use() is not BusUse.INTAKE or ground.bus.name == "postgres":
            # On a broker ingest accepts without the database, and is red only when it must refuse.
            parts.checks["database"] = ground.database_answers
        if isinstance(ground.bus, KafkaBus) and "ingest" not in self._targets:
            parts.checks["kafka"] = ground.bus.answers
        parts.checks["tasks"] = self.lifecycle.running
        parts.checks["process"] = self.lifecycle.staying
        app = build_app(routers=parts.routers, lanes=parts.lanes, metrics=metrics, checks=parts.checks)
        door.open(app)
        if self._settings.database_url is None:
            await server.start()
        self.lifecycle.on_close("listener", lambda: server.stop(self._settings.shutdown_s / 3))
        for name, work in parts.tasks:
            self.lifecycle.supervise(name, work)
        _settle_memory()
        self._announce(ground)
        for tell in parts.when_ready:
            tell()

    def _on_bus(self) -> OnBus:
        whole = set(self._targets) == set(ALL)
        return OnBus(
            role="tandem_chain" if whole else role_of(self._targets[0]),
            use=self._bus_use(),
            split=not whole,
            share=not composes(self._targets),
        )

    def _bus_use(self) -> BusUse:
        if set(self._targets) <= BUSLESS:
            return BusUse.NONE
        return BusUse.INTAKE if set(self._targets) <= {"ingest", *BUSLESS} else BusUse.ALL

    async def _apply(self, ground: Ground, directory: Path) -> None:
        """Documents whose hash is new become the next version; a bad one stops the start with its messages."""
        await apply_directory(ground.policy, directory, now=ground.clock.now())
        await ground.book.refresh()
        self.lifecycle.supervise(
            "agreement files", lambda stopping: keep_applying(ground.policy, directory, ground.clock, stopping)
        )

    def _announce(self, ground: Ground) -> None:
        """The ready file."""
        file = self._ready_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        body: dict[str, object] = {"address": self.address, "pid": os.getpid(), "targets": self._targets}
        if ground.embedded is not None:
            # Tools of this machine's user reach the running database by them; it has no other door than its socket.
            body |= {"dsn": ground.dsn, "admin_dsn": ground.embedded.admin_dsn}
        part = file.with_suffix(".part")
        part.write_text(json.dumps(body), encoding="utf-8")
        part.replace(file)
        self.lifecycle.on_close("ready file", lambda: _remove(file))
        log.info("ready", address=self.address, targets="+".join(self._targets_name()))

    def _ready_file(self) -> Path:
        return self._settings.data_dir / f"{'+'.join(self._targets_name())}.ready.json"

    def _targets_name(self) -> list[str]:
        return ["all"] if set(self._targets) == set(ALL) else self._targets


def _settle_memory() -> None:
    """What lives as long as the process is looked at by no collection any more; young garbage less often.

    Modules, routes and compiled agreements are hundred thousand objects; hardly anything on the hot path is cyclic.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _remove(file: Path) -> None:
    await asyncio.to_thread(file.unlink, missing_ok=True)


def expand(names: str) -> list[str]:
    """``all`` or ``ingest,router`` -> names in the order of the pipeline.

    Raises:
        StartFailed: a name is not in the table.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    unknown = wanted - {*TARGETS, "all"}
    if unknown or not wanted:
        message = f"--target {names!r}: choose from all, {', '.join(ALL)}"
        raise StartFailed(message, exit_code=2)
    return list(ALL) if "all" in wanted else [name for name in ALL if name in wanted]
