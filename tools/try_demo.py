"""Does what a stranger does: a fresh clone, ``make demo``, and a look whether an alert is in the console.

Runs with the machine's own Python and nothing installed; prints how long the first (cold) and the second (warm) start
took until an alert was in the console, and fails when one never came or a process was left behind.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WAIT_S = 180.0
STOP_S = 40.0


def main() -> int:
    """Try it cold and warm; 0 when both showed an alert."""
    with tempfile.TemporaryDirectory(prefix="tandem-demo-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when root tries the demo
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        for name in ("cold", "warm"):
            print(f"try demo: {name} start: an alert in the console after {_seconds(clone):.1f} s", flush=True)
    return 0


def _seconds(clone: Path) -> float:
    """Start, wait for an alert, stop with Ctrl-C, and see that nothing is left."""
    file = clone / ".tandem" / "demo" / "demo.json"
    began = time.monotonic()
    with (clone / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            ["make", "demo", "ARGS=--port 0"], cwd=clone, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for_alert(demo, file, clone)
        took = time.monotonic() - began
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGINT)
            demo.wait(STOP_S)
    left = [line for line in _command_lines() if str(clone) in line]
    if left:
        sys.exit(f"try demo: left running: {left}")
    return took


def _wait_for_alert(demo: subprocess.Popen[bytes], file: Path, clone: Path) -> None:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if demo.poll() is not None:
            break
        if file.exists() and _incidents(json.loads(file.read_text(encoding="utf-8"))):
            return
        time.sleep(0.05)
    sys.exit(f"try demo: no alert came; the log ends with:\n{(clone / 'demo.log').read_text()[-3000:]}")


def _incidents(facts: dict[str, Any]) -> list[Any]:
    url = f"{facts['api_url']}/api/v1/incidents?limit=1"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {facts['tokens']['admin']}"})  # noqa: S310
    with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310 - our own loopback address
        found: list[Any] = json.load(answer)["items"]
    return found


def _command_lines() -> list[str]:
    """Command lines of every process but this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
    return found


if __name__ == "__main__":
    sys.exit(main())
