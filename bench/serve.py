"""Tandem as a subprocess: fresh data on a real disk, fsync on, pages to the local sink, one signed way in."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

from bench import proc
from bench.http import answers, wait_until
from bench.load import Target
from bench.payload import generic_post
from bench.probe import DISK
from bench.tenant import INTEGRATION, ROOT, add_way_in, write_agreements

START_S = 90.0
SETTLES_S = 2.5
"""A new integration is known to the running service after two seconds."""


def _home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="tandem-bench-", dir=DISK))
    home.chmod(0o711)  # started by root, PostgreSQL runs as another account and must pass
    return home


@dataclass(slots=True)
class Tandem:
    """One data directory, and the process on it while it runs."""

    sink_url: str
    targets: str = "all"
    rules: int = 0
    """Classification rules before the client's own, ``rule_hosts``; the last of them takes the alerts."""
    home: Path = field(default_factory=_home)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    secret: bytes = b""
    name: str = "tandem"

    async def start(self) -> float:
        """Start and wait until ready; returns the seconds from the start of the process to a green /readyz."""
        agreements = write_agreements(self.home / "agreement", self.sink_url, rules=self.rules)
        self.port = self.port or _free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")},
            "TANDEM_DATA_DIR": str(self.home / "data"),
            "TANDEM_AGREEMENTS": str(agreements),
            "TANDEM_LISTEN": f"127.0.0.1:{self.port}",
            "TANDEM_ALLOW_PRIVATE_TARGETS": "127.0.0.0/8",
        }
        log = (self.home / "log").open("ab")
        began = time.monotonic()
        command = [str(Path(sys.executable).with_name("tandem")), "serve", "--target", self.targets]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)  # noqa: ASYNC220
        log.close()
        ready = await wait_until(lambda: answers(self.port, "/readyz"), START_S, alive=self._alive)
        if not ready:
            tail = (self.home / "log").read_text(encoding="utf-8", errors="replace")[-3000:]
            raise RuntimeError(f"tandem did not become ready:\n{tail}")
        return time.monotonic() - began

    async def open_way_in(self) -> None:
        """Make the signed integration, as ``tandem integrations add`` does."""
        key = base64.b64decode((self.home / "data" / "secret.key").read_text(encoding="ascii"))
        self.secret = await add_way_in(self.ready_file["dsn"], key)
        await wait_until(_never, SETTLES_S)

    @property
    def ready_file(self) -> dict[str, str]:
        """What the running process tells its machine's user."""
        name = self.targets.replace(",", "+")
        found: dict[str, str] = json.loads((self.home / "data" / f"{name}.ready.json").read_text(encoding="utf-8"))
        return found

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self.process is None:
            raise RuntimeError("not started")
        return self.process.pid

    def target(self) -> Target:
        """Where and what the load driver posts."""
        return Target(self.port, lambda number: generic_post(INTEGRATION, self.secret, number))

    def cpu_s(self) -> dict[str, float]:
        """So far: Python against PostgreSQL."""
        return proc.cpu_s(self.pid)

    def kill(self) -> None:
        """SIGKILL to everything."""
        proc.kill_tree(self.pid)
        if self.process is not None:
            self.process.wait()

    def stop(self) -> None:
        """Stop in order and remove the data."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        rmtree(self.home, ignore_errors=True)

    def _alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


async def _never() -> bool:
    return False


def _free_port() -> int:
    import socket  # noqa: PLC0415 - one use

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
