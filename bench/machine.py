"""What was measured on: processors, memory, disk, system, versions, and whether somebody else was working there."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from bench import alertmanager
from bench.probe import DISK
from tandem.clock import SystemClock


def facts() -> dict[str, object]:
    """For the first line of a run; names no host."""
    return {
        "at": SystemClock().now().isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "processor": _field("/proc/cpuinfo", "model name"),
        "memory_mib": int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) // 1024,
        "system": f"{platform.system()} {platform.release()}",
        "disk": _filesystem(),
        "python": platform.python_version(),
        "alertmanager": alertmanager.version() if alertmanager.installed() else None,
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def _field(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _filesystem() -> str:
    command = ["stat", "-f", "-c", "%T", str(DISK)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5)
    return said.stdout.strip()
