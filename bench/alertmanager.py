"""The peer: Debian's prometheus-alertmanager, in memory, no signature check; one process."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

from bench import proc
from bench.http import answers, wait_until
from bench.load import Target
from bench.payload import alertmanager_post, rule_hosts
from bench.probe import DISK

PROGRAM = "prometheus-alertmanager"
MISSING = f"{PROGRAM} is not installed (Debian: apt install {PROGRAM}); rows have no ratio to it"
# Each alert a group of its own, told at once; nothing is told twice while we look.
_PAGED = """\
route: {{receiver: sink, group_by: ['...'], group_wait: 0s, group_interval: 1h, repeat_interval: 24h{routes}}}
receivers:
  - name: sink
    webhook_configs: [{{url: "{url}/alertmanager", send_resolved: false}}]
"""
_INTAKE = """\
route: {{receiver: nobody, group_by: ['...'], group_wait: 1h, group_interval: 1h, repeat_interval: 24h}}
receivers:
  - name: nobody  # {url}{routes}
"""


def installed() -> bool:
    """Whether there is one to compare with."""
    return shutil.which(PROGRAM) is not None


def version() -> str:
    """Of the peer, one line."""
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False, timeout=10)
    return (said.stdout or said.stderr).partition("\n")[0]


@dataclass(slots=True)
class Alertmanager:
    """One process; ``paged`` false is intake alone: alerts are kept and nobody is told."""

    sink_url: str
    paged: bool = True
    routes: int = 0
    """Routes by instance, ``rule_hosts``; the last of them takes the alerts."""
    home: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="am-bench-", dir=DISK)))
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    name: str = "alertmanager"

    async def start(self) -> None:
        """Start and wait until it is ready."""
        config = self.home / "config.yml"
        shape = _PAGED if self.paged else _INTAKE
        config.write_text(shape.format(url=self.sink_url, routes=_routes(self.routes)), encoding="utf-8")
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        command = [
            PROGRAM,
            f"--config.file={config}",
            f"--storage.path={self.home / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220
        if not await wait_until(lambda: answers(self.port, "/-/ready"), 20):
            raise RuntimeError("alertmanager did not become ready")

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self.process is None:
            raise RuntimeError("not started")
        return self.process.pid

    def cpu_s(self) -> dict[str, float]:
        """So far; it is one process."""
        return proc.cpu_s(self.pid)

    def target(self) -> Target:
        """Where and what the load driver posts."""
        return Target(self.port, alertmanager_post)

    def stop(self) -> None:
        """End it and remove its data."""
        if self.process is not None:
            proc.kill_tree(self.process.pid)
            self.process.wait()
        rmtree(self.home, ignore_errors=True)


def _routes(count: int) -> str:
    if not count:
        return ""
    signs = [(text, "=~" if by_regex else "=") for text, by_regex in rule_hosts(count)]
    routes = (f"{{receiver: sink, matchers: ['instance{sign}\"{text}\"']}}" for text, sign in signs)
    return f", routes: [{', '.join(routes)}]"
